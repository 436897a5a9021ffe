import {
  type OutgoingData,
  type PsInput,
  PsObject,
  RunspacePoolServer,
  type ServerEvent,
} from "../../../provider/powershell/psrp";
import type { Streams } from "../cmdlets/cmdlet";
import { CmdletError, errorCategories } from "../cmdlets/cmdlet-error";
import { CredentialValue, ObjectValue, type Value } from "../cmdlets/value";
import type { Shell, ShellCommand } from "./shell";
import { type Depth, fromWire, toWire } from "./wire-value";

interface Running {
  readonly abort: AbortController;
  done: boolean;
}

/** A runspace pool's server end in front of a shell: takes the client's bytes, gives back what to send, whatever carries both. */
export class RunspacePool {
  private readonly server = new RunspacePoolServer();
  private readonly pipelines = new Map<string, Running>();
  private readonly keyWaiters: (() => void)[] = [];

  /**
   * @param send Called whenever there is something for the client.
   * @param finished Called after the last word about a pipeline.
   */
  constructor(
    private readonly shell: Shell,
    private readonly depth: Depth,
    private readonly send: (data: readonly OutgoingData[]) => void,
    private readonly finished: (pipelineId: string) => void = () => {},
  ) {
    shell.onExpired(() => this.close("Broken"));
  }

  /** Bytes of the pool's (`null`) or a pipeline's stream. */
  receive(data: Uint8Array, pipelineId: string | null): void {
    for (const event of this.server.receive(data, pipelineId)) this.answer(event);
    this.flush();
  }

  /** The client asks to stop a pipeline. */
  stop(pipelineId: string): void {
    const running = this.pipelines.get(pipelineId);
    if (running === undefined || running.done) return;
    this.server.beginStop(pipelineId);
    running.abort.abort();
    this.flush();
  }

  /** The client is done with a pipeline. */
  closePipeline(pipelineId: string): void {
    this.pipelines.get(pipelineId)?.abort.abort();
    if (this.pipelines.delete(pipelineId)) this.server.endPipeline(pipelineId);
  }

  close(state: "Closed" | "Broken" = "Closed"): void {
    for (const id of [...this.pipelines.keys()]) this.closePipeline(id);
    if (this.server.state === "Opened") this.server.close(state);
    this.flush();
    this.shell.close();
  }

  private flush(): void {
    const data = this.server.dataToSend();
    if (data.length > 0) this.send(data);
  }

  private answer(event: ServerEvent): void {
    switch (event.type) {
      case "createPipeline": {
        const commands = event.pipeline.map(
          (command): ShellCommand => ({
            name: command.name,
            script: event.isScript,
            arguments: [
              ...Object.entries(command.parameters ?? {}).map(([name, value]) => ({ name, value: read(value) })),
              ...(command.arguments ?? []).map((value) => ({ name: undefined, value: read(value) })),
            ],
          }),
        );
        void this.run(event.pipelineId, commands);
        return;
      }
      case "sessionKey":
        for (const go of this.keyWaiters.splice(0)) go();
        return;
      case "setMaxRunspaces":
      case "setMinRunspaces":
        this.server.answerAvailability(event.callId, event.count === 1);
        return;
      case "getAvailableRunspaces":
        this.server.answerAvailability(event.callId, 1n);
        return;
      case "resetRunspaceState":
        this.server.answerAvailability(event.callId, false);
        return;
    }
  }

  private async run(id: string, commands: readonly ShellCommand[]): Promise<void> {
    const running: Running = { abort: new AbortController(), done: false };
    this.pipelines.set(id, running);
    this.server.start(id);
    this.flush();
    // Streams keep their order even where an object has to wait for the key that seals its passwords.
    let written = Promise.resolve();
    const write = (what: () => void, secret = false) => {
      written = written.then(async () => {
        if (secret) await this.sessionKey();
        if (!this.pipelines.has(id)) return;
        what();
        this.flush();
      });
    };
    let failure: CmdletError | undefined;
    try {
      await this.shell.run(commands, this.streams(id, write), running.abort.signal);
    } catch (thrown) {
      failure = thrown instanceof CmdletError ? thrown : unexpected(thrown);
    }
    write(() => {
      running.done = true;
      if (running.abort.signal.aborted) this.server.endStop(id);
      else if (failure === undefined) this.server.complete(id);
      else this.server.fail(id, recordOf(failure));
    });
    await written;
    this.finished(id);
  }

  private streams(id: string, write: (what: () => void, secret?: boolean) => void): Streams {
    const { server } = this;
    return {
      output: (value) => {
        const object = toWire(value, this.depth);
        write(() => server.writeOutput(id, object), this.depth === "full" && holdsSecret(value));
      },
      error: (error) => write(() => server.writeError(id, recordOf(error))),
      warning: (text) => write(() => server.writeMessage(id, "warning", text)),
      verbose: (text) => write(() => server.writeMessage(id, "verbose", text)),
      host: (text) => write(() => server.writeInformation(id, hostMessage(text), "Write-Host")),
    };
  }

  private sessionKey(): Promise<void> {
    if (this.server.hasSessionKey) return Promise.resolve();
    this.server.requestKey();
    this.flush();
    return new Promise((resolve) => this.keyWaiters.push(resolve));
  }
}

/** Arguments arrive as what was received; only a caller in this process could have put anything else there. */
function read(value: PsInput): Value {
  if (value instanceof Date || Array.isArray(value) || value instanceof Map) throw new TypeError("not received");
  return fromWire(value as Parameters<typeof fromWire>[0]);
}

function recordOf(error: CmdletError) {
  return {
    message: error.message,
    fullyQualifiedErrorId: error.errorId,
    category: errorCategories[error.category],
    reason: error.reason,
    ...(error.target === undefined ? {} : { target: error.target }),
  };
}

/** What a bug of the lab looks like to a client: it must not pass for an answer of Exchange. */
function unexpected(thrown: unknown): CmdletError {
  console.error("The lab failed at a command:", thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CmdletError(message, { category: "NotSpecified", errorId: "LabFailed", terminating: true });
}

function hostMessage(text: string): PsObject {
  return new PsObject({
    typeNames: ["System.Management.Automation.HostInformationMessage", "System.Object"],
    text,
    adapted: { Message: text, NoNewLine: false },
  });
}

function holdsSecret(value: Value): boolean {
  if (value instanceof CredentialValue) return true;
  if (value instanceof ObjectValue) return Object.values(value.properties).some(holdsSecret);
  return Array.isArray(value) && value.some(holdsSecret);
}
