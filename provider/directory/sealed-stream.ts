import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { ProviderError } from "../error";
import type { SecurityContext } from "../kerberos";

/** A frame is the length of a sealed token in four bytes, and the token (RFC 4422, section 3.7). */
const lengthBytes = 4;
/** The longest token that RFC 4752, section 3.1, knows. */
const longestToken = 0xffffff;
/** What is put into one frame of ours: sealed it stays below the 64 KiB that every server takes. */
const longestMessage = 0xf000;

type Callback = (error?: Error | null) => void;

/**
 * A connection whose every byte is signed and sealed by Kerberos, in both directions. Anything else that arrives ends it:
 * what was changed, repeated, left out or sent by somebody else.
 */
export class SealedStream extends Duplex {
  /** What came and is no whole frame yet, in the pieces it came in: a long frame comes in many. */
  private pieces: Buffer[] = [];
  private waiting = 0;
  private needed = lengthBytes;

  /**
   * @param socket where the frames go
   * @param context established; closed with the stream
   * @param host whom to name in errors
   */
  constructor(
    private readonly socket: Socket,
    private readonly context: SecurityContext,
    private readonly host: string,
  ) {
    super();
    // Nobody may be listening between two requests.
    this.on("error", () => {});
    socket
      .on("data", (piece) => this.receive(piece))
      .on("end", () => this.ended())
      .on("error", (error) => this.destroy(error))
      .on("close", () => this.destroy());
  }

  /** As a socket that is connected; ldapts asks. */
  get readyState(): "open" | "closed" {
    return this.destroyed ? "closed" : "open";
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(message: Buffer, _encoding: string, done: Callback): void {
    const frames: Buffer[] = [];
    try {
      for (let at = 0; at < message.length; at += longestMessage) {
        const token = this.context.wrap(message.subarray(at, at + longestMessage));
        const length = Buffer.alloc(lengthBytes);
        length.writeUInt32BE(token.length);
        frames.push(length, token);
      }
    } catch (error) {
      done(error as Error);
      return;
    }
    this.socket.write(Buffer.concat(frames), done);
  }

  override _final(done: Callback): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.socket.destroy();
    this.context.close();
    done(error);
  }

  private receive(piece: Buffer): void {
    this.pieces.push(piece);
    this.waiting += piece.length;
    if (this.waiting < this.needed) return;
    let received = Buffer.concat(this.pieces);
    let more = true;
    this.needed = lengthBytes;
    while (!this.destroyed && received.length >= lengthBytes) {
      const length = received.readUInt32BE(0);
      if (length === 0 || length > longestToken) {
        this.fail(`a frame of ${length} bytes`);
        return;
      }
      this.needed = lengthBytes + length;
      if (received.length < this.needed) break;
      try {
        more = this.push(this.context.open(received.subarray(lengthBytes, this.needed)));
      } catch (error) {
        this.fail(ProviderError.from(error).message, error);
        return;
      }
      received = received.subarray(this.needed);
      this.needed = lengthBytes;
    }
    this.pieces = [received];
    this.waiting = received.length;
    if (!more) this.socket.pause();
  }

  private ended(): void {
    if (this.waiting > 0) this.fail("a frame that is cut short");
    else this.push(null);
  }

  private fail(what: string, cause?: unknown): void {
    const sentence = `What came from ${this.host} is not what it sealed: ${what.replace(/\.$/, "")}.`;
    this.destroy(
      new ProviderError("directory-failed", sentence, {
        hint: "Look for a device in between that changes LDAP. Nothing of it was used; run pulumi refresh and again.",
        cause,
      }),
    );
  }
}
