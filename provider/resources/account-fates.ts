import type { Directory } from "../directory/directory";
import { sameAccount } from "../directory/qualified-name";
import { type Preview, unknown } from "./handler";
import { perDomain } from "./per-domain";

/**
 * What `diff` has found for the accounts of this run, by qualified name. An account that is only changed is unknown in a
 * preview like one that is made anew; whatever refers to it asks here, so that the preview says which of the two it is. One
 * that nothing changes is known: what is unknown is another one then.
 */
type Fate = "unchanged" | "changes" | "goes";

const fates = perDomain(() => new Map<string, Fate>());
/** Object GUIDs of accounts made in this run, by qualified name: one can be made anew under its old name. */
const made = perDomain(() => new Map<string, string>());

/** Object GUIDs of accounts that this run adopts: a preview finds their names held before it can know whose they will be. */
const adoptees = perDomain(() => new Set<string>());

/** Object GUIDs of accounts that the program has adopted, in this run or before. */
const takenOver = perDomain(() => new Set<string>());

/** Object GUIDs of accounts that the stack has made. */
const own = perDomain(() => new Set<string>());

export function accountWill(directory: Directory, qualifiedName: string, fate: Fate): void {
  fates(directory).set(qualifiedName.toLowerCase(), fate);
}

function onlyChanges(directory: Directory, qualifiedName: string): boolean {
  return fates(directory).get(qualifiedName.toLowerCase()) === "changes";
}

export function accountWasMade(directory: Directory, qualifiedName: string, guid: string): void {
  made(directory).set(qualifiedName.toLowerCase(), guid);
}

/** State says that the stack has made this account: names that are on it are the stack's, and go with it at the latest. */
export function accountIsOwn(directory: Directory, guid: string): void {
  own(directory).add(guid);
}

export function isOwnAccount(directory: Directory, guid: string): boolean {
  return own(directory).has(guid);
}

/** Whether a resource of the program that stays has made it, in this run or before. */
export function isOfProgram(directory: Directory, guid: string): boolean {
  return isOwnAccount(directory, guid) || [...made(directory).values()].includes(guid);
}

/** A resource of the program has taken over an account that was there. */
export function accountWasAdopted(directory: Directory, guid: string): void {
  takenOver(directory).add(guid);
}

/**
 * Whether it belongs to another resource now than to the one that made it, as where a resource was given another name, or will:
 * where Pulumi is told to replace a resource and to delete the old one first, that comes before the adoption.
 */
export function accountHasMovedOn(directory: Directory, guid: string): boolean {
  return takenOver(directory).has(guid) || adoptees(directory).has(guid);
}

/** Whether an account of that name was made in this run, and is another than the one with that object GUID. */
export function madeAnew(directory: Directory, qualifiedName: string, guid: string): boolean {
  const found = made(directory).get(qualifiedName.toLowerCase());
  return found !== undefined && found !== guid;
}

/** Whether a resource will belong to another account than state says, or may: what is not known yet may be any. */
export function accountMoves(
  directory: Directory,
  olds: { readonly account: string; readonly accountGuid: string },
  account: Preview<string>,
): boolean {
  if (account === unknown) return !onlyChanges(directory, olds.account);
  return !sameAccount(olds.account, account) || madeAnew(directory, olds.account, olds.accountGuid);
}

export function accountWillBeAdopted(directory: Directory, guid: string): void {
  adoptees(directory).add(guid);
}

export function accountsToAdopt(directory: Directory): readonly string[] {
  return [...adoptees(directory)];
}
