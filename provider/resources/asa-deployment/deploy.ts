import { sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import type { Context, Written } from "../handler";
import { carryOut } from "./carry-out";
import { lookAround, planNow } from "./estate";
import { planLines, rotationToKeep } from "./plan";
import { removeFrom } from "./removal";
import type { AsaDeploymentInputs, AsaDeploymentOutputs } from "./schema";

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
  const { after, incomplete: unfinished } = await carryOut(inputs, olds, before, plan, context);
  let incomplete = unfinished;
  if (incomplete === undefined && olds !== undefined && plan.remove.length > 0) {
    try {
      if (olds.adopted) staysOn(plan.remove, olds, context);
      else await removeFrom(olds, plan.remove, context, after.survey.organization);
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

/** What was there before the stack is not the stack's to take off. */
function staysOn(servers: readonly string[], { account }: Outputs, context: Context): void {
  context.progress(`${account} was on its servers before the stack, and stays on ${servers.join(", ")}`);
}

function formerAccounts(inputs: Inputs, olds: Outputs | undefined): string[] {
  const all = olds === undefined ? [] : [...olds.formerAccounts, olds.account];
  return [...new Set(all)].filter((name) => !sameAccount(name, inputs.account));
}
