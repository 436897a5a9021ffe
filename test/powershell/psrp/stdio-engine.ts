import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { Pipeline } from "../../../provider/powershell/pipeline";
import {
  type ClientEvent,
  encodePacket,
  OutOfProcessReader,
  type PoolClientOptions,
  type PsInput,
  type PsValue,
  poolGuid,
  RunspacePoolClient,
} from "../../../provider/powershell/psrp";

/** The events of one type, also where several types share a shape. */
type EventOf<T extends ClientEvent["type"]> = ClientEvent extends infer E
  ? E extends { type: infer U }
    ? T extends U
      ? E
      : never
    : never
  : never;

/** All that came of a pipeline. */
export interface Outcome {
  readonly state: string;
  readonly events: readonly ClientEvent[];
  readonly output: PsValue[];
}

/** The core over a real engine's standard input and output: no more than a pump, so that what fails is the core. */
export class StdioEngine {
  readonly pool: RunspacePoolClient;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #reader = new OutOfProcessReader();
  readonly #waiting = new Set<{ until: () => boolean; done: () => void; failed: (reason: Error) => void }>();
  readonly #acknowledged = new Set<string>();
  #failure: Error | undefined;
  /** Everything that came, unless `keep` is turned off. */
  events: ClientEvent[] = [];
  /** Sees events as they come. */
  onEvent: (event: ClientEvent) => void = (event) => this.events.push(event);
  /** Sees all bytes of PSRP, both ways. */
  onBytes: (direction: "sent" | "received", data: Uint8Array, pipelineId: string | null) => void = () => {};

  private constructor(engine: string, options: PoolClientOptions) {
    this.pool = new RunspacePoolClient(options);
    this.#child = spawn(engine, ["-s", "-NoLogo", "-NoProfile"], { stdio: "pipe" });
    this.#child.on("error", (error) => this.#fail(error));
    this.#child.on("close", () => this.#fail(new Error("the engine ended")));
    this.#child.stdin.on("error", (error) => this.#fail(error));
    this.#child.stdout.on("data", (bytes: Buffer) => {
      try {
        this.#take(bytes);
      } catch (error) {
        this.#fail(error as Error);
      }
    });
  }

  static async open(engine: string, options: PoolClientOptions = {}): Promise<StdioEngine> {
    const opened = new StdioEngine(engine, options);
    opened.pool.open();
    await opened.flush();
    await opened.until(() => opened.pool.state === "Opened");
    return opened;
  }

  #take(bytes: Uint8Array): void {
    for (const packet of this.#reader.receive(bytes)) {
      const pipelineId = packet.id === poolGuid ? null : packet.id;
      if (packet.type === "data") {
        this.onBytes("received", packet.data, pipelineId);
        for (const event of this.pool.receive(packet.data, pipelineId)) this.onEvent(event);
      } else this.#acknowledged.add(`${packet.type} ${packet.id}`);
    }
    for (const wait of this.#waiting) if (wait.until()) wait.done();
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    for (const wait of this.#waiting) wait.failed(reason);
  }

  /** Waits for a condition that incoming bytes bring about. */
  async until(condition: () => boolean, deadline = 20_000): Promise<void> {
    if (condition()) return;
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      const end = (action: () => void) => () => {
        this.#waiting.delete(wait);
        clearTimeout(timer);
        action();
      };
      const wait = { until: condition, done: end(resolve), failed: (reason: Error) => end(() => reject(reason))() };
      const timer = setTimeout(() => wait.failed(new Error("the engine did not answer in time")), deadline);
      this.#waiting.add(wait);
    });
  }

  /** Sends what the core has queued, each piece of a pipeline once the one before is acknowledged: the engine loses input that comes too early. */
  async flush(): Promise<void> {
    for (const { data, stream, pipelineId } of this.pool.dataToSend()) {
      this.onBytes("sent", data, pipelineId);
      const id = pipelineId ?? poolGuid;
      this.#child.stdin.write(encodePacket({ type: "data", stream, id, data }));
      await this.until(() => this.#acknowledged.delete(`dataAck ${id}`));
    }
  }

  /** Announces a pipeline and waits until data may be sent for it. */
  async #announced(type: "command" | "signal" | "close", id: string): Promise<void> {
    this.#child.stdin.write(encodePacket({ type, id }));
    await this.until(() => this.#acknowledged.delete(`${type}Ack ${id}`));
  }

  async exchangeKey(): Promise<void> {
    await this.pool.exchangeKey();
    await this.flush();
    await this.until(() => this.pool.hasSessionKey);
  }

  /** Starts a pipeline. A string is script text, for what has to be set up in the engine. */
  async start(what: Pipeline | string, input = false): Promise<string> {
    const pipeline: Pipeline = typeof what === "string" ? [{ name: what }] : what;
    if (this.pool.needsSessionKey(pipeline)) await this.exchangeKey();
    const id = this.pool.createPipeline(pipeline, { isScript: typeof what === "string", input });
    await this.#announced("command", id);
    await this.flush();
    return id;
  }

  /** Waits for a pipeline's end, closes it, gives what it brought. */
  async finish(id: string, deadline?: number): Promise<Outcome> {
    const isOver = () => ["Completed", "Failed", "Stopped"].includes(this.pool.pipelineState(id) ?? "");
    await this.until(isOver, deadline);
    const state = this.pool.pipelineState(id) ?? "";
    await this.#announced("close", id);
    this.pool.endPipeline(id);
    const events = this.events.filter((event) => "pipelineId" in event && event.pipelineId === id);
    this.events = this.events.filter((event) => !events.includes(event));
    return { state, events, output: ofType(events, "output").map((event) => event.value) };
  }

  async run(what: Pipeline | string, ...input: PsInput[]): Promise<Outcome> {
    const id = await this.start(what, input.length > 0);
    for (const value of input) this.pool.sendInput(id, value);
    if (input.length > 0) this.pool.endInput(id);
    await this.flush();
    return this.finish(id);
  }

  async stop(id: string): Promise<void> {
    this.pool.beginStop(id);
    await this.#announced("signal", id);
  }

  async close(): Promise<void> {
    try {
      if (this.#failure === undefined && this.pool.state === "Opened") {
        this.pool.beginClose();
        await this.#announced("close", poolGuid);
        this.pool.endClose();
      }
    } finally {
      this.#child.stdin.end();
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
      if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "close");
      clearTimeout(timer);
    }
  }
}

export function ofType<T extends ClientEvent["type"]>(events: readonly ClientEvent[], type: T): EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}
