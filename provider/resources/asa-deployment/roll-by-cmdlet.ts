import { setTimeout as delay } from "node:timers/promises";
import { type Account, setPassword } from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { randomPassword } from "../../directory/password";
import { sameAccount } from "../../directory/qualified-name";
import type { RollLock } from "../../directory/roll-lock";
import { ProviderError } from "../../error";
import { addAlternateAccount, readAlternateAccount } from "../../exchange/alternate-account";
import type { ExchangeOrganization } from "../../exchange/organization";
import { SecureString } from "../../powershell/psrp";
import type { Context } from "../handler";
import { isUnreachable, mapReachable, serversFailed } from "./reachable";
import type { Found } from "./survey";

export interface RollWork {
  readonly directory: Directory;
  readonly exchange: ExchangeOrganization;
  readonly account: Account;
  readonly qualifiedName: string;
  /** Servers that take part, each as it was found. */
  readonly targets: ReadonlyMap<string, Found>;
  readonly mayBeAbsent: readonly string[];
  readonly pickUpSeconds: number;
  readonly lock: RollLock;
  readonly context: Context;
}

/**
 * A client may hold a ticket for so long that was made with the password before the present one: ten hours by default
 * policy, and time enough for the rest of it. Until then no server should forget that password.
 */
export const ticketLifetime = 24 * 60 * 60_000;

/** Whether clients may still have tickets that were made with the password before the present one. */
export function rolledLately({ passwordLastSet }: Account): boolean {
  return Date.now() - Date.parse(passwordLastSet ?? "") < ticketLifetime;
}

/** Whether clients get tickets for this account already: then no server may be without its password for a moment. */
export function inUse({ servicePrincipalNames }: Account): boolean {
  return servicePrincipalNames.some((spn) => /^http\//i.test(spn));
}

/**
 * Rolls the password without the script: every server gets the new one beside the old, then the directory gets it.
 * Whatever breaks off before the last step leaves the old password valid everywhere.
 * @returns Servers that were lost on the way, which `mayBeAbsent` allows.
 * @throws ProviderError naming each server that did not take it; the directory was then not changed.
 */
export async function rollByCmdlet(work: RollWork): Promise<ReadonlyMap<string, ProviderError>> {
  const { directory, account, context } = work;
  const password = randomPassword();
  const secret = new SecureString(password);
  try {
    const lost = await push(work, secret);
    // Cut short by a cancellation, which the next line says.
    if (inUse(account)) await delay(work.pickUpSeconds * 1000, undefined, context).catch(() => undefined);
    expectToGoOn(work);
    await work.lock.assertHeld();
    await setPassword(directory, account, password);
    return lost;
  } finally {
    secret.wipe();
  }
}

function expectToGoOn({ context, qualifiedName }: RollWork): void {
  if (!context.signal.aborted) return;
  throw new ProviderError(
    "cancelled",
    `The roll of ${qualifiedName} was interrupted before the directory was changed.`,
    {
      hint: "The password that worked before still works everywhere; run the same again to go on.",
    },
  );
}

/** Gives every server the new credential and looks whether it is there. */
async function push(work: RollWork, password: SecureString): Promise<ReadonlyMap<string, ProviderError>> {
  const { exchange, account, qualifiedName, targets, context } = work;
  const older = rolledLately(account) ? "keep" : "clean-up";
  const { failed } = await mapReachable(exchange, targets, async ({ exchangeServer, alternate }, server) => {
    expectToGoOn(work);
    const shell = exchange.endpoint(server);
    await addAlternateAccount(shell, exchangeServer, { account: qualifiedName, password }, older, context.signal);
    const [newest] = (await readAlternateAccount(shell, exchangeServer, context.signal)).credentials;
    const [before] = alternate.credentials;
    if (newest !== undefined && sameAccount(newest.account, qualifiedName) && newest.added !== before?.added) return;
    throw new ProviderError("powershell-failed", `${server} took the credential, and does not show it when asked.`);
  });
  const lost = await silent(work, failed);
  if (lost.size === failed.size && lost.size < targets.size) return lost;
  throw serversFailed(
    `The password of ${qualifiedName} was not rolled, as it did not get to every server`,
    failed,
    "The directory was not changed, so the password that worked before still works everywhere. Mend the servers, or name " +
      "those that are down in mayBeAbsent; then run the same again.",
  );
}

/** Those that may be absent and do not answer any more: one that answers has clients, who would be locked out. */
async function silent(
  { exchange, targets, mayBeAbsent, context }: RollWork,
  failed: ReadonlyMap<string, ProviderError>,
): Promise<ReadonlyMap<string, ProviderError>> {
  const allowed = [...targets].filter(([server]) => failed.has(server) && mayBeAbsent.includes(server));
  const again = await mapReachable(exchange, new Map(allowed), ({ exchangeServer }, server) =>
    readAlternateAccount(exchange.endpoint(server), exchangeServer, context.signal),
  );
  return new Map([...again.failed].filter(([, error]) => isUnreachable(error)));
}
