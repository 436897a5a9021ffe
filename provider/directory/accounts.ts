import { Attribute, type Change, type Entry, escapeFilter } from "ldapts";
import { ProviderError } from "../error";
import { bytes, integer, replace, replaceBytes, senseless, text, texts } from "./attributes";
import type { Directory } from "./directory";
import { childOf, sameDistinguishedName } from "./distinguished-name";
import { byGuid, filetimeText, generalizedTimeText, guidText, sidText } from "./identifiers";
import { unicodePwd } from "./password";

export type AccountType = "computer" | "user";

/** Flags of `userAccountControl` (MS-ADTS 2.2.16). */
const flag = {
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

const attributes = [
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
const binary = ["objectGUID", "objectSid"];

function accountOf(entry: Entry): Account {
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
    enabled: (control & flag.disabled) === 0,
    isDomainController: (control & flag.serverTrust) !== 0,
    isTrust: (control & flag.interdomainTrust) !== 0,
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

/** The account with that object GUID, wherever it was moved; `undefined` once it is deleted. */
export async function readAccount(directory: Directory, guid: string): Promise<Account | undefined> {
  const dc = await directory.domainController();
  const [entry] = await dc.search(`read the account ${guid}`, byGuid(guid), {
    scope: "base",
    attributes,
    explicitBufferAttributes: binary,
  });
  return entry && accountOf(entry);
}

/** As `readAccount`, for many resources that look at one account in the same moment: one search for all. */
export function readAccountTogether(directory: Directory, guid: string): Promise<Account | undefined> {
  const batch = directory.batch<Account>("accounts", async (guids) => {
    const found = await Promise.all(guids.map((one) => readAccount(directory, one)));
    return new Map(found.flatMap((account) => (account ? [[account.guid, account] as const] : [])));
  });
  return batch.get(guid);
}

/** The account with that sAMAccountName (with the `$` of a computer) in the connection's domain, of whatever class. */
export async function findAccount(directory: Directory, samAccountName: string): Promise<Account | undefined> {
  const [dc, { domain }] = await Promise.all([directory.domainController(), directory.forest()]);
  const [entry] = await dc.search(`look for the account ${samAccountName}`, domain, {
    scope: "sub",
    filter: escapeFilter`(sAMAccountName=${samAccountName})`,
    attributes,
    explicitBufferAttributes: binary,
  });
  return entry && accountOf(entry);
}

/** The container as the directory spells it; `undefined` where there is none, or where it is not one for accounts. */
export async function findContainer(directory: Directory, distinguishedName: string): Promise<string | undefined> {
  const dc = await directory.domainController();
  const [entry] = await dc.search(`look for ${distinguishedName}`, distinguishedName, {
    scope: "base",
    filter: "(|(objectClass=organizationalUnit)(objectClass=container)(objectClass=domainDNS))",
    attributes: ["objectClass"],
  });
  return entry?.dn;
}

export interface NewAccount {
  readonly name: string;
  readonly accountType: AccountType;
  readonly container: string;
  readonly description: string | undefined;
  readonly enabled: boolean;
  readonly encryptionTypeBits: number;
  readonly password: string;
}

/** A computer's sAMAccountName ends in `$`. */
export function samAccountNameOf(name: string, accountType: AccountType): string {
  return accountType === "computer" ? `${name}$` : name;
}

/** Adds an account in one request, so that none is ever there without password or encryption types. */
export async function addAccount(directory: Directory, account: NewAccount): Promise<Account> {
  const dc = await directory.domainController();
  const distinguishedName = childOf(account.container, account.name);
  const samAccountName = samAccountNameOf(account.name, account.accountType);
  const kind = account.accountType === "computer" ? flag.workstationTrust : flag.normalAccount;
  const one = (type: string, value: string) => new Attribute({ type, values: [value] });
  const find = async () => {
    const found = await findAccount(directory, samAccountName);
    return found && sameDistinguishedName(found.distinguishedName, distinguishedName) ? found : undefined;
  };
  await dc.add(
    {
      what: `add the account ${distinguishedName}`,
      object: distinguishedName,
      right: `"Create ${account.accountType === "computer" ? "Computer" : "User"} objects" on ${account.container}`,
    },
    distinguishedName,
    [
      one("objectClass", account.accountType),
      one("sAMAccountName", samAccountName),
      one("userAccountControl", String(kind | (account.enabled ? 0 : flag.disabled))),
      new Attribute({ type: "unicodePwd", values: [unicodePwd(account.password)] }),
      one("msDS-SupportedEncryptionTypes", String(account.encryptionTypeBits)),
      ...(account.description ? [one("description", account.description)] : []),
    ],
    async () => (await find()) !== undefined,
  );
  const added = await find();
  if (added !== undefined) return added;
  throw new ProviderError("directory-unclear", `${dc.host}: ${distinguishedName} was added and cannot be read.`, {
    hint: "Grant the connection's user the right to read it; then set adopt: true.",
  });
}

/** What `changeAccount` can set; a property left out stays as it is. */
export interface AccountChange {
  readonly enabled?: boolean;
  /** An empty text removes it. */
  readonly description?: string;
  readonly encryptionTypeBits?: number;
  readonly samAccountName?: string;
}

/** Sets properties in one request. Flags of `userAccountControl` other than "disabled" are kept. */
export async function changeAccount(directory: Directory, account: Account, change: AccountChange): Promise<void> {
  const { enabled, description, encryptionTypeBits, samAccountName } = change;
  const changes: Change[] = [];
  const names: string[] = [];
  const set = (attribute: string, value: string | undefined) => {
    changes.push(replace(attribute, value));
    names.push(attribute);
  };
  if (enabled !== undefined) {
    set(
      "userAccountControl",
      String(enabled ? account.userAccountControl & ~flag.disabled : account.userAccountControl | flag.disabled),
    );
  }
  if (description !== undefined) set("description", description || undefined);
  if (encryptionTypeBits !== undefined) set("msDS-SupportedEncryptionTypes", String(encryptionTypeBits));
  if (samAccountName !== undefined) set("sAMAccountName", samAccountName);
  if (changes.length === 0) return;
  const dc = await directory.domainController();
  await dc.modify(
    {
      what: `change ${names.join(", ")} of ${account.distinguishedName}`,
      object: account.distinguishedName,
      right: `"Write ${names.join(", ")}" on ${account.distinguishedName}`,
    },
    byGuid(account.guid),
    changes,
    async () => {
      const found = await readAccount(directory, account.guid);
      return (
        found !== undefined &&
        (enabled === undefined || found.enabled === enabled) &&
        (description === undefined || (found.description ?? "") === description) &&
        (encryptionTypeBits === undefined || found.encryptionTypeBits === encryptionTypeBits) &&
        (samAccountName === undefined || found.samAccountName === samAccountName)
      );
    },
  );
}

/** Moves, renames, or both, in one request. */
export async function moveAccount(
  directory: Directory,
  account: Account,
  container: string,
  name: string,
): Promise<void> {
  const target = childOf(container, name);
  const dc = await directory.domainController();
  await dc.move(
    {
      what: `move ${account.distinguishedName} to ${target}`,
      object: account.distinguishedName,
      right:
        `"Delete" and "Write name" on ${account.distinguishedName}, ` +
        `and "Create ${account.objectClass === "computer" ? "Computer" : "User"} objects" on ${container}`,
    },
    account.distinguishedName,
    target,
    async () => {
      const found = await readAccount(directory, account.guid);
      return found !== undefined && sameDistinguishedName(found.distinguishedName, target);
    },
  );
}

/**
 * Sets (not changes) the password of an account; the key version goes up by one.
 * A lost answer is settled by `pwdLastSet`, which only a set password moves.
 */
export async function setPassword(directory: Directory, account: Account, password: string): Promise<void> {
  const dc = await directory.domainController();
  await dc.modify(
    {
      what: `set the password of ${account.distinguishedName}`,
      object: account.distinguishedName,
      right: `"Reset password" on ${account.distinguishedName}`,
    },
    byGuid(account.guid),
    [replaceBytes("unicodePwd", unicodePwd(password))],
    async () => {
      const found = await readAccount(directory, account.guid);
      return found !== undefined && BigInt(found.passwordStamp) > BigInt(account.passwordStamp);
    },
  );
}

/**
 * Deletes that one object, wherever it is now. Objects below it are never deleted with it.
 * @throws ProviderError `refused`, naming what is below.
 */
export async function deleteAccount(directory: Directory, account: Account): Promise<void> {
  const dc = await directory.domainController();
  const children = await dc.search(`look below ${account.distinguishedName}`, account.distinguishedName, {
    scope: "one",
    attributes: ["1.1"],
  });
  if (children.length > 0) {
    throw new ProviderError(
      "refused",
      `${account.distinguishedName} has objects below it that are not ours: ${children.map(({ dn }) => dn).join("; ")}.`,
      { hint: "Move or delete them first." },
    );
  }
  await dc.delete(
    {
      what: `delete ${account.distinguishedName}`,
      object: account.distinguishedName,
      right: `"Delete" on ${account.distinguishedName} (and take off "Protect object from accidental deletion")`,
    },
    byGuid(account.guid),
    async () => (await readAccount(directory, account.guid)) === undefined,
  );
}
