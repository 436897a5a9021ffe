import type { Duplex } from "node:stream";
import { ProviderError } from "../error";
import type { Endpoint } from "./connection-failure";

/** Bytes of one LDAP message. An account with ten thousand service principal names has less than one of these. */
const maxMessage = 2 * 1024 * 1024;
/** Bytes that may come from one request of ours to the next: more than a page of a hundred such accounts. */
const maxAnswer = 16 * 1024 * 1024;
/** Values, attributes and all else that takes an object in memory, in the same time. */
const maxElements = 150_000;

const sequence = 0x30;
const integer = 0x02;
/** An id of one byte, and an operation without anything. */
const shortest = 5;
const constructed = 0x20;

/**
 * Looks over the bytes of a connection before ldapts gets them. It has no limits of its own: it keeps what is never finished, and a
 * value that goes beyond the end of its message it looks for without end. Follows the lengths of BER (X.690 8.1) and nothing else;
 * the values are ldapts's work.
 */
export class AnswerLimits {
  /** What broke the limits; nothing that comes after it counts. */
  fault: ProviderError | undefined;
  /** Bytes that came so far. */
  volume = 0;
  private answer = 0;
  private elements = 0;
  /** Bytes of the message that are still to come; 0 between two messages. */
  private left = 0;
  /** How many elements of the message have begun: itself, its id, its operation, … */
  private place = 0;
  /** Bytes of a value that nobody needs to look at. */
  private skip = 0;
  /** An element's tag and length, as far as they have come. */
  private head: number[] = [];

  constructor(private readonly endpoint: Endpoint) {}

  /** A request goes out. What the server says has ended cannot be what makes room: it could say so again and again. */
  asked(): void {
    this.answer = 0;
    this.elements = 0;
  }

  /** @returns whether the bytes are within the limits. */
  take(bytes: Uint8Array): boolean {
    this.volume += bytes.length;
    for (let at = 0; at < bytes.length && this.fault === undefined; ) {
      const skipped = Math.min(this.skip, bytes.length - at);
      at += skipped;
      this.skip -= skipped;
      const byte = bytes[at];
      if (byte !== undefined) {
        at += 1;
        this.head.push(byte);
        const length = lengthIn(this.head);
        if (length === "none") this.fail("it is not LDAP");
        else if (length !== "more") this.element(this.head[0] ?? 0, this.head.length, length);
        else if (this.head.length === this.left) this.fail("a value is longer than its message");
      }
    }
    return this.fault === undefined;
  }

  private element(tag: number, head: number, length: number): void {
    this.head = [];
    if (this.left === 0) this.message(tag, head, length);
    else this.part(tag, head, length);
  }

  private part(tag: number, head: number, length: number): void {
    const primitive = (tag & constructed) === 0;
    this.place += 1;
    this.elements += 1;
    if (head + length > this.left) this.fail("a value is longer than its message");
    else if (this.place === 2 && tag !== integer) this.fail("it is not LDAP");
    if (this.elements > maxElements) this.fail(`an answer has more than ${maxElements} parts`);
    this.left -= head + (primitive ? length : 0);
    this.skip = primitive ? length : 0;
  }

  private message(tag: number, head: number, length: number): void {
    if (tag !== sequence || length < shortest) this.fail("it is not LDAP");
    else if (head + length > maxMessage) this.fail(`a message is longer than ${maxMessage} bytes`);
    this.left = length;
    this.place = 1;
    this.answer += head + length;
    if (this.answer > maxAnswer) this.fail(`an answer is longer than ${maxAnswer} bytes`);
  }

  /** The first reason is the one that is told. */
  private fail(why: string): void {
    const { host, port } = this.endpoint;
    this.fault ??= new ProviderError("directory-failed", `What ${host}:${port} sent is refused: ${why}.`, {
      hint: "Check that it is a domain controller, and what is between here and it.",
    });
  }
}

/** A connection that ends where the limits do: what goes beyond them reaches no listener, as those are all told of what comes. */
export function limited<S extends Duplex>(socket: S, limits: AnswerLimits): S {
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event !== "data" || limits.take(values[0] as Buffer)) return emit(event, ...values);
    socket.destroy(limits.fault);
    return true;
  };
  return socket;
}

/** The length that follows a tag (X.690 8.1.3), in four bytes at most as ldapts reads it. */
function lengthIn([, first, ...bytes]: readonly number[]): number | "more" | "none" {
  if (first === undefined) return "more";
  if (first < 0x80) return first;
  const size = first & 0x7f;
  if (size === 0 || size > 4) return "none";
  return bytes.length < size ? "more" : bytes.reduce((length, byte) => length * 256 + byte, 0);
}
