import { deserialize, ElementBudget, type PsValue, type XmlLimits } from "./clixml";
import { type FragmentLimits, Reassembler } from "./fragment";
import { type Destination, decodeMessage, type Message } from "./message";
import type { SecretCipher } from "./secret-cipher";
import { peerError } from "./state-error";

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
  /** A message with a secret that cannot be read yet, and all behind it. */
  held: Message[];
}

/** The streams that messages come in: one for the pool, one for each pipeline. */
export class Inbox {
  readonly #self: Destination;
  readonly #limits: Limits;
  readonly #streams = new Map<string | null, Stream>();
  #heldSize = 0;

  constructor(self: Destination, limits: Limits = {}) {
    this.#self = self;
    this.#limits = limits;
  }

  /** Whether a secret came that no key opens yet. */
  get waitsForKey(): boolean {
    return this.#heldSize > 0;
  }

  /** Messages as they become complete. `cipher` is asked before each: a message may bring the key that the next one needs. */
  *receive(data: Uint8Array, stream: string | null, cipher: () => SecretCipher | undefined): Generator<Received> {
    let open = this.#streams.get(stream);
    if (open === undefined) {
      // What a pipeline gives is kept until its end; what is said of the pool is not.
      const budget = stream === null ? undefined : new ElementBudget(this.#limits);
      open = { reassembler: new Reassembler(this.#limits), budget, held: [] };
      this.#streams.set(stream, open);
    }
    for (const bytes of open.reassembler.receive(data)) {
      const message = decodeMessage(bytes, this.#self);
      if (stream !== null && message.pipelineId !== stream)
        throw peerError("a message came in another pipeline's stream");
      if (this.#mustWait(message, open, cipher())) this.#hold(message, open);
      else yield this.#read(message, open, cipher());
    }
  }

  /** What waited for the key, which is there now. */
  *released(cipher: SecretCipher): Generator<Received> {
    this.#heldSize = 0;
    for (const open of this.#streams.values()) {
      const { held } = open;
      open.held = [];
      for (const message of held) yield this.#read(message, open, cipher);
    }
  }

  /** Forgets what is incomplete of a stream, and what waits. */
  drop(stream: string | null): void {
    for (const { data } of this.#streams.get(stream)?.held ?? []) this.#heldSize -= data.length;
    this.#streams.delete(stream);
  }

  /** From protocol 2.2 on a server seals with a key of its own making, and leaves it to the client to ask for that. */
  #mustWait({ type, data }: Message, { held }: Stream, cipher: SecretCipher | undefined): boolean {
    if (this.#self !== "client" || cipher !== undefined || type === "encryptedSessionKey") return false;
    // Text has no such sign: it stands there as &lt;.
    return held.length > 0 || data.includes("<SS");
  }

  #hold(message: Message, open: Stream): void {
    const { maxMessageSize = 64 * 1024 * 1024 } = this.#limits;
    this.#heldSize += message.data.length;
    if (this.#heldSize > maxMessageSize) throw peerError(`its messages are larger than ${maxMessageSize} bytes`);
    open.held.push(message);
  }

  #read({ type, poolId, pipelineId, data }: Message, { budget }: Stream, cipher: SecretCipher | undefined): Received {
    const value = data === "" ? null : deserialize(data, { ...this.#limits, cipher, budget });
    return { type, poolId, pipelineId, value };
  }
}
