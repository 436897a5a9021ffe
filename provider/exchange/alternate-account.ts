import { ProviderError } from "../error";
import type { Command } from "../powershell/pipeline";
import { PsCredential, type PsValue, type SecureString } from "../powershell/psrp";
import { clientAccessNoun, type ExchangeServer } from "./exchange-servers";
import { instantOf, itemsOf, property, textOf, textProperty } from "./ps-properties";
import { output, type RemoteShell, run } from "./remote-shell";

/** One alternate service account credential as a server holds it; its password is never read. */
export interface StoredCredential {
  /** `DOMAIN\name` */
  readonly account: string;
  /** When the server got it: ISO 8601, or the server's own text of it where that is all there is. */
  readonly added: string;
}

/** What one server holds, newest first. */
export interface AlternateAccount {
  readonly credentials: readonly StoredCredential[];
  /** Whether `added` is an instant that can be compared. Text is in the server's culture and time zone, and cannot. */
  readonly comparable: boolean;
}

/** How long before the directory has the password the first server may have got it: a roll takes its time. */
const rollDuration = 60 * 60_000;

/**
 * Whether a credential that was added then is certain to have another password than the account got at that time.
 * Both in ISO 8601; what is none proves nothing.
 */
export function predatesPassword(added: string, passwordLastSet: string): boolean {
  return Date.parse(added) + rollDuration < Date.parse(passwordLastSet);
}

/**
 * Reads which accounts a server holds (article, "Verify the deployment of the ASA credential").
 * @throws ProviderError `wrong-server` where another server answered: an unknown identity gives all of them.
 */
export async function readAlternateAccount(
  shell: RemoteShell,
  server: ExchangeServer,
  signal?: AbortSignal,
): Promise<AlternateAccount> {
  const what = `read the alternate service account of ${server.fqdn}`;
  const parameters = { Identity: server.fqdn, IncludeAlternateServiceAccountCredentialStatus: true };
  const found = await output(shell, [{ name: `Get-${clientAccessNoun(server.product)}`, parameters }], {
    what,
    signal,
  });
  const [object] = found;
  const name = object === undefined ? undefined : textProperty(object, "Name");
  if (object === undefined || found.length !== 1 || name?.toLowerCase() !== server.name.toLowerCase()) {
    throw new ProviderError(
      "wrong-server",
      `${shell.host}: could not ${what}: the answer is about ${name ?? "no server"}.`,
      {
        hint: "Give the server by the name that Get-ExchangeServer shows as Fqdn.",
      },
    );
  }
  return alternateAccountOf(property(object, "AlternateServiceAccountConfiguration"));
}

/** The same with accounts named as `nameOf` says: a domain has two names, and servers show the one that was typed. */
export async function underNames(
  alternate: AlternateAccount,
  nameOf: (account: string) => Promise<string>,
): Promise<AlternateAccount> {
  const named = alternate.credentials.map(async (one) => ({ ...one, account: await nameOf(one.account) }));
  return { ...alternate, credentials: await Promise.all(named) };
}

/** An object where the serialization level let it through, else its text. */
export function alternateAccountOf(configuration: PsValue | undefined): AlternateAccount {
  const effective = configuration === undefined ? undefined : property(configuration, "EffectiveCredentials");
  if (effective === undefined || effective === null) return parseConfigurationText(textOf(configuration) ?? "");
  const items = itemsOf(effective);
  // Items without their properties say nothing; the text of the whole still does.
  if (items.length > 0 && items.every((one) => textProperty(one, "QualifiedUserName") === undefined)) {
    return parseConfigurationText(textOf(configuration) ?? "");
  }
  let comparable = true;
  const credentials = items.flatMap((one) => {
    const account = textProperty(one, "QualifiedUserName");
    if (account === undefined || textProperty(one, "IsValid")?.toLowerCase() === "false") return [];
    const instant = instantOf(property(one, "WhenAddedUTC"));
    if (instant === undefined) comparable = false;
    // A text tells at least one credential from the next of the same account.
    return [{ account, added: instant ?? textProperty(one, "WhenAddedUTC") ?? textProperty(one, "WhenAdded") ?? "" }];
  });
  return { credentials, comparable };
}

/**
 * `Latest: <date>, <account>` and `Previous: …`; the words may be in another language and the date in any culture, with
 * commas of its own, so only line order, the first `: ` and the last `, ` count. What has no backslash is no account. A
 * credential that the server cannot read has a marker in place of its date, in words that nobody has written down: a date has
 * digits.
 */
function parseConfigurationText(text: string): AlternateAccount {
  const credentials = text.split(/\r?\n/).flatMap((line) => {
    const value = line.slice(line.indexOf(":") + 1).trim();
    const comma = value.lastIndexOf(", ");
    const [added, account] = [value.slice(0, Math.max(comma, 0)), value.slice(comma + 2)];
    return /\p{Nd}/u.test(added) && account.includes("\\") ? [{ account, added }] : [];
  });
  return { credentials, comparable: false };
}

/** How a server's older credentials fare when it gets a new one. */
export type OlderCredentials =
  /** All stay: tickets made with any of them can still be read. */
  | "keep"
  /** Those that cannot log on any more go, as in the roll script. */
  | "clean-up";

/**
 * Gives a server one more credential, as its newest. Must run on that very server: it encrypts for its own machine.
 * The password is not checked by Exchange.
 */
export async function addAlternateAccount(
  shell: RemoteShell,
  server: ExchangeServer,
  credential: { readonly account: string; readonly password: SecureString },
  older: OlderCredentials,
  signal?: AbortSignal,
): Promise<void> {
  await set(shell, server, `give ${server.fqdn} the credential of ${credential.account}`, signal, {
    AlternateServiceAccountCredential: [new PsCredential(credential.account, credential.password)],
    ...(older === "clean-up" ? { CleanUpInvalidAlternateServiceAccountCredentials: true } : {}),
  });
}

/** Takes all credentials off a server (article, "To remove the ASA credential"); Exchange cannot take off one. */
export async function removeAlternateAccounts(
  shell: RemoteShell,
  server: ExchangeServer,
  signal?: AbortSignal,
): Promise<void> {
  const what = `remove the alternate service account from ${server.fqdn}`;
  await set(shell, server, what, signal, { RemoveAlternateServiceAccountCredentials: true });
}

async function set(
  shell: RemoteShell,
  server: ExchangeServer,
  what: string,
  signal: AbortSignal | undefined,
  parameters: NonNullable<Command["parameters"]>,
): Promise<void> {
  const command = {
    name: `Set-${clientAccessNoun(server.product)}`,
    parameters: { Identity: server.fqdn, ...parameters, Confirm: false },
  };
  await run(shell, [command], { what, signal, onlyOn: server.fqdn });
}
