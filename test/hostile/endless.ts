import type { Writable } from "node:stream";

const blockSize = 262_144;

/** Writes for as long as somebody takes it: the same again and again, or what comes next each time. Fewer, larger pieces keep the sender out of the way. */
export function endlessly(socket: Writable, piece: Buffer | (() => Buffer)): void {
  const next = typeof piece === "function" ? piece : () => piece;
  const block = () => {
    const pieces: Buffer[] = [];
    for (let size = 0; size < blockSize; size += pieces.at(-1)?.length ?? 0) pieces.push(next());
    return Buffer.concat(pieces);
  };
  const same = typeof piece === "function" ? undefined : block();
  const more = () => {
    while (!socket.destroyed && socket.write(same ?? block()));
  };
  socket.on("drain", more);
  more();
}

/** All but the last byte, one by one. */
export function drip(socket: Writable, bytes: Buffer): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at === bytes.length - 1) clearInterval(timer);
    else socket.write(bytes.subarray(at, ++at));
  }, 20);
}
