import { type Account, readAccount, setPassword } from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { randomPassword } from "../../directory/password";
import type { RollLock } from "../../directory/roll-lock";
import { ProviderError } from "../../error";
import { addAlternateAccount, readAlternateAccount } from "../../exchange/alternate-account";
import type { ExchangeOrganization } from "../../exchange/organization";
import { SecureString } from "../../powershell/psrp";
import { mapReachable, serversFailed } from "./reachable";
import type { Found } from "./survey";

export interface RollWork {
  readonly directory: Directory;
  readonly exchange: ExchangeOrganization;
  readonly account: Account;
  readonly qualifiedName: string;
  /** Servers that take part, each as it was found. */
  readonly targets: ReadonlyMap<string, Found>;
  readonly mayBeAbsent: readonly string[];
  readonly lock: RollLock;
  readonly signal: AbortSignal;
}

/**
 * A client may hold a ticket for so long that was made with the password before the present one: ten hours by default
 * policy, and time enough for the rest of it. Until then no server may forget that password.
 */
const ticketLifetime = 24 * 60 * 60_000;

/**
 * Rolls the password without the script: every server gets the new one beside the old, then the directory gets it.
 * Whatever breaks off before the last step leaves the old password valid everywhere.
 * @returns Servers that were lost on the way, which `mayBeAbsent` allows.
 * @throws ProviderError naming each server that did not take it; the directory was then not changed.
 */
export async function rollByCmdlet(work: RollWork): Promise<ReadonlyMap<string, ProviderError>> {
  const { directory, account, signal } = work;
  const password = randomPassword();
  const secret = new SecureString(password);
  let lost: ReadonlyMap<string, ProviderError>;
  try {
    lost = await push(work, secret);
  } finally {
    secret.wipe();
  }
  signal.throwIfAborted();
  await work.lock.assertHeld();
  await setPassword(directory, account, password);
  const after = await readAccount(directory, account.guid);
  if (after === undefined || BigInt(after.passwordStamp) <= BigInt(account.passwordStamp)) {
    throw new ProviderError("directory-unclear", `${account.distinguishedName} does not show its new password.`, {
      hint: "The servers have both passwords, so clients go on working. Run pulumi up again.",
    });
  }
  return lost;
}

/** Gives every server the new credential and looks whether it is there. */
async function push(work: RollWork, password: SecureString): Promise<ReadonlyMap<string, ProviderError>> {
  const { exchange, account, qualifiedName, targets, signal } = work;
  const recent = Date.now() - Date.parse(account.passwordLastSet ?? "") < ticketLifetime;
  const older = recent ? "keep" : "clean-up";
  const { failed } = await mapReachable(exchange, [...targets.keys()], async (server) => {
    signal.throwIfAborted();
    const target = targets.get(server) as Found;
    const shell = exchange.endpoint(server);
    await addAlternateAccount(shell, target.exchangeServer, { account: qualifiedName, password }, older, signal);
    const [newest] = (await readAlternateAccount(shell, target.exchangeServer, signal)).credentials;
    const before = target.alternate.credentials[0];
    const taken = newest?.account.toLowerCase() === qualifiedName.toLowerCase();
    if (taken && newest?.added !== before?.added) return;
    throw new ProviderError("powershell-failed", `${server} took the credential, and does not show it when asked.`, {
      hint: "Look whether the Microsoft Exchange Service Host service runs on it.",
    });
  });
  const fatal = new Map([...failed].filter(([server]) => !work.mayBeAbsent.includes(server)));
  if (fatal.size === 0 && failed.size < targets.size) return failed;
  throw serversFailed(
    `The password of ${qualifiedName} was not rolled, as it did not get to every server`,
    failed,
    "The directory was not changed, so the password that worked before still works everywhere. Mend the servers or name " +
      "them in mayBeAbsent, then run pulumi up again.",
  );
}
