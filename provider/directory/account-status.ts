import { ProviderError } from "../error";
import type { Account } from "./accounts";
import { integer, text } from "./attributes";
import type { Directory } from "./directory";
import { byGuid, filetimeText, generalizedTimeText } from "./identifiers";

/** What keeps an account from being used, beside being disabled. */
export interface AccountStatus {
  readonly lockedOut: boolean;
  readonly passwordExpired: boolean;
  /** ISO 8601; `undefined` where it never ends. */
  readonly expires: string | undefined;
  /** Last logon as all domain controllers have it, two weeks late at most; `undefined` where it never logged on. */
  readonly lastLogon: string | undefined;
}

/** Bits of `msDS-User-Account-Control-Computed` (MS-ADTS 3.1.1.4.5.17). */
const computed = { lockedOut: 0x10, passwordExpired: 0x800000 } as const;
/** In `accountExpires`, beside 0: never. */
const never = "9223372036854775807";

export async function readAccountStatus(directory: Directory, account: Account): Promise<AccountStatus> {
  const dc = await directory.domainController();
  const [entry] = await dc.search(`read the status of ${account.distinguishedName}`, byGuid(account.guid), {
    scope: "base",
    attributes: ["msDS-User-Account-Control-Computed", "accountExpires", "lastLogonTimestamp"],
  });
  if (entry === undefined) {
    throw new ProviderError("directory-not-found", `${dc.host}: ${account.distinguishedName} is gone.`);
  }
  const flags = integer(entry, "msDS-User-Account-Control-Computed");
  if (flags === undefined) {
    // It is made for every account: what may not be seen is not 0.
    throw new ProviderError(
      "directory-rights",
      `${dc.host}: whether ${account.distinguishedName} is locked or its password expired cannot be read.`,
      { hint: 'Grant the connection\'s user "Read all properties" on it.' },
    );
  }
  const expires = text(entry, "accountExpires") ?? "0";
  return {
    lockedOut: (flags & computed.lockedOut) !== 0,
    passwordExpired: (flags & computed.passwordExpired) !== 0,
    expires: expires === never ? undefined : filetimeText(expires),
    lastLogon: filetimeText(text(entry, "lastLogonTimestamp") ?? "0"),
  };
}

/** Relative identifier of the group "Read-only Domain Controllers", which the first domain controller of 2008 brings. */
const firstGroupOf2008 = "521";

/**
 * Since when passwords of the domain have made AES keys: a domain got the group of read-only domain controllers together
 * with AES, when its first domain controller of 2008 came. `undefined` where the group is not there.
 */
export async function aesSince(directory: Directory, account: Account): Promise<string | undefined> {
  const dc = await directory.domainController();
  const group = `${account.sid.slice(0, account.sid.lastIndexOf("-"))}-${firstGroupOf2008}`;
  const [entry] = await dc.search(`read the group ${group}`, `<SID=${group}>`, {
    scope: "base",
    attributes: ["whenCreated"],
  });
  return entry && generalizedTimeText(text(entry, "whenCreated") ?? "");
}
