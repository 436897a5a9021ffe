import { Attribute, type Change, escapeFilter } from "ldapts";
import { ProviderError } from "../error";
import { type Account, type AccountType, accountAttributes, accountOf, binaryAttributes, controlFlag } from "./account";
import { replace, replaceBytes } from "./attributes";
import type { Directory } from "./directory";
import { childOf, sameDistinguishedName } from "./distinguished-name";
import { byGuid } from "./identifiers";
import { unicodePwd } from "./password";

export type { Account, AccountType } from "./account";

/** The account with that object GUID, wherever it was moved; `undefined` once it is deleted. */
export async function readAccount(directory: Directory, guid: string): Promise<Account | undefined> {
  const dc = await directory.domainController();
  const [entry] = await dc.search(`read the account ${guid}`, byGuid(guid), {
    scope: "base",
    attributes: accountAttributes,
    explicitBufferAttributes: binaryAttributes,
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
    attributes: accountAttributes,
    explicitBufferAttributes: binaryAttributes,
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
  const kind = account.accountType === "computer" ? controlFlag.workstationTrust : controlFlag.normalAccount;
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
      one("userAccountControl", String(kind | (account.enabled ? 0 : controlFlag.disabled))),
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
      String(
        enabled
          ? account.userAccountControl & ~controlFlag.disabled
          : account.userAccountControl | controlFlag.disabled,
      ),
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
