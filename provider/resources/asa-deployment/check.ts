import { ProviderError } from "../../error";
import { changedProperties } from "../compare";
import { type Context, type PreviewInputs, type Refusal, unknown } from "../handler";
import { isSecondAbout } from "../new-in-program";
import { deployableAccount } from "./account";
import { lookAround, planNow, refuseMissing } from "./estate";
import { refuseOtherHolders } from "./other-holders";
import { planLines } from "./plan";
import { type AsaDeploymentInputs, known } from "./schema";
import { survey } from "./survey";
import { warnOfAccount, warnOfServers } from "./warn";

/** Asks only about what the program has changed: a preview without changes makes no remote call. */
export async function check(
  inputs: PreviewInputs<AsaDeploymentInputs>,
  olds: Partial<AsaDeploymentInputs>,
  context: Context,
): Promise<Refusal[]> {
  const refusals = strangersAmongAbsent(inputs);
  if (refusals.length > 0) return refusals;
  try {
    const all = olds.account === undefined ? known<AsaDeploymentInputs>(inputs) : undefined;
    if (all !== undefined) await checkNew(all, context);
    else await checkChanges(inputs, olds, context);
    return [];
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    // What keeps us from looking ends a preview as it would end an up; both say it in the same words.
    return [{ property: error.code.startsWith("directory") ? "account" : "servers", reason: error.message }];
  }
}

/** All that `up` will look at before it changes anything, and what it will do. */
async function checkNew(inputs: AsaDeploymentInputs, context: Context): Promise<void> {
  const estate = await lookAround(inputs, undefined, context);
  const { exchange } = context.connection(inputs.connection);
  if (isSecondAbout(exchange, `deployment of ${estate.account.guid}`)) {
    throw new ProviderError(
      "directory-conflict",
      `Another AsaDeployment of this program has ${inputs.account} already. Name all servers of an account in one.`,
    );
  }
  const plan = planNow(inputs, undefined, estate);
  await refuseOtherHolders(inputs, undefined, estate, plan, context);
  for (const line of planLines(inputs, plan)) context.progress(line);
  await warnOfAccount(inputs, context);
  await warnOfServers(inputs.connection, estate.survey, context);
}

/** A deployment that is there shows in `diff` what will be done, with all that state knows; only what is new is looked at. */
async function checkChanges(
  { account, servers, mayBeAbsent, connection: name }: PreviewInputs<AsaDeploymentInputs>,
  olds: Partial<AsaDeploymentInputs>,
  context: Context,
): Promise<void> {
  const connection = context.connection(name);
  if (account !== unknown && changedProperties(olds, { account }, ["account"]).length > 0) {
    await deployableAccount(connection.directory, account);
    await warnOfAccount({ connection: name, account }, context);
  }
  const lists = known<Pick<AsaDeploymentInputs, "servers" | "mayBeAbsent">>({ servers, mayBeAbsent });
  const added = lists?.servers.filter((server) => !(olds.servers ?? []).includes(server)) ?? [];
  if (added.length === 0) return;
  const seen = await survey(connection, added, context.signal);
  refuseMissing(lists?.mayBeAbsent ?? [], seen);
  await warnOfServers(name, seen, context);
}

/** Servers that may be absent, and are none of the deployment. */
export function strangersAmongAbsent({ servers, mayBeAbsent }: PreviewInputs<AsaDeploymentInputs>): Refusal[] {
  if (servers === unknown || mayBeAbsent === unknown || servers.includes(unknown)) return [];
  const strange = mayBeAbsent.find((server) => server !== unknown && !servers.includes(server));
  if (strange === undefined) return [];
  return [{ property: "mayBeAbsent", reason: `${String(strange)} is not among the servers.` }];
}
