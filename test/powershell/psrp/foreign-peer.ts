import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { OutgoingData } from "../../../provider/powershell/psrp";

interface Answer {
  readonly events: Record<string, unknown>[];
  readonly data: [pipeline: string | null, data: string][];
  readonly result: unknown;
  readonly error: string | null;
}

/** Either of our ends. */
export interface OwnEnd<E> {
  receive(data: Uint8Array, pipelineId: string | null): E[];
  dataToSend(): OutgoingData[];
}

/** psrpcore at the other end of one of our state machines. */
export class ForeignPeer<E> {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  /** What psrpcore understood of us, as it came. */
  understood: Record<string, unknown>[] = [];
  /** What we understood of it. */
  events: E[] = [];

  constructor(
    python: string,
    role: "client" | "server",
    readonly own: OwnEnd<E>,
  ) {
    this.#child = spawn(python, [join(__dirname, "foreign-peer.py"), role]);
    this.#child.stderr.pipe(process.stderr);
    this.#reader = createInterface(this.#child.stdout);
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  async #ask(question: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error("psrpcore ended");
    const answer: Answer = JSON.parse(line.value);
    if (answer.error !== null) throw new Error(`psrpcore refuses: ${answer.error}`);
    this.understood.push(...answer.events);
    for (const [pipeline, data] of answer.data)
      this.events.push(...this.own.receive(Buffer.from(data, "base64"), pipeline));
    return answer.result;
  }

  /** Carries what we have queued across, and what comes back, until both are silent. */
  async pump(): Promise<void> {
    for (let data = this.own.dataToSend(); data.length > 0; data = this.own.dataToSend()) {
      for (const piece of data) {
        await this.#ask({ pipeline: piece.pipelineId, data: Buffer.from(piece.data).toString("base64") });
      }
    }
  }

  /** Has psrpcore do something, and carries all that follows. */
  async do(action: string, ...arguments_: unknown[]): Promise<unknown> {
    const result = await this.#ask({ do: action, with: arguments_ });
    await this.pump();
    return result;
  }

  close(): void {
    this.#reader.close();
    this.#child.kill();
  }
}
