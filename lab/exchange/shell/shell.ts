import type { Streams } from "../cmdlets/cmdlet";
import { CmdletError } from "../cmdlets/cmdlet-error";
import type { PipelineCommand } from "../cmdlets/run-pipeline";

/** A command as a client sent it; `script` where its text is to be read as a script. */
export interface ShellCommand extends PipelineCommand {
  readonly script: boolean;
}

/** What stands behind a runspace pool, whatever carried it here. */
export interface Shell {
  /** Host that executes the commands. */
  readonly runsOn: string;
  /** @throws CmdletError when the pipeline ends in a terminating error. */
  run(commands: readonly ShellCommand[], streams: Streams, signal?: AbortSignal): Promise<void>;
  close(): void;
  /** Called once when the server ends the shell by itself. */
  onExpired(listener: () => void): void;
}

/** The restricted endpoint reads no script, whatever it says. */
export function scriptsNotAllowed(): CmdletError {
  return new CmdletError(
    "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
    { category: "ParserError", errorId: "ScriptsNotAllowed", reason: "ParseException", terminating: true },
  );
}
