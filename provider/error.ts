/**
 * What went wrong, as a word that callers may branch on. Keep each area's codes together.
 */
export type ErrorCode =
  // settings and inputs
  | "settings-invalid"
  | "input-invalid"
  | "refused"
  // directory
  | "directory-unreachable"
  | "directory-certificate"
  | "directory-credentials"
  | "directory-rights"
  | "directory-policy"
  | "directory-conflict"
  | "directory-not-found"
  | "directory-unclear"
  | "directory-failed"
  | "replication-late"
  // PowerShell remoting
  | "name-not-resolved"
  | "port-closed"
  | "kerberos"
  // the name, the password or the key is wrong: another try may lock the account
  | "kerberos-refused"
  // the same of a password that a server judges
  | "password-refused"
  | "access-denied"
  | "command-missing"
  | "language-restricted"
  | "quota"
  | "wrong-server"
  | "not-exchange"
  | "protocol"
  | "timeout"
  | "cancelled"
  | "unclear-outcome"
  | "powershell-failed"
  // anything that reached us without a meaning of its own
  | "unexpected";

export interface ErrorDetails {
  /** What the person at the terminal can do about it, as one sentence. */
  readonly hint?: string | undefined;
  /** The error underneath. Its text is never shown: it may hold what a server was sent. */
  readonly cause?: unknown;
}

/**
 * The one error of this package: what happened, to which object and on which host, and what to do.
 * Pulumi prints only `message` of a failed create or update, so the hint is part of it.
 */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, sentence: string, details: ErrorDetails = {}) {
    super(details.hint === undefined ? sentence : `${sentence} ${details.hint}`, { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }

  /** Whatever was thrown, as a `ProviderError`; one that already is passes through. */
  static from(thrown: unknown, code: ErrorCode = "unexpected"): ProviderError {
    if (thrown instanceof ProviderError) return thrown;
    const sentence = thrown instanceof Error ? thrown.message : String(thrown);
    return new ProviderError(code, sentence, { cause: thrown });
  }
}
