import { ProviderError } from "../../error";
import type { Context } from "../handler";
import { deployableAccount } from "./account";
import { absent, notBefore, stateOf } from "./condition";
import type { Estate } from "./estate";
import { give } from "./give";
import { refuseOtherHolders } from "./other-holders";
import type { Plan } from "./plan";
import { isUnreachable, serversFailed } from "./reachable";
import type { AsaDeploymentInputs, AsaDeploymentOutputs, ServerState } from "./schema";
import { survey } from "./survey";

type Inputs = AsaDeploymentInputs;

/** How far it came. */
export interface CarriedOut {
  readonly after: Estate;
  readonly incomplete: ProviderError | undefined;
}

/**
 * Does what a plan says of the password: a roll, copies, or nothing.
 * @throws ProviderError while nothing has been changed yet.
 */
export async function carryOut(
  inputs: Inputs,
  olds: AsaDeploymentOutputs | undefined,
  before: Estate,
  plan: Plan,
  context: Context,
): Promise<CarriedOut> {
  if (plan.roll === undefined && plan.copy.length === 0) return { after: before, incomplete: undefined };
  await refuseOtherHolders(inputs, olds, before, plan, context);
  const { servers, incomplete } = await give(inputs, before, plan, context);
  try {
    const after = await lookAgain(inputs, before, servers, context);
    return { after, incomplete: incomplete ?? notShown(inputs, servers, after) };
  } catch (thrown) {
    return { after: before, incomplete: incomplete ?? ProviderError.from(thrown) };
  }
}

/** Reads everything once more: state holds what is there, not what was meant to be. */
async function lookAgain(inputs: Inputs, before: Estate, given: readonly string[], context: Context): Promise<Estate> {
  const connection = context.connection(inputs.connection);
  const { guid, passwordLastSet = "" } = before.account;
  const shown = await deployableAccount(connection.directory, inputs.account);
  const account = shown.guid === guid ? notBefore(shown, passwordLastSet) : shown;
  const found = await survey(connection, inputs.servers, context.signal, before.survey.organization);
  const rolled = account.passwordStamp !== before.account.passwordStamp;
  const states = before.states.map((former): ServerState => {
    const { server } = former;
    const one = found.found.get(server);
    if (one !== undefined) {
      const state = stateOf(one, account, inputs.account, former);
      const confirmed = state.condition === "unconfirmed" && given.includes(server);
      return confirmed ? { ...state, condition: "deployed" } : state;
    }
    const error = found.failed.get(server);
    if (error !== undefined && isUnreachable(error) && inputs.mayBeAbsent.includes(server)) {
      return absent(server, former);
    }
    return rolled && former.condition === "deployed" ? { ...former, condition: "unconfirmed" } : former;
  });
  return { account, survey: found, states };
}

/** Servers that were given the credential, and do not show it. */
function notShown(inputs: Inputs, given: readonly string[], { states, survey }: Estate): ProviderError | undefined {
  const errors = states.flatMap(({ server, condition }): [string, ProviderError][] => {
    if (!given.includes(server) || condition === "deployed" || condition === "absent") return [];
    const error = survey.failed.get(server) ?? new ProviderError("powershell-failed", `it is ${condition}.`);
    return [[server, error]];
  });
  if (errors.length === 0) return undefined;
  return serversFailed(
    `The credential of ${inputs.account} was given to every server, but does not show on all of them`,
    new Map(errors),
    "Run the same again.",
  );
}
