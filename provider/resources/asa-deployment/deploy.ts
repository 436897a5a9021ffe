import { withRollLock } from "../../directory/roll-lock";
import { ProviderError } from "../../error";
import { readAlternateAccount } from "../../exchange/alternate-account";
import { runRollScript } from "../../exchange/roll-script";
import type { Context, Written } from "../handler";
import { deployableAccount } from "./account";
import { judge } from "./condition";
import { type Estate, lookAround, nothingKnown, planNow, statesOf } from "./estate";
import { type Plan, planLines } from "./plan";
import { mapReachable, serversFailed } from "./reachable";
import { removeFrom } from "./removal";
import { rollByCmdlet } from "./roll-by-cmdlet";
import { rollByScript } from "./roll-by-script";
import type { AsaDeploymentInputs, AsaDeploymentOutputs } from "./schema";
import { type Found, survey } from "./survey";

type Inputs = AsaDeploymentInputs;
type Outputs = AsaDeploymentOutputs;

/** Makes every server and the directory agree, and says how far it came. */
export async function deploy(inputs: Inputs, olds: Outputs | undefined, context: Context): Promise<Written<Outputs>> {
  const estate = await lookAround(inputs, olds, context);
  const plan = planNow(inputs, olds, estate);
  for (const line of planLines(inputs, plan)) context.progress(line);
  const adopted = olds?.adopted ?? (inputs.adopt && plan.roll === undefined && plan.copy.length === 0);
  let incomplete: ProviderError | undefined;
  try {
    if (plan.roll !== undefined) await roll(inputs, olds, estate, context);
    else if (plan.copy.length > 0) await copy(inputs, estate, plan, context);
    if (olds !== undefined && plan.remove.length > 0) await removeFrom(olds, plan.remove, context);
  } catch (thrown) {
    incomplete = ProviderError.from(thrown);
  }
  return afterwards(inputs, olds, { plan, estate, adopted, incomplete, context });
}

/** Reads everything once more: state holds what is there, not what was meant to be. */
async function afterwards(
  inputs: Inputs,
  olds: Outputs | undefined,
  work: { plan: Plan; estate: Estate; adopted: boolean; incomplete: ProviderError | undefined; context: Context },
): Promise<Written<Outputs>> {
  const { plan, estate, adopted, context } = work;
  const { directory, exchange } = context.connection(inputs.connection);
  let { incomplete } = work;
  let { account, judged } = estate;
  if (plan.roll !== undefined || plan.copy.length > 0) {
    try {
      account = await deployableAccount(directory, inputs.account);
      const { found } = await survey(exchange, inputs.servers, context.signal);
      judged = new Map([...found].map(([server, one]) => [server, judge(one, account, inputs.account, nothingKnown)]));
    } catch (thrown) {
      incomplete ??= ProviderError.from(thrown);
    }
  }
  const complete = incomplete === undefined;
  const outputs: Outputs = {
    ...inputs,
    // A roll that broke off is still to be done: what asked for it stays the old way.
    ...(complete ? {} : withoutRotation(inputs, olds)),
    accountGuid: account.guid,
    passwordLastSet: complete ? (account.passwordLastSet ?? "") : (olds?.passwordLastSet ?? ""),
    deployed: statesOf(inputs, judged, olds?.deployed),
    adopted,
  };
  return { outputs, incomplete };
}

function withoutRotation(inputs: Inputs, olds: Outputs | undefined): Partial<Outputs> {
  const { rotation: _, ...others } = inputs;
  return { ...others, ...(olds?.rotation === undefined ? {} : { rotation: olds.rotation }) };
}

async function roll(inputs: Inputs, olds: Outputs | undefined, estate: Estate, context: Context): Promise<void> {
  const { directory, exchange, settings } = context.connection(inputs.connection);
  const { account, survey: surveyed } = estate;
  await withRollLock(directory, account, async (lock) => {
    // Another run may have rolled while this one looked around and waited for the lock.
    const now = await lookAround(inputs, olds, context);
    if (now.account.passwordStamp !== account.passwordStamp) {
      if (planNow(inputs, olds, now).roll === undefined) return;
      throw new ProviderError("refused", `Another run has rolled the password of ${inputs.account} just now.`, {
        hint: "Run pulumi refresh, then pulumi up.",
      });
    }
    const work = {
      directory,
      exchange,
      account: now.account,
      qualifiedName: inputs.account,
      targets: now.survey.found,
      mayBeAbsent: inputs.mayBeAbsent,
      lock,
      signal: context.signal,
    };
    if (inputs.method === "cmdlet") {
      const lost = await rollByCmdlet(work);
      for (const [server, error] of lost) context.progress(`warning: ${server} was lost on the way: ${error.message}`);
    } else {
      await rollByScript(
        work,
        exchange.managementShell(settings.managementHost ?? [...surveyed.found.keys()][0] ?? ""),
      );
    }
    await seenToBeRolled(inputs, now, context);
  });
}

/** Neither the script's word nor an answer to a write is proof: the directory must show another password. */
async function seenToBeRolled(inputs: Inputs, before: Estate, context: Context): Promise<void> {
  const { directory } = context.connection(inputs.connection);
  const after = await deployableAccount(directory, inputs.account);
  if (BigInt(after.passwordStamp) > BigInt(before.account.passwordStamp)) return;
  throw new ProviderError("directory-unclear", `${after.distinguishedName} does not show a new password.`, {
    hint: "The domain controller of the connection may lag behind the one that Exchange uses: look at replication, then run pulumi up.",
  });
}

async function copy(inputs: Inputs, estate: Estate, plan: Plan, context: Context): Promise<void> {
  const { directory, exchange, settings } = context.connection(inputs.connection);
  const source = inputs.servers.find((server) => estate.judged.get(server)?.proven === true);
  if (source === undefined) throw new ProviderError("unexpected", "No server is left to copy from.");
  const host = settings.managementHost ?? source;
  await withRollLock(directory, estate.account, async () => {
    await runRollScript(exchange.managementShell(host), { servers: plan.copy, copyFrom: source }, context.signal);
    const { done, failed } = await mapReachable(exchange, plan.copy, async (server) => {
      const { exchangeServer } = estate.survey.found.get(server) as Found;
      const { credentials } = await readAlternateAccount(exchange.endpoint(server), exchangeServer, context.signal);
      if (credentials[0]?.account.toLowerCase() === inputs.account.toLowerCase()) return;
      throw new ProviderError("powershell-failed", `${server} does not show the copy.`);
    });
    if (done.size === plan.copy.length) return;
    throw serversFailed(
      `The credential was copied from ${source}, but not seen afterwards`,
      failed,
      "Run pulumi up again.",
    );
  });
}
