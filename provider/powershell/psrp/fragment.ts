import { peerError } from "./state-error";

/** Bytes before a fragment's piece of the message: ObjectId u64, FragmentId u64, flags u8, length u32, all big endian (MS-PSRP 2.2.4). */
export const fragmentHeaderSize = 21;

const startFlag = 1;
const endFlag = 2;

/** Cuts one message into fragments. @param sizes how large each fragment may be, header included; asked before each one */
export function* fragments(objectId: bigint, message: Uint8Array, size: () => number): Generator<Uint8Array> {
  let offset = 0;
  for (let fragmentId = 0; fragmentId === 0 || offset < message.length; fragmentId++) {
    const piece = message.subarray(offset, offset + size() - fragmentHeaderSize);
    offset += piece.length;
    const fragment = Buffer.allocUnsafe(fragmentHeaderSize + piece.length);
    fragment.writeBigUInt64BE(objectId, 0);
    fragment.writeBigUInt64BE(BigInt(fragmentId), 8);
    fragment.writeUInt8((fragmentId === 0 ? startFlag : 0) | (offset >= message.length ? endFlag : 0), 16);
    fragment.writeUInt32BE(piece.length, 17);
    fragment.set(piece, fragmentHeaderSize);
    yield fragment;
  }
}

/** How much a peer may make us hold of messages that are not complete. */
export interface FragmentLimits {
  /** Bytes of all incomplete messages of one stream together. Default 64 MiB. */
  readonly maxMessageSize?: number | undefined;
  /** Messages that may be incomplete at the same time in one stream. Default 64. */
  readonly maxOpenMessages?: number | undefined;
}

interface OpenMessage {
  pieces: Uint8Array[];
  next: bigint;
}

/** Puts the messages of one stream together again: fragments cut anywhere, those of several messages interleaved (MS-PSRP 3.1.5.1.2). */
export class Reassembler {
  readonly #maxSize: number;
  readonly #maxOpen: number;
  readonly #open = new Map<bigint, OpenMessage>();
  #size = 0;
  #chunks: Uint8Array[] = [];
  #waiting = 0;

  constructor(limits: FragmentLimits = {}) {
    this.#maxSize = limits.maxMessageSize ?? 64 * 1024 * 1024;
    this.#maxOpen = limits.maxOpenMessages ?? 64;
  }

  /** The messages that these bytes complete. @throws ProviderError `protocol` for fragments out of order or over a limit */
  *receive(data: Uint8Array): Generator<Uint8Array> {
    this.#chunks.push(data);
    this.#waiting += data.length;
    while (this.#waiting >= fragmentHeaderSize) {
      const length = Buffer.from(this.#peek(fragmentHeaderSize)).readUInt32BE(17);
      if (this.#size + length > this.#maxSize) throw peerError(`its messages are larger than ${this.#maxSize} bytes`);
      if (this.#waiting < fragmentHeaderSize + length) return;
      const message = this.#add(this.#take(fragmentHeaderSize + length));
      if (message !== undefined) yield message;
    }
  }

  #add(fragment: Uint8Array): Uint8Array | undefined {
    const header = Buffer.from(fragment.buffer, fragment.byteOffset, fragmentHeaderSize);
    const objectId = header.readBigUInt64BE(0);
    const fragmentId = header.readBigUInt64BE(8);
    const flags = header.readUInt8(16);
    const isStart = (flags & startFlag) !== 0;
    if (isStart !== (fragmentId === 0n) || flags > (startFlag | endFlag))
      throw peerError("a fragment's flags are wrong");
    const piece = fragment.subarray(fragmentHeaderSize);
    let open = this.#open.get(objectId);
    if (isStart !== (open === undefined) || (open !== undefined && open.next !== fragmentId)) {
      throw peerError("a fragment is out of order");
    }
    if ((flags & endFlag) !== 0) {
      if (open === undefined) return piece;
      this.#open.delete(objectId);
      const message = Buffer.concat([...open.pieces, piece]);
      this.#size -= message.length - piece.length;
      return message;
    }
    if (open === undefined) {
      if (this.#open.size >= this.#maxOpen) throw peerError(`more than ${this.#maxOpen} messages are incomplete`);
      open = { pieces: [], next: 0n };
      this.#open.set(objectId, open);
    }
    open.next++;
    // A copy, so that a small piece does not hold on to the large buffer it came in; an empty one is not kept at all.
    if (piece.length > 0) open.pieces.push(Uint8Array.from(piece));
    this.#size += piece.length;
    return undefined;
  }

  /** The first bytes, joined into one buffer where they lie in several. */
  #peek(size: number): Uint8Array {
    let first = this.#chunks[0];
    if (first === undefined || first.length < size) {
      let count = 0;
      for (let joined = 0; joined < size; count++) joined += this.#chunks[count]?.length ?? size;
      first = Buffer.concat(this.#chunks.splice(0, count));
      this.#chunks.unshift(first);
    }
    return first.subarray(0, size);
  }

  #take(size: number): Uint8Array {
    const taken = this.#peek(size);
    const rest = this.#chunks[0]?.subarray(size);
    if (rest === undefined || rest.length === 0) this.#chunks.shift();
    else this.#chunks[0] = rest;
    this.#waiting -= size;
    return taken;
  }
}
