import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { setImmediate, setTimeout } from "node:timers/promises";
import { childEnvironment } from "../child-environment";
import { ProviderError } from "../error";
import { Deferred } from "./deferred";
import { LastWords } from "./last-words";
import { oneWayPipe } from "./one-way-pipe";
import { OutOfProcessChannel, type ServerStreams } from "./out-of-process-channel";

/** Makes PowerShell a server on its standard input and output. Windows PowerShell 5.1 and PowerShell 7 both know these. */
export const serverArguments: readonly string[] = ["-NoLogo", "-NoProfile", "-s"];

/**
 * A channel to a PowerShell server that is a child of this process.
 * @param executable such as `powershell.exe` or `pwsh`
 * @param args default {@link serverArguments}
 */
export function processChannel(executable: string, args = serverArguments): OutOfProcessChannel {
  return new OutOfProcessChannel(startServer(executable, args));
}

/** Starts the program, with its standard input and output as the streams. */
export function startServer(executable: string, args: readonly string[]): ServerStreams {
  const { child, toServer, fromServer, complaints } = spawned(executable, args);
  const ended = new Deferred<ProviderError>();
  const words = new LastWords(complaints);
  child.on("error", (cause: NodeJS.ErrnoException) => {
    const missing = cause.code === "ENOENT";
    const hint = missing ? "Install PowerShell, or give its path." : undefined;
    const what = missing ? "there is no such program" : (cause.code ?? "unknown reason");
    ended.resolve(
      new ProviderError("powershell-failed", `${executable} could not be started: ${what}.`, { hint, cause }),
    );
  });
  const end = (code: number | null, signal: NodeJS.Signals | null) => {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    ended.resolve(new ProviderError("protocol", `${executable} ended (${how}).${words.quoted}`));
  };
  child.on("close", (code, signal) => {
    // Its last words to us may still be on their way.
    if (fromServer.closed) end(code, signal);
    else fromServer.once("close", () => end(code, signal));
  });
  // A program that the server started may hold the other ends: nothing is closed then.
  child.on("exit", (code, signal) => void silence(fromServer).then(() => end(code, signal)));
  return {
    toServer,
    fromServer,
    ended: ended.promise,
    destroy: () => {
      child.kill("SIGKILL");
      // A program that the server started may hold the other ends: it is not read from, nor waited for.
      for (const stream of [toServer, fromServer, complaints]) stream.destroy();
    },
  };
}

/** Resolves when a stream has had nothing new for a second, and all that came of it was read. */
async function silence(stream: Socket): Promise<void> {
  let heard: number;
  do {
    heard = stream.bytesRead;
    await setTimeout(1_000, undefined, { ref: false });
    // Where this process was busy for longer, what waits is read before this goes on.
    await setImmediate();
  } while (!stream.destroyed && (heard < stream.bytesRead || stream.readableLength > 0));
}

interface Spawned {
  readonly child: ChildProcess;
  readonly toServer: Writable;
  readonly fromServer: Socket;
  readonly complaints: Readable;
}

/** PowerShell writes its answers 256 bytes at a time: they come through a {@link oneWayPipe} where there is one. */
function spawned(executable: string, args: readonly string[]): Spawned {
  const pipe = oneWayPipe();
  const fromPipe = pipe && new Socket({ fd: pipe.readEnd, readable: true, writable: false });
  try {
    const child = spawn(executable, args, {
      stdio: ["pipe", pipe?.writeEnd ?? "pipe", "pipe"],
      env: childEnvironment(),
      windowsHide: true,
    });
    return {
      child,
      toServer: child.stdin as Writable,
      fromServer: fromPipe ?? (child.stdout as Socket),
      complaints: child.stderr as Readable,
    };
  } finally {
    if (pipe !== undefined) closeSync(pipe.writeEnd);
  }
}
