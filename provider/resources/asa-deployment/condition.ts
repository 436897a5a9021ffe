import type { Account } from "../../directory/accounts";
import { sameAccount } from "../../directory/qualified-name";
import { type AlternateAccount, predatesPassword } from "../../exchange/alternate-account";
import type { Context } from "../handler";
import type { ServerCondition, ServerState } from "./schema";
import type { Found } from "./survey";

/** Clocks of servers and domain controllers differ by five minutes at most, or there is no Kerberos. */
const clockSkew = 5 * 60_000;

/**
 * What a server has, in terms of the account as the directory has it.
 * @param before the same server when it was last looked at, with the same account
 */
export function stateOf(found: Found, account: Account, qualifiedName: string, before?: ServerState): ServerState {
  const { exchangeServer, alternate } = found;
  const [newest, ...older] = alternate.credentials;
  return {
    server: exchangeServer.fqdn,
    version: exchangeServer.version,
    condition: conditionOf(alternate, account, qualifiedName, before),
    account: newest?.account ?? "",
    added: newest?.added ?? "",
    hasPrevious: older.length > 0,
    otherAccounts: othersThan(qualifiedName, alternate),
    passwordLastSet: account.passwordLastSet ?? "",
  };
}

/** The account with no older password than is known of: a domain controller that lags behind still shows the one before. */
export function notBefore(account: Account, knownLastSet: string, context?: Context): Account {
  if (!(Date.parse(account.passwordLastSet ?? "") < Date.parse(knownLastSet))) return account;
  context?.progress(
    `warning: the domain controller shows the password of ${account.distinguishedName} from ${account.passwordLastSet}, and it was ` +
      `set at ${knownLastSet} since: it lags behind the others (repadmin /showrepl)`,
  );
  return { ...account, passwordLastSet: knownLastSet };
}

/** A server of which nothing is known. */
export function unseen(server: string): ServerState {
  const nothing = { version: "", account: "", added: "", hasPrevious: false, otherAccounts: [], passwordLastSet: "" };
  return { ...nothing, server, condition: "missing" };
}

/** A server that cannot be asked. What it had stays known only where that was right. */
export function absent(server: string, before: ServerState | undefined): ServerState {
  const right = before?.condition === "deployed" || before?.condition === "absent";
  return { ...(right ? before : { ...unseen(server), version: before?.version ?? "" }), condition: "absent" };
}

/** Whose credentials a server has besides. */
export function othersThan(qualifiedName: string, { credentials }: AlternateAccount): string[] {
  const others = credentials.map(({ account }) => account).filter((account) => !sameAccount(account, qualifiedName));
  return [...new Set(others)];
}

/** Exchange shows whose credentials a server has and since when, and never whether a password is right. */
function conditionOf(
  { credentials: [newest], comparable }: AlternateAccount,
  account: Account,
  qualifiedName: string,
  before: ServerState | undefined,
): ServerCondition {
  if (newest === undefined) return "missing";
  if (!sameAccount(newest.account, qualifiedName)) return "other-account";

  const lastSet = Date.parse(account.passwordLastSet ?? "");
  const setSince = lastSet > Date.parse(before?.passwordLastSet ?? "");
  const wasRight = before?.condition === "deployed" || before?.condition === "absent";
  if (wasRight && before.added === newest.added) return setSince ? "stale" : "deployed";

  // A text in the server's own culture and time zone says nothing about before and after.
  if (!comparable) return "unconfirmed";
  if (predatesPassword(newest.added, account.passwordLastSet ?? "")) return "stale";
  // A roll gives the server the password first and the directory last: this is a roll that came to its end. What is newer
  // than the directory's password is a copy of it, or what a roll that broke off has left.
  if (setSince && Date.parse(newest.added) <= lastSet + clockSkew) return "deployed";
  return "unconfirmed";
}
