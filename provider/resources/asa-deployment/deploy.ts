import { sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import type { Context, Written } from "../handler";
import { deployableAccount } from "./account";
import { absent, stateOf } from "./condition";
import { type Estate, lookAround, planNow } from "./estate";
import { give } from "./give";
import { refuseOtherHolders } from "./other-holders";
import { planLines, rotationToKeep } from "./plan";
import { isUnreachable, serversFailed } from "./reachable";
import { removeFrom } from "./removal";
import type { AsaDeploymentInputs, AsaDeploymentOutputs, ServerState } from "./schema";
import { survey } from "./survey";

type Inputs = AsaDeploymentInputs;
type Outputs = AsaDeploymentOutputs;

/**
 * Makes every server and the directory agree, and says how far it came.
 * @throws ProviderError while nothing has been changed yet.
 */
export async function deploy(inputs: Inputs, olds: Outputs | undefined, context: Context): Promise<Written<Outputs>> {
  const before = await lookAround(inputs, olds, context);
  const plan = planNow(inputs, olds, before);
  for (const line of planLines(inputs, plan)) context.progress(line);
  let after = before;
  let incomplete: ProviderError | undefined;
  if (plan.roll !== undefined || plan.copy.length > 0) {
    await refuseOtherHolders(inputs, olds, before, plan, context);
    const given = await give(inputs, before, plan, context);
    ({ incomplete } = given);
    try {
      after = await lookAgain(inputs, before, given.servers, context);
      incomplete ??= notShown(inputs, given.servers, after);
    } catch (thrown) {
      incomplete ??= ProviderError.from(thrown);
    }
  }
  if (incomplete === undefined && olds !== undefined && plan.remove.length > 0) {
    try {
      await removeFrom(olds, plan.remove, context);
    } catch (thrown) {
      incomplete = ProviderError.from(thrown);
    }
  }
  const { rotation: _, ...others } = inputs;
  // A roll that broke off is still to be done, and so is one that waits for its window.
  const rolled = after.account.passwordStamp !== before.account.passwordStamp;
  const followed = rolled || (plan.roll === undefined && plan.held === undefined);
  const rotation = rotationToKeep(inputs.rotation, olds?.rotation, followed);
  const unremoved = incomplete === undefined ? [] : plan.remove;
  const outputs: Outputs = {
    ...others,
    ...(rotation === undefined ? {} : { rotation }),
    accountGuid: after.account.guid,
    passwordLastSet: after.account.passwordLastSet ?? "",
    deployed: [...after.states, ...(olds?.deployed ?? []).filter(({ server }) => unremoved.includes(server))],
    formerAccounts: formerAccounts(inputs, olds),
    adopted: olds?.adopted ?? (inputs.adopt && before.states.some(({ condition }) => condition === "deployed")),
  };
  return { outputs, incomplete };
}

/** Reads everything once more: state holds what is there, not what was meant to be. */
async function lookAgain(inputs: Inputs, before: Estate, given: readonly string[], context: Context): Promise<Estate> {
  const { directory, exchange } = context.connection(inputs.connection);
  const account = await deployableAccount(directory, inputs.account);
  const found = await survey(exchange, inputs.servers, context.signal, before.survey.organization);
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
    "Run pulumi up again.",
  );
}

function formerAccounts(inputs: Inputs, olds: Outputs | undefined): string[] {
  const all = olds === undefined ? [] : [...olds.formerAccounts, olds.account];
  return [...new Set(all)].filter((name) => !sameAccount(name, inputs.account));
}
