import type { Entry } from "ldapts";
import { ProviderError } from "../error";
import { bytes, integer, senseless, text, texts } from "./attributes";
import { filetimeText, generalizedTimeText, guidText, sidText } from "./identifiers";

export type AccountType = "computer" | "user";

/** Flags of `userAccountControl` (MS-ADTS 2.2.16). */
export const controlFlag = {
  disabled: 0x2,
  normalAccount: 0x200,
  interdomainTrust: 0x800,
  workstationTrust: 0x1000,
  serverTrust: 0x2000,
} as const;

/** Any object that has a sAMAccountName, as far as an alternate service account is concerned. */
export interface Account {
  readonly guid: string;
  readonly distinguishedName: string;
  /** With the `$` of a computer. */
  readonly samAccountName: string;
  /** `S-1-5-21-…` */
  readonly sid: string;
  /** The most special of its classes: `computer`, `user`, `msDS-GroupManagedServiceAccount`, `group`, … */
  readonly objectClass: string;
  readonly enabled: boolean;
  readonly isDomainController: boolean;
  readonly isTrust: boolean;
  readonly userAccountControl: number;
  readonly description: string | undefined;
  /** When it was made, ISO 8601. */
  readonly created: string | undefined;
  /** Set on computers that have joined the domain. */
  readonly dnsHostName: string | undefined;
  /** `msDS-SupportedEncryptionTypes` as it is; `undefined` where it is not set, or 0, which domain controllers take for the same. */
  readonly encryptionTypeBits: number | undefined;
  /** `msDS-KeyVersionNumber`: the kvno of tickets for this account. */
  readonly keyVersion: number | undefined;
  /** `pwdLastSet` as it is, to be compared between domain controllers. */
  readonly passwordStamp: string;
  /** `pwdLastSet` as ISO 8601; `undefined` where the password must be changed at the next logon. */
  readonly passwordLastSet: string | undefined;
  readonly servicePrincipalNames: readonly string[];
}

/** What {@link accountOf} reads. */
export const accountAttributes = [
  "objectGUID",
  "objectSid",
  "objectClass",
  "sAMAccountName",
  "userAccountControl",
  "description",
  "whenCreated",
  "dNSHostName",
  "msDS-SupportedEncryptionTypes",
  "msDS-KeyVersionNumber",
  "pwdLastSet",
  "servicePrincipalName",
];
export const binaryAttributes = ["objectGUID", "objectSid"];

/** @throws ProviderError `directory-rights` where what an account always has may not be read. */
export function accountOf(entry: Entry): Account {
  const [guid] = bytes(entry, "objectGUID");
  const [sid] = bytes(entry, "objectSid");
  const control = integer(entry, "userAccountControl") ?? 0;
  const passwordStamp = text(entry, "pwdLastSet") ?? "0";
  const classes = texts(entry, "objectClass");
  if (guid === undefined || sid === undefined) {
    throw new ProviderError("directory-rights", `The identity of ${entry.dn} cannot be read.`, {
      hint: "Grant the connection's user the right to read it.",
    });
  }
  // All that can log on has both. To take what may not be read for 0 would call a disabled account enabled, and write that 0 back.
  const hidden = ["userAccountControl", "pwdLastSet"].find((name) => text(entry, name) === undefined);
  if (hidden !== undefined && classes.includes("user")) {
    throw new ProviderError("directory-rights", `${hidden} of ${entry.dn} cannot be read.`, {
      hint: 'Grant the connection\'s user "Read all properties" on it.',
    });
  }
  if (guid.length !== 16) throw senseless(entry, "objectGUID");
  if (sid.length !== 8 + 4 * (sid[1] ?? 0)) throw senseless(entry, "objectSid");
  if (!/^-?\d{1,19}$/.test(passwordStamp)) throw senseless(entry, "pwdLastSet");
  return {
    guid: guidText(guid),
    distinguishedName: entry.dn,
    samAccountName: text(entry, "sAMAccountName") ?? "",
    sid: sidText(sid),
    objectClass: classes.at(-1) ?? "",
    enabled: (control & controlFlag.disabled) === 0,
    isDomainController: (control & controlFlag.serverTrust) !== 0,
    isTrust: (control & controlFlag.interdomainTrust) !== 0,
    userAccountControl: control,
    description: text(entry, "description"),
    created: generalizedTimeText(text(entry, "whenCreated") ?? ""),
    dnsHostName: text(entry, "dNSHostName"),
    encryptionTypeBits: integer(entry, "msDS-SupportedEncryptionTypes") || undefined,
    keyVersion: integer(entry, "msDS-KeyVersionNumber"),
    passwordStamp,
    passwordLastSet: filetimeText(passwordStamp),
    servicePrincipalNames: texts(entry, "servicePrincipalName"),
  };
}
