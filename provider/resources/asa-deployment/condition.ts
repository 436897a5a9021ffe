import type { Account } from "../../directory/accounts";
import type { AsaDeploymentOutputs, ServerCondition, ServerState } from "./schema";
import type { Found } from "./survey";

/** What state knows of earlier rolls; with it a stale credential is told exactly, where dates alone cannot. */
export type Known = Pick<AsaDeploymentOutputs, "passwordLastSet" | "deployed">;

/** A server and whether it is proven to have the present password: dates tell who has a credential, not which. */
export interface Judged {
  readonly state: ServerState;
  readonly proven: boolean;
}

/** How long before the directory has the password the first server may have got it: a roll takes its time. */
const rollDuration = 60 * 60_000;
/** Clocks of servers and domain controllers differ by five minutes at most, or there is no Kerberos. */
const clockSkew = 5 * 60_000;

/** Compares what a server has with the account as the directory has it. */
export function judge(
  { exchangeServer, alternate }: Found,
  account: Account,
  qualifiedName: string,
  known: Known,
): Judged {
  const [newest] = alternate.credentials;
  const lastSet = Date.parse(account.passwordLastSet ?? "");
  const added = alternate.comparable && newest !== undefined ? Date.parse(newest.added) : Number.NaN;
  const before = known.deployed.find(({ server }) => server === exchangeServer.fqdn);
  const unchanged = before?.condition === "deployed" && before.added === newest?.added;
  const setSince = lastSet > Date.parse(known.passwordLastSet);

  let condition: ServerCondition = "deployed";
  if (newest === undefined) condition = "missing";
  else if (newest.account.toLowerCase() !== qualifiedName.toLowerCase()) condition = "other-account";
  else if ((unchanged && setSince) || added + rollDuration < lastSet) condition = "stale";

  // A roll gives the server the password first and the directory last. A credential that is newer than the directory's
  // password is a copy of it, or what a roll that broke off has left: only state can tell.
  const justBefore = setSince && added <= lastSet + clockSkew && added + rollDuration >= lastSet;
  const state: ServerState = {
    server: exchangeServer.fqdn,
    version: exchangeServer.version,
    condition,
    account: newest?.account ?? "",
    added: newest?.added ?? "",
    hasPrevious: alternate.credentials.length > 1,
  };
  return { state, proven: condition === "deployed" && ((unchanged && !setSince) || justBefore) };
}
