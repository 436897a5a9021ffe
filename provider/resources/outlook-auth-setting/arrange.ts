import { ProviderError } from "../../error";
import { recycleApplicationPools } from "../../exchange/application-pools";
import type { Context, Written } from "../handler";
import { readDirectories, type Settings } from "./directories";
import { kindsOf, objectionTo, type Plan, planFor, type Step } from "./plan";
import type { DirectoryState, OutlookInputs, OutlookOutputs } from "./schema";
import { fulfilled, sameValue } from "./wish";

/** Makes the directories of one server as they are wanted, one after the other, and says how far it came. */
export async function arrange(
  inputs: OutlookInputs,
  olds: OutlookOutputs | undefined,
  context: Context,
): Promise<Written<OutlookOutputs>> {
  const plan = await planNow(inputs, inputs, olds?.directories ?? [], context);
  const objection = objectionTo(plan, inputs, inputs.server);
  if (objection !== undefined) throw new ProviderError("refused", objection.reason);
  const { directories, failure } = await carryOut(plan, olds?.directories ?? [], context);
  if (failure !== undefined && olds === undefined && directories.length === 0) throw failure;
  const changed = plan.steps.filter(({ values }) => Object.keys(values).length > 0);
  const pools = poolsToRecycle(olds, changed);
  const outputs = { ...inputs, directories, poolsToRecycle: pools };
  if (failure !== undefined) return { outputs, incomplete: failure };
  try {
    return { outputs: { ...outputs, poolsToRecycle: await recycle(inputs, pools, context) } };
  } catch (thrown) {
    return { outputs, incomplete: ProviderError.from(thrown) };
  }
}

/** Puts back what state remembers. @throws ProviderError where it cannot; what is back by then stays so. */
export async function putBack(olds: OutlookOutputs, context: Context): Promise<void> {
  const { directories, server } = olds;
  // Nothing is left of it where another resource has taken over all of it.
  const plan = directories.length === 0 ? nothing : await planNow(olds, {}, directories, context);
  const objection = objectionTo(plan, {}, server);
  if (objection !== undefined) {
    throw new ProviderError("refused", objection.reason, {
      hint: "What was there before the stack cannot be put back until this is mended; then run pulumi destroy again.",
    });
  }
  const { failure } = await carryOut(plan, directories, context);
  if (failure !== undefined) throw failure;
  const pools = poolsToRecycle(olds, changedByStack(plan, directories));
  try {
    await recycle(olds, pools, context);
  } catch (thrown) {
    const { code, message } = ProviderError.from(thrown);
    throw new ProviderError(code, `Application pools of ${server} are still to recycle. ${message}`, {
      hint:
        `Mend that and run the same again; or run ${restarts(pools)} on ${server}, and forget the resource: ` +
        "pulumi state delete URN.",
      cause: thrown,
    });
  }
}

const nothing: Plan = { steps: [], lines: [] };

/**
 * What the stack has changed, whether or not it is back by now: a destroy whose recycling failed cannot write that
 * down, and the next one finds the settings as they were.
 */
function changedByStack({ steps }: Plan, before: readonly DirectoryState[]): Step[] {
  const changed = before.filter(({ settings }) =>
    Object.values(settings).some((change) => !sameValue(fulfilled(change.wish, change.before), change.before)),
  );
  const identities = new Set(changed.map(({ identity }) => identity.toLowerCase()));
  return steps.filter(({ directory }) => identities.has(directory.identity.toLowerCase()));
}

/** Looks at the server and says what is to be done. */
export async function planNow(
  { connection, server }: OutlookInputs,
  wanted: Settings,
  before: readonly DirectoryState[],
  context: Context,
): Promise<Plan> {
  const shell = context.connection(connection).exchange.endpoint(server);
  const found = await readDirectories(shell, server, kindsOf(wanted, before), context.signal);
  return planFor(wanted, found, before);
}

/** The server answered and has done nothing; any other failure leaves it open what the directory has now. */
const refusedByExchange = new Set([
  ...["powershell-failed", "command-missing", "language-restricted", "access-denied", "password-refused"],
]);

/** Writes what differs and nothing else. State tells of a directory only what was done, or may have been. */
async function carryOut(
  plan: Plan,
  before: readonly DirectoryState[],
  context: Context,
): Promise<{ directories: DirectoryState[]; failure?: ProviderError }> {
  for (const line of plan.lines) context.progress(line);
  const former = (identity: string) => before.filter((one) => one.identity.toLowerCase() === identity.toLowerCase());
  const done: DirectoryState[] = [];
  const keep = (state: DirectoryState) => {
    if (Object.keys(state.settings).length > 0) done.push(state);
  };
  for (const [index, { directory, values, state }] of plan.steps.entries()) {
    try {
      if (Object.keys(values).length > 0) await directory.set(values);
      keep(state);
    } catch (thrown) {
      const failure = ProviderError.from(thrown);
      const unclear = !refusedByExchange.has(failure.code);
      if (unclear) keep(state);
      const untouched = plan.steps.slice(unclear ? index + 1 : index);
      return { directories: [...done, ...untouched.flatMap(({ directory }) => former(directory.identity))], failure };
    }
  }
  return { directories: done };
}

function poolsToRecycle(olds: OutlookOutputs | undefined, changed: readonly Step[]): string[] {
  return [...new Set([...(olds?.poolsToRecycle ?? []), ...changed.flatMap(({ directory }) => directory.pools)])];
}

/** @returns Pools that are left to a person. */
async function recycle(inputs: OutlookInputs, pools: readonly string[], context: Context): Promise<readonly string[]> {
  const { connection, server } = inputs;
  if (pools.length === 0) return [];
  if (inputs.recycleApplicationPools) {
    await recycleApplicationPools(context.connection(connection).exchange, server, pools, context.signal);
    return [];
  }
  context.progress(
    `warning: on ${server} the change counts only after its application pools have recycled. Run there, when it suits: ` +
      `${restarts(pools)}; or set recycleApplicationPools: true`,
  );
  return pools;
}

function restarts(pools: readonly string[]): string {
  return pools.map((pool) => `Restart-WebAppPool ${pool}`).join("; ");
}
