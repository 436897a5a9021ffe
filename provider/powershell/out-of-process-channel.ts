import type { Readable, Writable } from "node:stream";
import { ProviderError } from "../error";
import type { Channel, ChannelEvents } from "./channel";
import { Deferred } from "./deferred";
import { encodePacket, type OutgoingData, type OutOfProcessPacket, OutOfProcessReader, poolGuid } from "./psrp";

/** A running PowerShell server as a pair of byte streams: a child's pipes, or an SSH channel. */
export interface ServerStreams {
  readonly toServer: Writable;
  readonly fromServer: Readable;
  /** Resolves when the server is gone, with the reason in words for a person. Never rejects. */
  readonly ended: Promise<ProviderError>;
  /** Ends the server by force. Idempotent, never throws. */
  destroy(): void;
}

type Ack = "commandAck" | "signalAck" | "closeAck";

/** PSRP in the line framing of `pwsh -s` and of SSH's subsystem `powershell`. */
export class OutOfProcessChannel implements Channel {
  readonly maxPieceSize = 32_768;
  readonly #streams: ServerStreams;
  readonly #reader = new OutOfProcessReader();
  readonly #acks = new Map<string, Deferred>();
  /** Data that the server has not yet acknowledged, by pool or pipeline. */
  readonly #underway = new Map<string, Deferred>();
  /** Set once nothing more will come: by a close, a loss, or {@link destroy}. */
  #over: ProviderError | undefined;

  constructor(streams: ServerStreams) {
    this.#streams = streams;
  }

  async open(_poolId: string, pieces: readonly OutgoingData[], events: ChannelEvents): Promise<void> {
    const lose = (error: ProviderError) => {
      if (this.#end(error)) events.lost(error);
    };
    this.#streams.fromServer.on("data", (bytes: Uint8Array) => {
      if (this.#over !== undefined) return;
      try {
        for (const packet of this.#reader.receive(bytes)) this.#receive(packet, events);
      } catch (error) {
        lose(ProviderError.from(error, "protocol"));
      }
    });
    // A broken pipe is the server's end seen from behind; `ended` has the reason.
    this.#streams.toServer.on("error", () => {});
    this.#streams.fromServer.on("error", () => {});
    void this.#streams.ended.then(lose);
    for (const piece of pieces) await this.send(piece);
  }

  async send({ pipelineId, stream, data }: OutgoingData): Promise<void> {
    const id = pipelineId ?? poolGuid;
    await this.#taken(id);
    this.#underway.set(id, new Deferred());
    await this.#write({ type: "data", stream, id, data });
  }

  async openPipeline(pipelineId: string, pieces: readonly OutgoingData[]): Promise<void> {
    // Data that comes before the acknowledgement is lost on the server.
    await this.#acknowledged("commandAck", { type: "command", id: pipelineId });
    for (const piece of pieces) await this.send(piece);
  }

  stopPipeline(pipelineId: string): Promise<void> {
    return this.#acknowledged("signalAck", { type: "signal", id: pipelineId });
  }

  closePipeline(pipelineId: string): Promise<void> {
    return this.#acknowledged("closeAck", { type: "close", id: pipelineId });
  }

  async close(): Promise<void> {
    await this.#acknowledged("closeAck", { type: "close", id: poolGuid });
    this.#end(new ProviderError("protocol", "The session is closed."));
    // At its end of input the server goes by itself, some with a complaint and an exit code: expected.
    this.#streams.toServer.end();
    await this.#streams.ended;
  }

  destroy(): void {
    this.#end(new ProviderError("protocol", "The session is closed."));
    this.#streams.destroy();
  }

  #receive(packet: OutOfProcessPacket, events: ChannelEvents): void {
    if (packet.type === "data") events.data(packet.data, packet.id === poolGuid ? null : packet.id);
    else if (packet.type === "dataAck") this.#underway.get(packet.id)?.resolve();
    else this.#acks.get(`${packet.type} ${packet.id}`)?.resolve();
  }

  /**
   * PowerShell gives each line to a thread of its own, so what follows at once may overtake: a later piece, a signal, a close.
   * Nothing is sent about a pipeline before its last piece is acknowledged.
   */
  async #taken(id: string): Promise<void> {
    await this.#underway.get(id)?.promise;
    this.#underway.delete(id);
  }

  async #acknowledged(ack: Ack, packet: OutOfProcessPacket): Promise<void> {
    const key = `${ack} ${packet.id}`;
    await this.#taken(packet.id);
    const deferred = new Deferred();
    this.#acks.set(key, deferred);
    try {
      await this.#write(packet);
      await deferred.promise;
    } finally {
      this.#acks.delete(key);
    }
  }

  async #write(packet: OutOfProcessPacket): Promise<void> {
    if (this.#over !== undefined) throw this.#over;
    const { toServer } = this.#streams;
    // A server that is gone takes nothing more, and no stream says so twice: what waits for an answer is told by `ended`.
    if (toServer.write(encodePacket(packet)) || !toServer.writable) return;
    const drained = new Deferred();
    const go = () => drained.resolve();
    toServer.once("drain", go).once("close", go);
    await drained.promise;
    toServer.off("drain", go).off("close", go);
  }

  #end(error: ProviderError): boolean {
    if (this.#over !== undefined) return false;
    this.#over = error;
    for (const ack of [...this.#acks.values(), ...this.#underway.values()]) ack.reject(error);
    return true;
  }
}
