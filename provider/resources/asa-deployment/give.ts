import { setTimeout as delay } from "node:timers/promises";
import { type Account, readAccount } from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { type RollLock, withRollLock } from "../../directory/roll-lock";
import { ProviderError } from "../../error";
import { runRollScript } from "../../exchange/roll-script";
import type { Context } from "../handler";
import type { Estate } from "./estate";
import type { Plan } from "./plan";
import { rollByCmdlet } from "./roll-by-cmdlet";
import { rollByScript } from "./roll-by-script";
import type { AsaDeploymentInputs } from "./schema";

/** How long a new account may take to the PDC emulator: as long as an AsaAccount waits by default. */
const arrivalSeconds = 900;

/** What came of it. */
export interface Given {
  /** Servers that have the present password now. */
  readonly servers: readonly string[];
  readonly incomplete?: ProviderError;
}

/**
 * Gives servers a new password or a copy of the present one, as the plan says, alone among all runs.
 * @throws ProviderError `refused` where another run is at it, or has just been; nothing is changed then.
 */
export function give(inputs: AsaDeploymentInputs, estate: Estate, plan: Plan, context: Context): Promise<Given> {
  const { directory } = context.connection(inputs.connection);
  const { account } = estate;
  const alone = async (lock: RollLock) => {
    const now = await readAccount(directory, account.guid);
    if (now?.passwordStamp !== account.passwordStamp) {
      throw new ProviderError("refused", `Another run has rolled the password of ${inputs.account} just now.`, {
        hint: "Look whether that was enough; in a stack, run pulumi refresh, then pulumi up.",
      });
    }
    try {
      const work = plan.roll === undefined ? copy : roll;
      return { servers: await work(inputs, estate, plan, context, lock) };
    } catch (thrown) {
      return { servers: [], incomplete: ProviderError.from(thrown) };
    }
  };
  const { signal } = context;
  const progress = (line: string) => context.progress(line);
  return withRollLock(directory, account, alone, { timeoutSeconds: arrivalSeconds, signal, progress });
}

type Work = (
  inputs: AsaDeploymentInputs,
  estate: Estate,
  plan: Plan,
  context: Context,
  lock: RollLock,
) => Promise<readonly string[]>;

const roll: Work = async (inputs, { account, survey: { found } }, _plan, context, lock) => {
  const { directory, exchange, settings } = context.connection(inputs.connection);
  const { method, mayBeAbsent, account: qualifiedName } = inputs;
  const { credentialPickUpSeconds: pickUpSeconds } = settings;
  const targets = found;
  const work = { directory, exchange, account, qualifiedName, targets, mayBeAbsent, pickUpSeconds, lock, context };
  const servers = [...found.keys()];
  if (method === "cmdlet") {
    const lost = await rollByCmdlet(work);
    for (const [server, error] of lost) context.progress(`warning: ${server} was lost on the way: ${error.message}`);
    await seenToBeRolled(directory, account, context.signal);
    return servers.filter((server) => !lost.has(server));
  }
  await rollByScript(work, exchange.managementShell(settings.managementHost ?? servers[0] ?? ""));
  await seenToBeRolled(directory, account, context.signal);
  return servers;
};

const copy: Work = async (inputs, estate, plan, context, lock) => {
  const { exchange, settings } = context.connection(inputs.connection);
  const source = estate.states.find(({ condition }) => condition === "deployed")?.server;
  if (source === undefined) throw new ProviderError("unexpected", "No server is left to copy from.");
  await lock.assertHeld();
  const shell = exchange.managementShell(settings.managementHost ?? source);
  await runRollScript(shell, { servers: plan.copy, copyFrom: source }, context.signal);
  return plan.copy;
};

/** Exchange may have written to another domain controller, and replication within a site takes its seconds. */
const longestWait = 120_000;
const pause = 1000;

/** Neither the script's word nor an answer to a write is proof: the directory must show another password. */
async function seenToBeRolled(directory: Directory, before: Account, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + longestWait; ; ) {
    const after = await readAccount(directory, before.guid);
    if (after !== undefined && BigInt(after.passwordStamp) > BigInt(before.passwordStamp)) return;
    if (Date.now() > deadline || signal.aborted) break;
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
  const dc = await directory.domainController();
  throw new ProviderError(
    "directory-unclear",
    `${dc.host}: ${before.distinguishedName} does not show a new password.`,
    {
      hint:
        "The servers have both passwords, so clients go on working. If Exchange uses another domain controller, look at " +
        "replication (repadmin /showrepl); then run the same again.",
    },
  );
}
