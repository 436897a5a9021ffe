import { type ErrorCode, ProviderError } from "../error";
import type { ErrorRecord, PipelineResult } from "./pipeline";

interface Diagnosis {
  readonly code: ErrorCode;
  readonly hint: string;
}

interface Symptom extends Diagnosis {
  /** Matches the error's FullyQualifiedErrorId. */
  readonly id?: RegExp;
  /** Matches its words, where no id tells: servers put these into faults too. */
  readonly words?: RegExp;
  /** ErrorCategory, MS-PSRP 2.2.3.9. */
  readonly category?: number;
}

/** The first that fits decides. */
const symptoms: readonly Symptom[] = [
  {
    id: /^CommandNotFoundException|^NamedParameterNotFound|^ParameterNotFound/i,
    code: "command-missing",
    hint:
      "What a role does not grant is not there at all: give the account a management role with this command and its parameters " +
      "(Get-ManagementRoleEntry '*\\<command>' names the roles), or load its module.",
  },
  {
    id: /^ScriptsNotAllowed|LanguageMode|^VariableReferenceNotSupported/i,
    words: /no-language mode|restricted language mode|not supported by this runspace|constrained ?language/i,
    code: "language-restricted",
    hint: "This endpoint takes commands with parameters and no script: use a shell with full language (local, or SSH) for scripts.",
  },
  {
    words: /maximum number of (\d+ )?concurrent commands/i,
    code: "quota",
    hint:
      "The session has had as many commands as the server allows on one: run again, in a new session. Or raise " +
      "MaxConcurrentCommandsPerShell on the server.",
  },
  {
    words:
      /maximum number of (\d+ )?concurrent (shells|operations|users)|maximum number of active shells|maximum number of connections allowed/i,
    code: "quota",
    hint:
      "Sessions left open by other runs count too: they end by themselves after some minutes of idling, or at once with " +
      "Restart-WebAppPool MSExchangePowerShellAppPool. Or raise PowerShellMaxConcurrency in the account's throttling policy.",
  },
  {
    words: /load quota|server (is )?(too )?busy|overbudget|throttl|exceeded .*\bquota\b/i,
    code: "quota",
    hint: "The server is busy, or limits this account: wait some minutes, run fewer operations at once, or raise its throttling policy.",
  },
  {
    id: /RemotePowerShellDisabled/i,
    words: /remote ?powershell.{0,40}(disabled|not enabled|isn't allowed|not allowed)/i,
    code: "access-denied",
    hint: "Allow it: Set-User <account> -RemotePowerShellEnabled $true.",
  },
  {
    words: /isn't assigned to any management roles|AuthZ-CmdletAccessDenied/i,
    code: "access-denied",
    hint: "Add the account to a role group of Exchange (Add-RoleGroupMember), and wait for it to replicate.",
  },
  {
    id: /^HostException|CannotPrompt|^HostFunctionNotImplemented/i,
    words: /does not support user interaction|NonInteractive mode/i,
    code: "powershell-failed",
    hint: "The command asked a question, and nobody is there to answer: pass -Confirm:$false and every mandatory parameter.",
  },
  {
    // Before the refusals: PowerShell gives it their id, UnauthorizedAccess.
    words: /execution ?policy|running scripts is disabled/i,
    code: "powershell-failed",
    hint: "Allow the script by the host's execution policy (RemoteSigned, and Unblock-File where it was downloaded).",
  },
  {
    id: /AccessDenied|UnauthorizedAccess|^Unauthorized|InsufficientAccess/i,
    words: /\baccess (is |was )?denied\b|insufficient access rights|INSUFF_ACCESS_RIGHTS/i,
    category: 18,
    code: "access-denied",
    hint:
      "Check the account's management roles and its rights on the object in Active Directory; where no session opens, " +
      "allow remote PowerShell: Set-User <account> -RemotePowerShellEnabled $true.",
  },
];

/** What a server's words mean, and the remedy; `undefined` where they have no known meaning. For error records and for faults. */
export function diagnose(error: {
  readonly message: string;
  readonly fullyQualifiedErrorId?: string;
  readonly category?: number;
}): Diagnosis | undefined {
  const { message, fullyQualifiedErrorId = "", category } = error;
  const found = symptoms.find(
    (it) =>
      it.id?.test(fullyQualifiedErrorId) ||
      it.words?.test(message) ||
      (it.category !== undefined && it.category === category),
  );
  return found && { code: found.code, hint: found.hint };
}

/**
 * Passes on the result of a pipeline that did its work without an error.
 * @param what what was to be done, as in "could not …"
 * @throws ProviderError the meaning of the first error that has one, with the server's words; `powershell-failed` where none has, or it was stopped
 */
export function throwOnErrors(result: PipelineResult, what: string, host: string): PipelineResult {
  const [first] = result.errors;
  if (first === undefined) {
    if (result.state === "completed") return result;
    const how = result.state === "stopped" ? "was stopped on the server" : "failed, and the server does not say why";
    throw new ProviderError("powershell-failed", `${host}: could not ${what}: the command ${how}.`);
  }
  // A terminating error comes last, and is often only the echo of the one that has a meaning.
  const telling = result.errors.find((error) => diagnose(error) !== undefined) ?? first;
  const diagnosis = diagnose(telling);
  const more = result.errors.length > 1 ? ` (the first of ${result.errors.length} errors that tells)` : "";
  throw new ProviderError(
    diagnosis?.code ?? "powershell-failed",
    `${host}: could not ${what}: ${words(telling)}${more}`,
    {
      hint: diagnosis?.hint,
      cause: telling,
    },
  );
}

/** The server's words as a sentence: without controls, which would act on the reader's terminal, and not without end. */
function words(error: ErrorRecord): string {
  const text = error.message.replace(/\p{Cc}+/gu, " ").trim();
  const known = text === "" ? error.fullyQualifiedErrorId || "an error without words" : text;
  const short = known.length > 1000 ? `${known.slice(0, 1000)}…` : known;
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}
