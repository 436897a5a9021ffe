import type { Account } from "../../directory/accounts";
import type { Context } from "../handler";
import { deployableAccount } from "./account";
import { absent, notBefore, stateOf } from "./condition";
import { type Plan, planFor, type Rotation } from "./plan";
import { isUnreachable, serversFailed } from "./reachable";
import type { AsaDeploymentInputs, AsaDeploymentOutputs, ServerState } from "./schema";
import { type Survey, survey } from "./survey";

/** Everything that a decision rests on, as it is now. */
export interface Estate {
  readonly account: Account;
  readonly survey: Survey;
  /** Of every server wanted; what did not answer is absent. */
  readonly states: readonly ServerState[];
}

/**
 * Looks at the account and at every server.
 * @throws ProviderError where a server that may not be absent does not answer, or the account must not be used.
 */
export async function lookAround(
  inputs: AsaDeploymentInputs,
  olds: AsaDeploymentOutputs | undefined,
  context: Context,
): Promise<Estate> {
  const connection = context.connection(inputs.connection);
  const shown = await deployableAccount(connection.directory, inputs.account);
  const before = sameAccountAs(shown, olds);
  const account = before === undefined ? shown : notBefore(shown, before.passwordLastSet, context);
  const found = await survey(connection, inputs.servers, context.signal);
  refuseMissing(inputs.mayBeAbsent, found);
  const states = inputs.servers.map((server): ServerState => {
    const one = found.found.get(server);
    const former = before?.deployed.find((state) => state.server === server);
    if (one === undefined) return absent(server, former);
    const state = stateOf(one, account, inputs.account, former);
    // Who adopts says that what is there works; dates can speak against it, and need not speak for it.
    const trusted = olds === undefined && inputs.adopt && state.condition === "unconfirmed";
    return trusted ? { ...state, condition: "deployed" } : state;
  });
  return { account, survey: found, states };
}

/** @throws ProviderError naming every server that cannot get the credential, and may not be left out. */
export function refuseMissing(mayBeAbsent: readonly string[], { failed }: Survey): void {
  const mayLack = (server: string) => mayBeAbsent.includes(server);
  const inTheWay = new Map([...failed].filter(([server, error]) => !(mayLack(server) && isUnreachable(error))));
  if (inTheWay.size === 0) return;
  throw serversFailed(
    "The credential cannot get to every server, so nothing was changed",
    inTheWay,
    "Mend the servers, or name in mayBeAbsent those that are down and may get it later.",
  );
}

/** An account made anew under the same name has another password than anything that state or a server knows. */
function sameAccountAs(account: Account, olds: AsaDeploymentOutputs | undefined): AsaDeploymentOutputs | undefined {
  return olds?.accountGuid === account.guid ? olds : undefined;
}

/** The plan for what was seen. */
export function planNow(inputs: AsaDeploymentInputs, olds: AsaDeploymentOutputs | undefined, estate: Estate): Plan {
  const { account, states } = estate;
  const passwordLastSet = account.passwordLastSet ?? "";
  const known = sameAccountAs(account, olds);
  const everywhere = states.every(({ condition }) => condition === "deployed" || condition === "absent");
  const rotation: Rotation = {
    passwordLastSet,
    rolledSince: everywhere && known !== undefined && Date.parse(passwordLastSet) > Date.parse(known.passwordLastSet),
    // What a new resource says about its trigger is where it starts from.
    oldTrigger: olds === undefined ? inputs.rotation?.trigger : olds.rotation?.trigger,
    oldAccount: olds?.account,
  };
  return planFor(inputs, states, rotation, olds?.deployed.map(({ server }) => server) ?? [], Date.now());
}
