import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Controls } from "./controls";
import { requestSchema } from "./request";

/** The control socket: one request a line, one answer a line. Only the lab's owner can reach it. */
export function serveControl(path: string, controls: Controls): Promise<Server> {
  rmSync(path, { force: true });
  const listener = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", (line) => void reply(socket, line, controls));
  });
  // The socket is made by listen itself: it must not be open to others even for a moment.
  const before = process.umask(0o077);
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(path, () => resolve(listener));
    process.umask(before);
  });
}

async function reply(socket: Socket, line: string, controls: Controls): Promise<void> {
  let answer: { result: unknown } | { error: string };
  try {
    answer = { result: (await controls.handle(requestSchema.parse(JSON.parse(line)))) ?? null };
  } catch (thrown) {
    answer = { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
  socket.write(`${JSON.stringify(answer)}\n`);
}
