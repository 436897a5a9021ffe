import type { AccountType } from "../../directory/accounts";
import { halfCharacter, isWhole } from "../whole-text";

/** The length of a NetBIOS name without its last byte; the sAMAccountName has a `$` besides (MS-SAMR, RFC 1001). */
const longestComputer = 15;
/** sAMAccountName of a user, the limit of SAM (MS-SAMR 3.1.1.6). */
const longestUser = 20;

/** Why a name will not do for an account of that type; `undefined` where it will. */
export function nameRefusal(name: string, accountType: AccountType): string | undefined {
  if (name === "") return "An account needs a name.";
  if (/[\\/@]/.test(name)) return "Give the name alone, without its domain.";
  if (name.endsWith("$")) return "Leave out the $: the account name of a computer gets one by itself.";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(name))
    return "The name has control characters, which Active Directory does not allow.";
  if (!isWhole(name)) return `${halfCharacter}.`;
  if (name !== name.trim()) return "The name begins or ends with a space.";
  return accountType === "computer" ? computerRefusal(name) : userRefusal(name);
}

/** What Active Directory takes, and the next steps do not; `undefined` where they do. */
export function nameWarning(name: string): string | undefined {
  if (!/\s/.test(name)) return undefined;
  return `warning: "${name}" has a space: neither Exchange's script nor AsaDeployment takes such an account. Choose a name without`;
}

function computerRefusal(name: string): string | undefined {
  const strange = /[^A-Za-z0-9_-]/u.exec(name)?.[0];
  if (strange !== undefined) {
    return `The name of a computer has only letters from A to Z, digits, hyphens and underscores, not "${strange}".`;
  }
  if (name.length > longestComputer) {
    return `The name of a computer has at most ${longestComputer} characters (NetBIOS); this one has ${name.length}.`;
  }
  if (/^\d+$/.test(name)) return "The name of a computer cannot be a number.";
  if (/^-|-$/.test(name)) return "The name of a computer does not begin or end with a hyphen.";
  return undefined;
}

function userRefusal(name: string): string | undefined {
  const strange = /["[\]:;|=,+*?<>]/.exec(name)?.[0];
  if (strange !== undefined) return `Active Directory does not allow ${strange} in the name of an account.`;
  if (name.length > longestUser) {
    return `The name of a user has at most ${longestUser} characters (sAMAccountName); this one has ${name.length}.`;
  }
  if (/^[. ]+$/.test(name)) return "The name of a user cannot be of full stops and spaces only.";
  if (name.endsWith(".")) return "The name of a user does not end with a full stop.";
  return undefined;
}
