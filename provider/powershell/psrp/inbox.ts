import { deserialize, ElementBudget, type PsValue, type XmlLimits } from "./clixml";
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

interface Stream {
  readonly reassembler: Reassembler;
  readonly budget: ElementBudget | undefined;
}

/** The streams that messages come in: one for the pool, one for each pipeline. */
export class Inbox {
  readonly #self: Destination;
  readonly #limits: Limits;
  readonly #streams = new Map<string | null, Stream>();

  constructor(self: Destination, limits: Limits = {}) {
    this.#self = self;
    this.#limits = limits;
  }

  /** Messages as they become complete. `cipher` is asked before each: a message may bring the key that the next one needs. */
  *receive(data: Uint8Array, stream: string | null, cipher: () => SecretCipher | undefined): Generator<Received> {
    let open = this.#streams.get(stream);
    if (open === undefined) {
      // What a pipeline gives is kept until its end; what is said of the pool is not.
      const budget = stream === null ? undefined : new ElementBudget(this.#limits);
      open = { reassembler: new Reassembler(this.#limits), budget };
      this.#streams.set(stream, open);
    }
    for (const bytes of open.reassembler.receive(data)) {
      const { type, poolId, pipelineId, data } = decodeMessage(bytes, this.#self);
      const value = data === "" ? null : deserialize(data, { ...this.#limits, cipher: cipher(), budget: open.budget });
      yield { type, poolId, pipelineId, value };
    }
  }

  /** Forgets what is incomplete of a stream. */
  drop(stream: string | null): void {
    this.#streams.delete(stream);
  }
}
