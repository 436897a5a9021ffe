import { findQualified } from "../../directory/qualified-name";
import { accountMoves } from "../account-fates";
import { changedProperties } from "../compare";
import { type Context, type Difference, type Preview, type ResourceHandler, unknown } from "../handler";
import { check } from "./check";
import { notBefore, stateOf, unseen } from "./condition";
import { deploy } from "./deploy";
import { holds } from "./other-holders";
import { isEmpty, type Plan, planFor, planLines, rotationToKeep } from "./plan";
import { deploymentIdOf, deploymentIsOn, deploymentWasSeen, takenOverServers } from "./presence";
import { refuseWhileInUse, removeFrom } from "./removal";
import { type AsaDeploymentInputs, type AsaDeploymentOutputs, known, type ServerState, schema } from "./schema";
import { type Found, survey } from "./survey";

type Inputs = AsaDeploymentInputs;
type Outputs = AsaDeploymentOutputs;

/**
 * The credential of the alternate service account on every server (article, "Configure and then verify configuration of
 * the ASA credential"). Servers get a new password first and the directory gets it last, so that whatever breaks off in
 * between leaves every client working. Its id is the object GUID of the account and the first server.
 */
export const asaDeployment: ResourceHandler<Inputs, Outputs> = {
  schema,
  check,

  /** From state and clock alone; refresh brings in what has happened outside. */
  async diff(id, olds, news, context): Promise<Difference> {
    const changed = new Set<string>(changedProperties<keyof Inputs>(olds, news, ["servers", "method", "mayBeAbsent"]));
    const { directory, exchange } = context.connection(news.connection);
    const moves = accountMoves(directory, olds, news.account);
    if (moves) changed.add("account");
    const account = news.account === unknown && !moves ? olds.account : news.account;
    const wanted = known<Inputs>({ ...news, account });
    let { rotation }: { rotation?: Preview<Inputs["rotation"]> } = news;
    if (wanted !== undefined) {
      deploymentIsOn(exchange, id, { servers: wanted.servers, accountGuid: olds.accountGuid });
      const plan = planFromState(olds, wanted);
      rotation = rotationToKeep(wanted.rotation, olds.rotation, plan.held === undefined);
      if (!isEmpty(plan)) changed.add(plan.roll === undefined ? "servers" : "rotation");
      for (const line of planLines(wanted, plan)) context.progress(line);
    }
    if (changedProperties<"rotation">(olds, { rotation }, ["rotation"]).length > 0) changed.add("rotation");
    return { changed: [...changed], replace: [] };
  },

  async create(inputs, context) {
    const written = await deploy(inputs, undefined, context);
    const id = deploymentIdOf(written.outputs.accountGuid, inputs.servers[0] ?? "");
    remember(id, written.outputs, context);
    return { id, ...written };
  },

  async read(_id, olds, context) {
    const connection = context.connection(olds.connection);
    const account = await findQualified(connection.directory, olds.account);
    const same = account?.guid === olds.accountGuid ? notBefore(account, olds.passwordLastSet, context) : undefined;
    if (same === undefined) context.progress(`warning: ${olds.account} is not the account any more that was deployed`);
    const servers = olds.deployed.map(({ server }) => server);
    const { found, failed } = await survey(connection, servers, context.signal);
    for (const [server, error] of failed) context.progress(`warning: ${server} is as it was: ${error.message}`);
    const deployed = olds.deployed.map((former): ServerState => {
      const one = found.get(former.server);
      if (one === undefined) return former;
      if (same !== undefined) return stateOf(one, same, olds.account, former);
      return former.condition === "deployed" ? { ...former, condition: "stale" } : former;
    });
    // Beside another account's credential ours still opens tickets, and is still ours to take off.
    const mayHold = (one: Found | undefined) => one === undefined || holds(one.alternate, olds.account);
    const lost = ({ server, condition }: ServerState) =>
      condition === "missing" || (condition === "other-account" && !mayHold(found.get(server)));
    if (deployed.every(lost)) return undefined;
    const has = (server: string) =>
      deployed.some((one) => one.server === server && (one.condition === "deployed" || one.condition === "absent"));
    const passwordLastSet = same?.passwordLastSet ?? olds.passwordLastSet;
    const {
      accountGuid: _,
      passwordLastSet: __,
      deployed: ___,
      formerAccounts: ____,
      adopted: _____,
      ...inputs
    } = olds;
    return {
      outputs: { ...olds, deployed, passwordLastSet },
      // A server that lacks it shows as one that is not there, so that the preview shows it coming.
      inputs: { ...inputs, servers: olds.servers.filter(has) },
    };
  },

  async update(id, olds, news, context) {
    const written = await deploy(news, olds, context);
    remember(id, written.outputs, context);
    return written;
  },

  async delete(_id, olds, context) {
    if (olds.adopted) {
      context.progress(`${olds.account} was on its servers before the stack, and stays`);
      return;
    }
    const takenOver = takenOverServers(context.connection(olds.connection).exchange, olds);
    const left = olds.deployed.map(({ server }) => server).filter((server) => !takenOver.includes(server));
    if (takenOver.length > 0) {
      const names = takenOver.join(", ");
      context.progress(`${olds.account} stays on ${names}: another resource of the program deploys it there now`);
      if (left.length === 0) return;
    } else await refuseWhileInUse(olds, context);
    await removeFrom(olds, left, context);
    context.progress("Clients keep their tickets until they restart, or until `klist purge` is run on them");
  },
};

/** The names of the account come next, and ask whether a server has the credential. */
function remember(id: string, outputs: Outputs, context: Context): void {
  const { exchange } = context.connection(outputs.connection);
  if (outputs.deployed.some(({ condition }) => condition === "deployed")) deploymentWasSeen(exchange, id, outputs);
  else deploymentIsOn(exchange, id, outputs);
}

/** What `diff` can say: the servers as state has them, the password as old as state says. */
function planFromState(olds: Outputs, news: Inputs): Plan {
  const states = news.servers.map((server) => olds.deployed.find((one) => one.server === server) ?? unseen(server));
  const rotation = {
    passwordLastSet: olds.passwordLastSet,
    rolledSince: false,
    oldTrigger: olds.rotation?.trigger,
    oldAccount: olds.account,
  };
  const former = olds.deployed.map(({ server }) => server);
  return planFor(news, states, rotation, former, Date.now());
}
