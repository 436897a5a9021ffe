import { accountStays, madeAnew } from "../account-fates";
import { changedProperties } from "../compare";
import { type Difference, type ResourceHandler, unknown } from "../handler";
import { deployableAccount } from "./account";
import { check } from "./check";
import { judge } from "./condition";
import { deploy } from "./deploy";
import { isEmpty, type Plan, planFor, planLines, type ServerFacts } from "./plan";
import { removeFrom } from "./removal";
import { type AsaDeploymentInputs, type AsaDeploymentOutputs, schema } from "./schema";
import { survey } from "./survey";

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
  async diff(_id, olds, news, context): Promise<Difference> {
    const changed = new Set<string>(changedProperties<keyof Inputs>(olds, news, ["method", "mayBeAbsent"]));
    const { directory } = context.connection(news.connection);
    const accountMoves =
      news.account === unknown
        ? !accountStays(directory, olds.account)
        : olds.account.toLowerCase() !== news.account.toLowerCase() ||
          madeAnew(directory, olds.account, olds.accountGuid);
    if (accountMoves) changed.add("account");
    if (news.servers === unknown || news.servers.includes(unknown)) changed.add("servers");
    if (news.rotation === unknown || changedProperties<keyof Inputs>(olds, news, ["rotation"]).length > 0)
      changed.add("rotation");
    const wanted = news as Inputs;
    if (!changed.has("servers") && news.rotation !== unknown) {
      const plan = planFromState(olds, { ...wanted, account: accountMoves ? wanted.account : olds.account });
      if (!isEmpty(plan)) changed.add(plan.roll !== undefined && plan.copy.length === 0 ? "rotation" : "servers");
      if (olds.servers.join() !== wanted.servers.join()) changed.add("servers");
      if (news.account !== unknown) for (const line of planLines(wanted, plan)) context.progress(line);
    }
    return { changed: [...changed], replace: [] };
  },

  async create(inputs, context) {
    const written = await deploy(inputs, undefined, context);
    return { id: `${written.outputs.accountGuid}@${inputs.servers[0]}`, ...written };
  },

  async read(_id, olds, context) {
    const { directory, exchange } = context.connection(olds.connection);
    const account = await deployableAccount(directory, olds.account);
    const { found, failed } = await survey(exchange, olds.servers, context.signal);
    for (const [server, error] of failed) context.progress(`warning: ${server} is as it was: ${error.message}`);
    const deployed = olds.deployed.map((former) => {
      const one = found.get(former.server);
      return one === undefined ? former : judge(one, account, olds.account, olds).state;
    });
    const has = (server: string) =>
      deployed.some((one) => one.server === server && ["deployed", "absent"].includes(one.condition));
    if (!deployed.some(({ condition }) => condition !== "missing" && condition !== "other-account")) return undefined;
    const { accountGuid: _, passwordLastSet: __, deployed: ___, adopted: ____, ...inputs } = olds;
    const rolled = olds.passwordLastSet !== "" && deployed.every(({ condition }) => condition === "deployed");
    return {
      outputs: {
        ...olds,
        deployed,
        passwordLastSet: rolled ? (account.passwordLastSet ?? olds.passwordLastSet) : olds.passwordLastSet,
      },
      inputs: { ...inputs, servers: olds.servers.filter(has) },
    };
  },

  update: (_id, olds, news, context) => deploy(news, olds, context),

  async delete(_id, olds, context) {
    if (olds.adopted) {
      context.progress(`${olds.account} was on its servers before the stack, and stays`);
      return;
    }
    await removeFrom(
      olds,
      olds.deployed.map(({ server }) => server),
      context,
    );
    context.progress("Clients keep their tickets until they restart, or until `klist purge` is run on them");
  },
};

/** What `diff` can say: the servers as state has them, the password as old as state says. */
function planFromState(olds: Outputs, news: Inputs): Plan {
  const facts = news.servers.map((server): ServerFacts => {
    const state = olds.deployed.find((one) => one.server === server);
    return { server, condition: state?.condition ?? "missing", proven: state?.condition === "deployed" };
  });
  const rotation = {
    everRolled: olds.passwordLastSet !== "",
    rolledSince: false,
    passwordLastSet: olds.passwordLastSet,
    oldTrigger: olds.rotation?.trigger,
    oldAccount: olds.account,
  };
  return planFor(
    news,
    facts,
    rotation,
    olds.deployed.map(({ server }) => server),
    Date.now(),
  );
}
