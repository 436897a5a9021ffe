import { ProviderError } from "../../error";
import { changedProperties } from "../compare";
import { type Context, type PreviewInputs, type Refusal, unknown } from "../handler";
import { lookAround, planNow } from "./estate";
import { planLines } from "./plan";
import type { AsaDeploymentInputs } from "./schema";

/** Asks the servers only where the program has changed: a preview without changes makes no remote call. */
export async function check(
  inputs: PreviewInputs<AsaDeploymentInputs>,
  olds: Partial<AsaDeploymentInputs>,
  context: Context,
): Promise<Refusal[]> {
  const refusals = strangersAmongAbsent(inputs);
  if (refusals.length > 0) return refusals;
  const changed = changedProperties(olds, inputs, ["account", "servers", "mayBeAbsent", "method", "adopt"]);
  // A deployment that is there shows in `diff` what will be done, with all that state knows.
  if (changed.length === 0 || olds.account !== undefined || !isKnown(inputs)) return [];
  try {
    const estate = await lookAround(inputs, undefined, context);
    for (const line of planLines(inputs, planNow(inputs, undefined, estate))) context.progress(line);
    return [];
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    // What keeps us from looking ends a preview as it would end an up; both say it in the same words.
    return [{ property: error.code.startsWith("directory") ? "account" : "servers", reason: error.message }];
  }
}

function strangersAmongAbsent({ servers, mayBeAbsent }: PreviewInputs<AsaDeploymentInputs>): Refusal[] {
  if (servers === unknown || mayBeAbsent === unknown || servers.includes(unknown)) return [];
  const strange = mayBeAbsent.find((server) => server !== unknown && !servers.includes(server));
  if (strange === undefined) return [];
  return [{ property: "mayBeAbsent", reason: `${String(strange)} is not among the servers.` }];
}

/** Whether nothing that the servers must be asked about is still to be made. */
function isKnown(inputs: PreviewInputs<AsaDeploymentInputs>): inputs is AsaDeploymentInputs {
  const hasUnknown = (value: unknown): boolean =>
    value === unknown || (typeof value === "object" && value !== null && Object.values(value).some(hasUnknown));
  return !Object.values(inputs).some(hasUnknown);
}
