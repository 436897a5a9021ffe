import type { Account } from "../../directory/accounts";
import type { AlternateAccount } from "../../exchange/alternate-account";
import type { AsaDeploymentOutputs, ServerCondition, ServerState } from "./schema";
import type { Found } from "./survey";

/** What was known before this look: the password that servers marked as deployed had then. */
export type Known = Pick<AsaDeploymentOutputs, "passwordLastSet" | "deployed">;

/** What a deployment is before it is made. */
export const nothingKnown: Known = { passwordLastSet: "", deployed: [] };

/** How long before the directory has the password the first server may have got it: a roll takes its time. */
const rollDuration = 60 * 60_000;
/** Clocks of servers and domain controllers differ by five minutes at most, or there is no Kerberos. */
const clockSkew = 5 * 60_000;

/** What a server has, in terms of the account as the directory has it. */
export function stateOf(found: Found, account: Account, qualifiedName: string, known: Known): ServerState {
  const { exchangeServer, alternate } = found;
  const { credentials } = alternate;
  return {
    server: exchangeServer.fqdn,
    version: exchangeServer.version,
    condition: conditionOf(found, account, qualifiedName, known),
    account: credentials[0]?.account ?? "",
    added: credentials[0]?.added ?? "",
    hasPrevious: credentials.length > 1,
    otherAccounts: othersThan(qualifiedName, alternate),
  };
}

/** Whose credentials a server has besides. */
export function othersThan(qualifiedName: string, { credentials }: AlternateAccount): string[] {
  const others = credentials.map(({ account }) => account).filter((account) => !sameAccount(account, qualifiedName));
  return [...new Set(others)];
}

/** Exchange shows a name as it was typed. */
export function sameAccount(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Exchange shows whose credentials a server has and since when, and never whether a password is right. */
function conditionOf(
  { exchangeServer, alternate }: Found,
  account: Account,
  qualifiedName: string,
  known: Known,
): ServerCondition {
  const [newest] = alternate.credentials;
  if (newest === undefined) return "missing";
  if (!sameAccount(newest.account, qualifiedName)) return "other-account";

  const lastSet = Date.parse(account.passwordLastSet ?? "");
  const setSince = lastSet > Date.parse(known.passwordLastSet);
  const before = known.deployed.find(({ server }) => server === exchangeServer.fqdn);
  if (before?.condition === "deployed" && before.added === newest.added) return setSince ? "stale" : "deployed";

  // A text in the server's own culture and time zone says nothing about before and after.
  const added = alternate.comparable ? Date.parse(newest.added) : Number.NaN;
  if (added + rollDuration < lastSet) return "stale";
  // A roll gives the server the password first and the directory last: this is a roll that came to its end. What is newer
  // than the directory's password is a copy of it, or what a roll that broke off has left.
  if (setSince && added <= lastSet + clockSkew) return "deployed";
  return "unconfirmed";
}
