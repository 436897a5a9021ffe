import { ResultCodeError } from "ldapts";
import { type ErrorCode, ProviderError } from "../error";

/** What was being done, for the error that says it failed. */
export interface Deed {
  /** Completes "could not …": `add the account CN=…`. Never holds a value that may be secret. */
  readonly what: string;
  /** Distinguished name of the object that was touched. */
  readonly object?: string | undefined;
  /** The permission it needs, and on which object, for whoever may be missing it. */
  readonly right?: string | undefined;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly hint?: string | undefined;
}

/** LDAP result codes (RFC 4511 4.1.9). */
export const ldapResult = {
  busy: 51,
  constraintViolation: 19,
  entryAlreadyExists: 68,
  insufficientAccessRights: 50,
  invalidCredentials: 49,
  noSuchAttribute: 16,
  noSuchObject: 32,
  notAllowedOnNonLeaf: 66,
  attributeOrValueExists: 20,
  strongerAuthRequired: 8,
  unwillingToPerform: 53,
} as const;

/** Why a bind was refused: the `data` part of result 49 is a Windows logon error in hexadecimal (winerror.h 1300 ff.). */
const logonErrors: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  "525": ["there is no such user", "Check the user name of the connection."],
  "52e": ["the user name or the password is wrong", "Check both in the settings of the connection."],
  "530": ["the account may not log on at this time", "Ask for its logon hours to be changed, or use another account."],
  "531": ["the account may not log on from here", "Ask for its logon workstations to be changed."],
  "532": ["its password has expired", "Change the password, then the setting."],
  "533": ["the account is disabled", "Enable it, or use another account."],
  "701": ["the account has expired", "Extend it, or use another account."],
  "773": ["its password must be changed first", "Change the password at a logon, then the setting."],
  "775": ["the account is locked out", "Unlock it, and look for what tried a wrong password before running again."],
};

/** Samba names the reason in words. */
const logonStatus: Readonly<Record<string, keyof typeof logonErrors>> = {
  NT_STATUS_NO_SUCH_USER: "525",
  NT_STATUS_LOGON_FAILURE: "52e",
  NT_STATUS_WRONG_PASSWORD: "52e",
  NT_STATUS_INVALID_LOGON_HOURS: "530",
  NT_STATUS_INVALID_WORKSTATION: "531",
  NT_STATUS_PASSWORD_EXPIRED: "532",
  NT_STATUS_ACCOUNT_DISABLED: "533",
  NT_STATUS_ACCOUNT_EXPIRED: "701",
  NT_STATUS_PASSWORD_MUST_CHANGE: "773",
  NT_STATUS_ACCOUNT_LOCKED_OUT: "775",
};

/** Ends the hint of a refused logon. */
export const noFurtherLogon = "No further logon is tried in this run, so as not to lock the account.";

function credentials(serverText: string): Meaning {
  const data = /\bdata ([0-9a-f]+)\b/i.exec(serverText)?.[1]?.toLowerCase();
  const status = /NT_STATUS_[A-Z_]+/.exec(serverText)?.[0];
  const [reason, remedy] = logonErrors[data ?? logonStatus[status ?? ""] ?? ""] ?? [
    "the user name or the password was not accepted",
    "Check both in the settings of the connection, and whether the account is locked or disabled.",
  ];
  return { code: "directory-credentials", sentence: reason, hint: `${remedy} ${noFurtherLogon}` };
}

/** Windows errors that say more than the LDAP code beside them, by number. */
const windowsErrors: Readonly<Record<number, (deed: Deed) => Meaning>> = {
  5: rights,
  31: () => ({
    code: "directory-failed",
    sentence: "the domain controller takes passwords only over an encrypted connection, and did not count this as one",
    hint: "Look at its certificate for LDAPS.",
  }),
  1325: () => ({
    code: "directory-policy",
    sentence: "the password does not meet the domain's policy for length, complexity, history or minimum age",
    hint: "Give a longer one of several kinds of characters, or leave it out: a random one then meets any policy.",
  }),
  8557: () => ({
    code: "directory-rights",
    sentence: "the quota of computer accounts that this user may create is used up (ms-DS-MachineAccountQuota)",
    hint: 'Grant it "Create Computer objects" on the organizational unit.',
  }),
  8647: () => ({
    code: "directory-conflict",
    sentence: "another account in the forest has this service principal name (0x21C7)",
    // setspn does not look for HOST/…, and takeFrom does not take it: that computer needs it.
    hint:
      "Find it with `setspn -F -Q`, and name it in takeFrom if it is to lose it. If that finds none, a computer has the name by " +
      "its HOST/…: beside that, only an administrator may add it (KB5008382).",
  }),
  8648: () => ({
    code: "directory-conflict",
    sentence: "another account in the forest has this user principal name (0x21C8)",
  }),
  1316: taken,
  8305: taken,
};

function taken(): Meaning {
  return {
    code: "directory-conflict",
    sentence: "an object of that name exists",
    hint: "Choose another name, or set adopt: true if it is the account that is meant.",
  };
}

function rights(deed: Deed): Meaning {
  return {
    code: "directory-rights",
    sentence: "the user of the connection has not the right to",
    hint: deed.right === undefined ? "Ask for the permission, or use another account." : `Grant it ${deed.right}.`,
  };
}

const busy: Meaning = {
  code: "directory-failed",
  sentence: "the domain controller is busy or not available at the moment",
  hint: "Run again in a while; nothing was changed by this request.",
};

const resultMeanings: Readonly<Record<number, (deed: Deed) => Meaning>> = {
  3: () => ({ ...busy, sentence: "the domain controller's time limit was exceeded" }),
  8: () => ({
    code: "directory-failed",
    sentence: "the domain controller asks for stronger protection of the connection",
    hint: "Use tls: ldaps.",
  }),
  10: () => ({
    code: "directory-failed",
    sentence:
      "this domain controller only refers to another one: it is read-only, or the object belongs to another domain",
    hint: "Name one that can be written to as domainController, or use a connection to the object's domain.",
  }),
  [ldapResult.noSuchObject]: (deed) => ({
    code: "directory-not-found",
    sentence: deed.object === undefined ? "there is no such object" : `there is no ${deed.object}`,
    hint: "It may have been deleted or moved: run pulumi refresh.",
  }),
  34: () => ({ code: "input-invalid", sentence: "the distinguished name is not valid" }),
  [ldapResult.insufficientAccessRights]: rights,
  [ldapResult.busy]: () => busy,
  52: () => busy,
  [ldapResult.notAllowedOnNonLeaf]: () => ({
    code: "refused",
    sentence: "it has objects below it that are not ours",
    hint: "Move or delete them first.",
  }),
  [ldapResult.entryAlreadyExists]: taken,
};

/** The LDAP result code of what was thrown, where a server answered at all. */
export function resultCode(thrown: unknown): number | undefined {
  return thrown instanceof ResultCodeError ? thrown.code : undefined;
}

/** The Windows error number that begins a server's text: `0000052D: SvcErr: …`. */
export function windowsError(serverText: string): number | undefined {
  const hex = /^([0-9A-F]{8}): /i.exec(serverText)?.[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

/** Samba's words for a duplicate SPN and for a password that the policy refuses, where it gives no number or a general one. */
function meaningOfText(serverText: string): number | undefined {
  if (/would cause a conflict/i.test(serverText)) return 0x21c7;
  if (/check_password_restrictions|password is too short|password does not meet/i.test(serverText)) return 0x52d;
  return undefined;
}

/**
 * A server's refusal as a sentence and a remedy. The server's own text is not shown: it may quote what it was sent.
 * Decided by the LDAP code and, where there is one, the Windows error; texts differ from server to server.
 */
export function ldapFailure(thrown: ResultCodeError, host: string, deed: Deed): ProviderError {
  const serverText = thrown.message;
  const number = meaningOfText(serverText) ?? windowsError(serverText);
  const meaning =
    thrown.code === ldapResult.invalidCredentials
      ? credentials(serverText)
      : (windowsErrors[number ?? -1] ?? resultMeanings[thrown.code])?.(deed);
  const numbers = `LDAP result ${thrown.code}${number === undefined ? "" : `, Windows error 0x${number.toString(16).toUpperCase()}`}`;
  const { code, sentence, hint } = meaning ?? { code: "directory-failed" as const, sentence: numbers, hint: undefined };
  return new ProviderError(code, `${host}: could not ${deed.what}: ${sentence}.`, { hint, cause: thrown });
}
