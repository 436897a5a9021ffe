import { deserialize, type PsValue, type XmlLimits } from "./clixml";
import { type FragmentLimits, Reassembler } from "./fragment";
import { type Destination, decodeMessage, type Message } from "./message";
import type { SecretCipher } from "./secret-cipher";

/** How much a peer may make us hold. */
export interface Limits extends XmlLimits, FragmentLimits {}

/** One message with its value read; `null` where its type carries none. */
export interface Received {
  readonly type: Message["type"];
  readonly poolId: string;
  readonly pipelineId: string | null;
  readonly value: PsValue;
}

/** The streams that messages come in: one for the pool, one for each pipeline. */
export class Inbox {
  readonly #self: Destination;
  readonly #limits: Limits;
  readonly #streams = new Map<string | null, Reassembler>();

  constructor(self: Destination, limits: Limits = {}) {
    this.#self = self;
    this.#limits = limits;
  }

  /** Messages as they become complete. `cipher` is asked before each: a message may bring the key that the next one needs. */
  *receive(data: Uint8Array, stream: string | null, cipher: () => SecretCipher | undefined): Generator<Received> {
    let reassembler = this.#streams.get(stream);
    if (reassembler === undefined) {
      reassembler = new Reassembler(this.#limits);
      this.#streams.set(stream, reassembler);
    }
    for (const bytes of reassembler.receive(data)) {
      const { type, poolId, pipelineId, data } = decodeMessage(bytes, this.#self);
      const value = data === "" ? null : deserialize(data, { ...this.#limits, cipher: cipher() });
      yield { type, poolId, pipelineId, value };
    }
  }

  /** Forgets what is incomplete of a stream. */
  drop(stream: string | null): void {
    this.#streams.delete(stream);
  }
}
