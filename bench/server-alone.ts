import { PassThrough } from "node:stream";
import { RunspacePoolSession, serverArguments } from "../provider/powershell";
import { OutOfProcessChannel } from "../provider/powershell/out-of-process-channel";
import { startServer } from "../provider/powershell/server-process";
import type { Bulk } from "./bulk-module";

const newline = "\n".charCodeAt(0);
const linesIn = (bytes: Buffer) => bytes.reduce((count, byte) => count + (byte === newline ? 1 : 0), 0);

/**
 * What the server takes from its start until it is open where nobody looks at what it says: what a client of ours has said to
 * another is said to it, and lines are counted until it has given as many as that one.
 * @returns milliseconds
 */
export async function openingAlone(engine: string): Promise<number> {
  const model = startServer(engine, serverArguments);
  const said: Buffer[] = [];
  let lines = 0;
  const toServer = new PassThrough();
  toServer.on("data", (chunk: Buffer) => said.push(chunk)).pipe(model.toServer);
  model.fromServer.on("data", (chunk: Buffer) => {
    lines += linesIn(chunk);
  });
  const session = await RunspacePoolSession.open("localhost", new OutOfProcessChannel({ ...model, toServer }));
  const words = Buffer.concat(said);
  const expected = lines;
  await session.close();

  const started = performance.now();
  const server = startServer(engine, serverArguments);
  try {
    await new Promise<void>((resolve, reject) => {
      void server.ended.then(reject);
      let heard = 0;
      server.fromServer.on("data", (chunk: Buffer) => {
        heard += linesIn(chunk);
        if (heard >= expected) resolve();
      });
      server.toServer.write(words);
    });
    return performance.now() - started;
  } finally {
    server.destroy();
  }
}

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
