import { ProviderError } from "../error";
import { diagnose } from "../powershell/failure";
import type { ErrorRecord, Pipeline, PipelineResult } from "../powershell/pipeline";
import type { PsValue } from "../powershell/psrp";
import type { PowerShellTurn } from "../powershell/session-pool";

/** Somewhere that Exchange's commands run: a server's own restricted endpoint, or a shell on a host with its scripts. */
export type RemoteShell = PowerShellTurn;

/** One that others use too, pipeline by pipeline, unless somebody has it for a turn. */
export interface SharedShell extends RemoteShell {
  /** @see SessionPool.inTurn */
  inTurn<T>(what: string, work: (shell: RemoteShell) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Milliseconds that one cmdlet may take; Exchange's own management shell gives its commands 15 minutes at most. */
const cmdletDeadline = 180_000;

export interface Deed {
  /** As in "could not …". */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. Default: three minutes. */
  readonly deadline?: number | undefined;
  /** The server that does it for itself alone. */
  readonly onlyOn?: string | undefined;
}

/**
 * Runs one pipeline of cmdlets. Exchange's cmdlets write an error and finish, so a finished state alone is no success.
 * @throws ProviderError `command-missing` where a management role is lacking, `powershell-failed` with Exchange's words.
 */
export async function run(shell: RemoteShell, pipeline: Pipeline, deed: Deed): Promise<PipelineResult> {
  return succeeded(await resultOf(shell, pipeline, deed), pipeline, shell.host, deed);
}

function resultOf(shell: RemoteShell, pipeline: Pipeline, deed: Deed): Promise<PipelineResult> {
  const deadline = deed.deadline ?? cmdletDeadline;
  return shell.invoke(pipeline, { deadline, signal: deed.signal }).catch((thrown: unknown) => {
    throw lostOnTheWay(ProviderError.from(thrown), pipeline, shell.host, deed);
  });
}

function succeeded(result: PipelineResult, pipeline: Pipeline, host: string, deed: Deed): PipelineResult {
  const [error] = result.errors;
  if (error !== undefined) throw failure(error, pipeline[0].name, host, deed);
  if (result.state === "completed") return result;
  throw new ProviderError("powershell-failed", `${host}: could not ${deed.what}: the command was ${result.state}.`, {
    hint: "Try again; if it stays so, look at the server's own log of the command (Get-EventLog MSExchange Management).",
  });
}

export async function output(shell: RemoteShell, pipeline: Pipeline, deed: Deed): Promise<readonly PsValue[]> {
  return (await run(shell, pipeline, deed)).output;
}

/** The same of a command that writes an error for what it finds wrong: errors count only where it gives nothing besides. */
export async function outputDespiteErrors(
  shell: RemoteShell,
  pipeline: Pipeline,
  deed: Deed,
): Promise<readonly PsValue[]> {
  const result = await resultOf(shell, pipeline, deed);
  const found = result.state === "completed" && result.output.length > 0;
  return found ? result.output : succeeded(result, pipeline, shell.host, deed).output;
}

/** What a broken connection means for this deed: where a command only reads, nothing can have happened. */
function lostOnTheWay(error: ProviderError, pipeline: Pipeline, host: string, { what }: Deed): ProviderError {
  if (error.code !== "unclear-outcome") return error;
  if (pipeline.every(({ name }) => name.startsWith("Get-"))) {
    return new ProviderError("protocol", `${host}: could not ${what}: the connection broke.`, {
      hint: "Nothing was changed by this command. Look whether the server was restarted, and run again.",
      cause: error,
    });
  }
  return new ProviderError(error.code, `${host}: whether it is done to ${what} is not known. ${error.message}`, {
    hint: "Run pulumi up again: it looks first at what the server has.",
    cause: error,
  });
}

function failure(error: ErrorRecord, command: string, host: string, deed: Deed): ProviderError {
  const id = error.fullyQualifiedErrorId;
  const sentence = `${host}: could not ${deed.what}: ${error.message}`;
  // What a role does not grant is not there at all: neither the command nor the parameter.
  if (/CommandNotFoundException|NamedParameterNotFound/.test(id)) {
    return new ProviderError("command-missing", sentence, {
      hint:
        `${command}, or a parameter of it, is not there for this user: give it a management role group that has the role ` +
        `${roleFor(command)} (Get-ManagementRole -Cmdlet ${command} shows all roles that have it).`,
    });
  }
  if (/ScriptsNotAllowed/.test(id)) {
    return new ProviderError("language-restricted", sentence, { hint: "This endpoint takes commands, not scripts." });
  }
  const elsewhere = deed.onlyOn !== undefined && error.category === invalidOperation;
  return new ProviderError("powershell-failed", sentence, {
    hint: elsewhere ? runsElsewhere(deed.onlyOn) : diagnose(error)?.hint,
  });
}

/** ErrorCategory.InvalidOperation (MS-PSRP 2.2.3.9): a server was asked for what another one does. */
const invalidOperation = 7;

function runsElsewhere(server: string): string {
  return (
    `This has to run on ${server} itself. If another server is named, a front end has handed the session to that one although ` +
    `it asks for ${server} (TargetServer): bring ${server} to the last update, or use method: "script".`
  );
}

/** The built-in role that has a command; an organization may have roles of its own. */
function roleFor(command: string): string {
  return /OutlookAnywhere|VirtualDirectory/.test(command)
    ? "Exchange Virtual Directories"
    : "Organization Configuration or, to look only, View-Only Configuration";
}
