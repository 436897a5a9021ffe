import { ProviderError } from "../../error";
import { isKnown } from "../compare";
import type { Context, PreviewInputs, Refusal } from "../handler";
import { planNow } from "./arrange";
import { kinds, wishesDiffer } from "./directories";
import { objectionTo, type Plan } from "./plan";
import type { OutlookInputs } from "./schema";

/** Asks the server only where the program has changed: a preview without changes makes no remote call. */
export async function check(
  inputs: PreviewInputs<OutlookInputs>,
  olds: Partial<OutlookInputs>,
  context: Context,
): Promise<Refusal[]> {
  if (!isKnown<OutlookInputs>(inputs)) return [];
  const isNew = olds.server !== inputs.server;
  if (!isNew && !kinds.some((kind) => wishesDiffer(kind, olds, inputs))) return [];
  let plan: Plan;
  try {
    plan = await planNow(inputs, inputs, [], context);
  } catch (thrown) {
    // What keeps us from looking ends a preview as it would end an up; both say it in the same words.
    return [{ property: "server", reason: ProviderError.from(thrown).message }];
  }
  const objection = objectionTo(plan, inputs, inputs.server);
  if (objection !== undefined) return [objection];
  // Of a server that we have set before, state knows more than this: the update says what it does.
  if (isNew) for (const line of plan.lines) context.progress(line);
  return [];
}
