import { ProviderError } from "../../provider/error";
import type {
  ErrorRecord,
  InvokeOptions,
  Pipeline,
  PipelineResult,
  PowerShellSession,
} from "../../provider/powershell/pipeline";
import { PsObject, type PsValue, psValue } from "../../provider/powershell/psrp";
import { CmdletError, errorCategories } from "./cmdlets/cmdlet-error";
import type { Shell } from "./shell/shell";
import { type Depth, fromWire, toWire } from "./shell/wire-value";

/**
 * A session with the model in the same process, without sockets and PSRP: for hundreds of servers at once.
 * What comes and goes has the form that it would have after the wire.
 */
export class ModelSession implements PowerShellSession {
  usable = true;

  constructor(
    readonly host: string,
    private readonly shell: Shell,
    private readonly depth: Depth = "plain",
  ) {
    shell.onExpired(() => {
      this.usable = false;
    });
  }

  async invoke(pipeline: Pipeline, options: InvokeOptions = {}): Promise<PipelineResult> {
    if (!this.usable) throw new ProviderError("protocol", `The session to ${this.host} is closed.`);
    const output: PsValue[] = [];
    const errors: ErrorRecord[] = [];
    const warnings: string[] = [];
    const verbose: string[] = [];
    const information: PsValue[] = [];
    const abort = new AbortController();
    const deadline = options.deadline === undefined ? [] : [AbortSignal.timeout(options.deadline)];
    const stop = AbortSignal.any([abort.signal, ...deadline, ...(options.signal ? [options.signal] : [])]);
    const commands = pipeline.map((command) => ({
      name: command.name,
      script: false,
      arguments: [
        ...Object.entries(command.parameters ?? {}).map(([name, value]) => ({ name, value: fromWire(psValue(value)) })),
        ...(command.arguments ?? []).map((value) => ({ name: undefined, value: fromWire(psValue(value)) })),
      ],
    }));
    let state: PipelineResult["state"] = "completed";
    try {
      await this.shell.run(
        commands,
        {
          output: (value) => output.push(psValue(toWire(value, this.depth))),
          error: (error) => errors.push(recordOf(error)),
          warning: (text) => warnings.push(text),
          verbose: (text) => verbose.push(text),
          host: (text) => information.push(text),
        },
        stop,
      );
    } catch (thrown) {
      if (deadline[0]?.aborted) throw new ProviderError("timeout", `${this.host} did not answer in time.`);
      if (!(thrown instanceof CmdletError)) throw thrown;
      state = stop.aborted ? "stopped" : "failed";
      errors.push(recordOf(thrown));
    }
    return { state, output, errors, warnings, verbose, debug: [], information, progress: [] };
  }

  async close(): Promise<void> {
    this.usable = false;
    this.shell.close();
  }
}

function recordOf(error: CmdletError): ErrorRecord {
  return {
    message: error.message,
    category: errorCategories[error.category],
    fullyQualifiedErrorId: error.errorId,
    target: error.target ?? null,
    value: new PsObject({
      typeNames: ["System.Management.Automation.ErrorRecord", "System.Object"],
      text: error.message,
    }),
  };
}
