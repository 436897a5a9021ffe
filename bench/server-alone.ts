import { spawn } from "node:child_process";
import { PassThrough } from "node:stream";
import { RunspacePoolSession, serverArguments } from "../provider/powershell";
import { OutOfProcessChannel } from "../provider/powershell/out-of-process-channel";
import type { Bulk } from "./bulk-module";

/** What the end of a command says, which is less than a hundredth of what it gave. Its length is not always the same. */
const lastWords = 2_000;

/**
 * What the server takes for a command where nobody looks at what it says: bytes are counted as they come. It writes them 256 at a
 * time, and each costs it more into a socket, which is what Node gives a child, than into the pipe that Python gives it.
 * @param times how often it is run before, and looked at: a server is fast only then
 * @returns milliseconds
 */
export async function serverAlone(engine: string, module: string, name: Bulk, times: number): Promise<number> {
  const child = spawn(engine, serverArguments, { stdio: "pipe" });
  const fromServer = new PassThrough();
  let bytes = 0;
  let looks = true;
  let onBytes = () => {};
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (looks) fromServer.write(chunk);
    onBytes();
  });
  child.stdin.on("error", () => {});
  const channel = new OutOfProcessChannel({
    toServer: child.stdin,
    fromServer,
    ended: new Promise(() => {}),
    destroy: () => child.kill("SIGKILL"),
  });
  try {
    const session = await RunspacePoolSession.open("localhost", channel);
    await session.invoke([{ name: "Import-Module", parameters: { Name: module } }]);
    for (let time = 0; time < times; time++) {
      bytes = 0;
      await session.invoke([{ name }]);
    }
    const expected = bytes - lastWords;
    const started = performance.now();
    bytes = 0;
    await new Promise<void>((resolve) => {
      // From here on the session waits for an answer that it does not get.
      session.invoke([{ name }]).catch(() => {});
      onBytes = () => {
        // The acknowledgement, without which it does not send the command.
        if (bytes > lastWords) looks = false;
        if (bytes >= expected) resolve();
      };
    });
    return performance.now() - started;
  } finally {
    channel.destroy();
  }
}
