import { ProviderError } from "../error";
import type { Channel } from "./channel";
import { Interruption, within } from "./deadline";
import { Deferred } from "./deferred";
import type { InvokeOptions, Pipeline, PipelineResult, PowerShellSession } from "./pipeline";
import { PipelineRun, pipelineName } from "./pipeline-run";
import { type ClientEvent, type HostCall, isVoidHostMethod, type OutgoingData, RunspacePoolClient } from "./psrp";

export interface SessionOptions {
  /** Pipelines that run at once; others wait on the server. Default 1. */
  readonly maxRunspaces?: number | undefined;
  /** Milliseconds until the pool must be open, and a key exchange done. Default 60,000. */
  readonly openDeadline?: number | undefined;
  /** Milliseconds until a stopped pipeline must have ended. Default 10,000. */
  readonly stopDeadline?: number | undefined;
  /** Milliseconds for each of: the pipelines' closes, the pool's close. Default 5,000. */
  readonly closeDeadline?: number | undefined;
  /** Bytes that a pipeline may give in all; it is kept until the end. Default 64 MiB. */
  readonly maxOutputSize?: number | undefined;
}

/** A runspace pool over a channel. There is no host: a command that asks a question fails, and never waits. */
export class RunspacePoolSession implements PowerShellSession {
  readonly #channel: Channel;
  readonly #client: RunspacePoolClient;
  readonly #runs = new Map<string, PipelineRun>();
  /** Pipelines that are over and being closed, and commands that are not yet done with. */
  readonly #pending = new Set<Promise<unknown>>();
  readonly #deadlines: { open: number; stop: number; close: number };
  readonly #maxOutputSize: number;
  readonly #opened = new Deferred();
  readonly #keyed = new Deferred();
  #key: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #lost: ProviderError | undefined;
  /** Why this session takes no further command, though those that run go on. */
  #ended: ProviderError | undefined;

  private constructor(
    readonly host: string,
    channel: Channel,
    options: SessionOptions,
  ) {
    this.#channel = channel;
    this.#client = new RunspacePoolClient({ maxRunspaces: options.maxRunspaces });
    this.#deadlines = {
      open: options.openDeadline ?? 60_000,
      stop: options.stopDeadline ?? 10_000,
      close: options.closeDeadline ?? 5_000,
    };
    this.#maxOutputSize = options.maxOutputSize ?? 64 * 1024 * 1024;
  }

  /**
   * Opens a runspace pool over a channel, and owns the channel from then on, also where this fails.
   * @param host the server's name, for messages
   * @throws ProviderError whatever the channel says; `timeout`; `protocol`
   */
  static async open(host: string, channel: Channel, options: SessionOptions = {}): Promise<RunspacePoolSession> {
    const session = new RunspacePoolSession(host, channel, options);
    try {
      await session.#late("open a runspace pool", session.#open());
      return session;
    } catch (error) {
      session.#lose(ProviderError.from(error, "protocol"));
      throw error;
    }
  }

  get usable(): boolean {
    return this.#lost === undefined && this.#closed === undefined && this.#ended === undefined;
  }

  /**
   * Runs a pipeline. One that ends by itself while it is being stopped is reported as it ended. After a stop the session takes no
   * further pipeline: PowerShell says "stopped" before its runspace is free, and may refuse or lose the next one.
   * @throws ProviderError `cancelled`, `timeout`; `unclear-outcome` where the connection broke under a command that may have run; `protocol`
   */
  invoke(pipeline: Pipeline, options: InvokeOptions = {}): Promise<PipelineResult> {
    return this.#track(this.#invoke(pipeline, options));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #open(): Promise<void> {
    this.#client.open();
    const pieces = this.#client.dataToSend(this.#channel.maxPieceSize);
    await this.#channel.open(this.#client.id, pieces, {
      data: (bytes, pipelineId) => this.#receive(bytes, pipelineId),
      lost: (error) => this.#lose(error),
    });
    await this.#opened.promise;
  }

  async #invoke(pipeline: Pipeline, options: InvokeOptions): Promise<PipelineResult> {
    this.#expectUsable();
    const name = pipelineName(pipeline);
    using interruption = new Interruption(`${name} on ${this.host}`, options);
    const sooner: ProviderError | undefined = interruption.error;
    if (sooner !== undefined) throw sooner;
    if (this.#client.needsSessionKey(pipeline)) {
      await Promise.race([this.#exchangeKey(), interruption.happened]);
      this.#expectUsable();
    }

    const pipelineId = this.#client.createPipeline(pipeline);
    const run = new PipelineRun(name, interruption);
    this.#runs.set(pipelineId, run);
    const opened = this.#openPipeline(pipelineId);
    const finished = opened.then(() => run.finished);
    try {
      return await Promise.race([finished, interruption.happened]);
    } catch (error) {
      const why = interruption.error;
      if (why === undefined || error !== why) throw error;
      this.#end(`${name} was stopped`);
      return await this.#stop(pipelineId, opened, finished, why);
    } finally {
      // Nobody has to wait for it: the next command may go out behind it.
      void this.#track(this.#closePipeline(pipelineId));
    }
  }

  #expectUsable(): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#closed !== undefined) throw new ProviderError("protocol", `The session with ${this.host} is closed.`);
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** @param why a clause */
  #end(why: string): void {
    this.#ended ??= new ProviderError("protocol", `The session with ${this.host} ended when ${why}.`);
  }

  async #openPipeline(pipelineId: string): Promise<void> {
    const pieces = this.#client.dataToSend(this.#channel.maxPieceSize);
    const own = pieces.filter((piece) => piece.pipelineId === pipelineId);
    const others = pieces.filter((piece) => piece.pipelineId !== pipelineId);
    await this.#send(others);
    await this.#channel.openPipeline(pipelineId, own);
    // The channel's own error tells more than "lost"; it wins until here. From here on the command may have run.
    if (this.#lost !== undefined) throw this.#unclear(pipelineId, this.#lost);
  }

  async #send(pieces: readonly OutgoingData[]): Promise<void> {
    for (const piece of pieces) await this.#channel.send(piece);
  }

  async #stop(
    pipelineId: string,
    opened: Promise<void>,
    finished: Promise<PipelineResult>,
    why: ProviderError,
  ): Promise<PipelineResult> {
    const unconfirmed = (cause?: unknown) =>
      new ProviderError(why.code, why.message, {
        hint: `${this.host} did not confirm that it was stopped: it may have taken effect.`,
        cause,
      });
    try {
      this.#client.beginStop(pipelineId);
      // A signal for a pipeline that is still being opened would be lost.
      const signalled = opened.then(() => this.#channel.stopPipeline(pipelineId)).then(() => finished);
      const result = await within(Promise.race([finished, signalled]), this.#deadlines.stop, unconfirmed);
      if (result.state !== "stopped") return result;
    } catch (error) {
      const failure = unconfirmed(error);
      this.#lose(failure);
      throw failure;
    }
    throw why;
  }

  async #closePipeline(pipelineId: string): Promise<void> {
    this.#runs.delete(pipelineId);
    if (this.#lost !== undefined) return;
    const late = () => new ProviderError("timeout", `${this.host} did not close a pipeline.`);
    try {
      await within(this.#channel.closePipeline(pipelineId), this.#deadlines.close, late);
    } catch {
      // It was over, and only its traces are left on the server: no reason to give up on what still runs.
      this.#end("a pipeline could not be closed");
    }
    this.#client.endPipeline(pipelineId);
  }

  /** MS-PSRP 3.1.5.4.3. Once a session, and only where a secret is about to be sent: it costs an RSA key. */
  #exchangeKey(): Promise<void> {
    this.#key ??= (async () => {
      try {
        const exchange = async () => {
          await this.#client.exchangeKey();
          await this.#send(this.#client.dataToSend(this.#channel.maxPieceSize));
          await this.#keyed.promise;
        };
        await this.#late("exchange a session key", exchange());
      } catch (error) {
        this.#lose(ProviderError.from(error, "protocol"));
        throw error;
      }
    })();
    return this.#key;
  }

  #late<T>(action: string, promise: Promise<T>): Promise<T> {
    const seconds = this.#deadlines.open / 1000;
    const late = () => new ProviderError("timeout", `${this.host} did not ${action} within ${seconds} s.`);
    return within(promise, this.#deadlines.open, late);
  }

  #receive(bytes: Uint8Array, pipelineId: string | null): void {
    if (this.#lost !== undefined) return;
    try {
      const run = pipelineId === null ? undefined : this.#runs.get(pipelineId);
      if (run !== undefined && run.count(bytes.length) > this.#maxOutputSize) {
        throw new ProviderError("protocol", `${run.name} gave more than ${this.#maxOutputSize} bytes.`);
      }
      for (const event of this.#client.receive(bytes, pipelineId)) this.#handle(event);
    } catch (error) {
      this.#lose(ProviderError.from(error, "protocol"));
    }
  }

  #handle(event: ClientEvent): void {
    switch (event.type) {
      case "poolState":
        if (event.state === "Opened") this.#opened.resolve();
        else if ((event.state === "Broken" || event.state === "Closed") && this.#closed === undefined) {
          const reason = event.error === undefined ? "" : ` ${event.error.message}`;
          this.#lose(new ProviderError("protocol", `${this.host} closed the runspace pool.${reason}`));
        }
        return;
      case "sessionKey":
        this.#keyed.resolve();
        return;
      case "publicKeyRequest":
        this.#exchangeKey().catch(() => {});
        return;
      case "hostCall":
        this.#refuseHostCall(event);
        return;
    }
    if ("pipelineId" in event) this.#runs.get(event.pipelineId)?.receive(event);
  }

  /** The pool says that it has no host, so a server asks nothing; one that asks nevertheless would wait for ever. */
  #refuseHostCall({ method, methodId, pipelineId }: HostCall): void {
    if (isVoidHostMethod(methodId)) return;
    const run = pipelineId === null ? undefined : this.#runs.get(pipelineId);
    const what = run === undefined ? "A command" : run.name;
    const error = new ProviderError("powershell-failed", `${what} on ${this.host} asked a question (${method}).`, {
      hint: "Nobody is there to answer: pass -Confirm:$false and every mandatory parameter.",
    });
    if (run === undefined) this.#lose(error);
    else run.interruption.now(error);
  }

  #unclear(pipelineId: string, cause: ProviderError): ProviderError {
    const name = this.#runs.get(pipelineId)?.name ?? "a command";
    const sentence = `The connection with ${this.host} broke while ${name} was running: nobody knows whether it took effect.`;
    return new ProviderError("unclear-outcome", `${sentence} ${cause.message}`, { cause });
  }

  #lose(error: ProviderError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#opened.reject(error);
    this.#keyed.reject(error);
    for (const [pipelineId, run] of this.#runs) run.fail(this.#unclear(pipelineId, error));
    this.#channel.destroy();
  }

  async #close(): Promise<void> {
    const closing = new ProviderError("cancelled", `The session with ${this.host} was closed.`);
    const late = () => new ProviderError("timeout", `${this.host} did not close its runspace pool.`);
    for (const run of this.#runs.values()) run.interruption.now(closing);
    try {
      await this.#settled();
      if (this.#lost !== undefined) return;
      this.#client.beginClose();
      await within(this.#channel.close(), this.#deadlines.close, late);
      this.#client.endClose();
    } catch {
      // Closing is for tidiness on the server's side; whoever closes has what he came for.
    } finally {
      this.#channel.destroy();
    }
  }

  /** Commands stopped and pipelines closed, each within its own deadline; a closed pool cannot hold an open pipeline. */
  async #settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    this.#pending.add(promise);
    const done = () => this.#pending.delete(promise);
    promise.then(done, done);
    return promise;
  }
}
