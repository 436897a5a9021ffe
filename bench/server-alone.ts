import { PassThrough } from "node:stream";
import { RunspacePoolSession, serverArguments } from "../provider/powershell";
import { OutOfProcessChannel } from "../provider/powershell/out-of-process-channel";
import { startServer } from "../provider/powershell/server-process";
import type { Bulk } from "./bulk-module";

/** What the end of a command says, which is less than a hundredth of what it gave. Its length is not always the same. */
const lastWords = 2_000;

/**
 * What the server takes for a command where nobody looks at what it says: bytes are counted as they come.
 * @param times how often it is run before, and looked at: a server is fast only then
 * @returns milliseconds
 */
export async function serverAlone(engine: string, module: string, name: Bulk, times: number): Promise<number> {
  const server = startServer(engine, serverArguments);
  const fromServer = new PassThrough();
  let bytes = 0;
  let looks = true;
  let onBytes = () => {};
  server.fromServer.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (looks) fromServer.write(chunk);
    onBytes();
  });
  const channel = new OutOfProcessChannel({ ...server, fromServer });
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
