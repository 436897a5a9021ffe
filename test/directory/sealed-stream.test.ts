import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, it } from "mocha";
import { SealedStream } from "../../provider/directory/sealed-stream";
import type { ProviderError } from "../../provider/error";
import type { SecurityContext } from "../../provider/kerberos";

/** The framing only: "sealed" is a letter in front. Real seals are for the tests against the domain controller. */
const context = {
  closed: 0,
  wrap: (message: Buffer) => Buffer.concat([Buffer.from("S"), message]),
  open(token: Buffer) {
    if (token[0] !== 0x53) throw new Error("no seal");
    return Buffer.from(token.subarray(1));
  },
  close() {
    this.closed += 1;
  },
};

class FakeSocket extends Duplex {
  readonly written: Buffer[] = [];
  override _read(): void {}
  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.written.push(piece);
    done();
  }
}

function open() {
  const socket = new FakeSocket();
  const stream = new SealedStream(
    socket as unknown as Socket,
    context as unknown as SecurityContext,
    "dc1.example.com",
  );
  const received: Buffer[] = [];
  stream.on("data", (piece) => received.push(piece));
  return { socket, stream, text: () => Buffer.concat(received).toString() };
}

const frame = (token: string) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(token.length);
  return Buffer.concat([length, Buffer.from(token)]);
};
const ended = (stream: SealedStream) =>
  new Promise<ProviderError | null>((resolve) => stream.on("close", () => resolve(stream.errored as ProviderError)));

describe("frames of a sealed connection", () => {
  it("are read wherever they are split, into two pieces or into single bytes", async () => {
    const bytes = Buffer.concat([frame("Sone "), frame("S"), frame("Stwo "), frame(`S${"x".repeat(300)}`)]);
    const whole = `one two ${"x".repeat(300)}`;
    const splits = Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
    for (const pieces of [...splits, Array.from(bytes, (byte) => Buffer.from([byte]))]) {
      const { socket, text } = open();
      for (const piece of pieces) socket.push(piece);
      await new Promise(setImmediate);
      assert.equal(text(), whole, `split at ${pieces[0]?.length}`);
    }
  });

  it("are written below 64 KiB each, and together are what was to be sent", async () => {
    const { socket, stream } = open();
    const message = Buffer.alloc(300_000, "abc");
    await new Promise<void>((resolve) => stream.write(message, () => resolve()));
    const bytes = Buffer.concat(socket.written);
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32BE(at);
      assert.ok(length < 0x10000, String(length));
      parts.push(context.open(bytes.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    assert.ok(parts.length > 4);
    assert.ok(Buffer.concat(parts).equals(message));
  });

  const endings: [what: string, bytes: Buffer, words: RegExp][] = [
    ["one that is not sealed", frame("plain"), /is not what it sealed: no seal\./],
    ["one of no length", Buffer.alloc(4), /a frame of 0 bytes/],
    ["one that is endless", Buffer.from([0x7f, 0xff, 0xff, 0xff]), /a frame of 2147483647 bytes/],
    ["LDAP in clear", Buffer.from("300c02010161070a010004000400", "hex"), /a frame of \d+ bytes/],
    ["one that is cut short", frame("Sall of it").subarray(0, 9), /a frame that is cut short/],
  ];
  for (const [what, bytes, words] of endings) {
    it(`end the connection: ${what}`, async () => {
      const { socket, stream, text } = open();
      const closed = context.closed;
      const end = ended(stream);
      socket.push(frame("Sgood"));
      socket.push(bytes);
      socket.push(null);
      const error = await end;
      assert.equal(error?.code, "directory-failed");
      assert.match(error?.message ?? "", words);
      assert.match(error?.message ?? "", /^What came from dc1\.example\.com/);
      assert.equal(text(), "good");
      assert.ok(socket.destroyed);
      assert.equal(context.closed, closed + 1);
    });
  }

  it("end with the connection, without an error", async () => {
    const { socket, stream } = open();
    const end = ended(stream);
    socket.push(frame("Slast"));
    socket.push(null);
    stream.end();
    assert.equal(await end, null);
  });
});
