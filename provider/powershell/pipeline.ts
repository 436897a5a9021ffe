import type { PsInput, PsValue } from "./psrp/clixml";

/** One command of a pipeline, as data: nothing in it is ever read as script text. */
export interface Command {
  readonly name: string;
  /** Named parameters. A switch is `true`; `-Confirm:$false` is `false`. */
  readonly parameters?: Readonly<Record<string, PsInput>>;
  /** Positional arguments, after the named ones. */
  readonly arguments?: readonly PsInput[];
}

/** Commands joined as by `|`. */
export type Pipeline = readonly [Command, ...Command[]];

/** An error record of the server. Its texts may quote parameters: redact before showing (MS-PSRP 2.2.3.15). */
export interface ErrorRecord {
  readonly message: string;
  readonly category: number;
  readonly fullyQualifiedErrorId: string;
  readonly target: PsValue;
  readonly value: PsValue;
}

/** What came of a pipeline. `completed` with errors is not success: Exchange's cmdlets write errors and finish. */
export interface PipelineResult {
  readonly state: "completed" | "failed" | "stopped";
  readonly output: readonly PsValue[];
  readonly errors: readonly ErrorRecord[];
  readonly warnings: readonly string[];
  readonly verbose: readonly string[];
  readonly debug: readonly string[];
  readonly information: readonly PsValue[];
  readonly progress: readonly PsValue[];
}

export interface InvokeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the pipeline is stopped and `timeout` is thrown. */
  readonly deadline?: number | undefined;
}

/** An open runspace pool on one server, over whatever carries it. */
export interface PowerShellSession {
  readonly host: string;
  /** False once the pool is closed or broken or a pipeline was stopped; a session pool then opens another before the next command. */
  readonly usable: boolean;
  invoke(pipeline: Pipeline, options?: InvokeOptions): Promise<PipelineResult>;
  /** Closes pipelines, then the pool, within a deadline. Never throws. */
  close(): Promise<void>;
}
