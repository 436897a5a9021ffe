import { ProviderError } from "../../error";
import { isKnown } from "../compare";
import type { Context, PreviewInputs, Refusal } from "../handler";
import { isSecondAbout } from "../new-in-program";
import { planNow } from "./arrange";
import { kinds, wishesDiffer, wishesOf } from "./directories";
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
  const second = olds.server === undefined ? setTwice(inputs, context) : undefined;
  if (second !== undefined) return [second];
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

/** A setting that another new resource of the program sets on the same server: each would undo what the other does. */
function setTwice(inputs: OutlookInputs, context: Context): Refusal | undefined {
  const { exchange } = context.connection(inputs.connection);
  const { server } = inputs;
  const twice = kinds.flatMap((kind) =>
    Object.keys(wishesOf(inputs, kind))
      .filter((name) => isSecondAbout(exchange, `${kind}.${name} of ${server}`))
      .map((name) => ({ kind, name })),
  );
  if (twice[0] === undefined) return undefined;
  const names = twice.map(({ kind, name }) => (kind === "mapi" ? kind : `${kind}.${name}`)).join(", ");
  const reason = `Another OutlookAuthSetting of this program sets ${names} of ${server} already: remove one of the two.`;
  return { property: twice[0].kind, reason };
}
