import { spawn } from "node:child_process";
import { childEnvironment } from "../child-environment";
import { ProviderError } from "../error";
import { Deferred } from "./deferred";
import { LastWords } from "./last-words";
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

function startServer(executable: string, args: readonly string[]): ServerStreams {
  const child = spawn(executable, args, { stdio: "pipe", env: childEnvironment(), windowsHide: true });
  const ended = new Deferred<ProviderError>();
  const words = new LastWords(child.stderr);
  child.on("error", (cause: NodeJS.ErrnoException) => {
    const missing = cause.code === "ENOENT";
    const hint = missing ? "Install PowerShell, or give its path." : undefined;
    const what = missing ? "there is no such program" : (cause.code ?? "unknown reason");
    ended.resolve(
      new ProviderError("powershell-failed", `${executable} could not be started: ${what}.`, { hint, cause }),
    );
  });
  child.on("close", (code, signal) => {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    ended.resolve(new ProviderError("protocol", `${executable} ended (${how}).${words.quoted}`));
  });
  return {
    toServer: child.stdin,
    fromServer: child.stdout,
    ended: ended.promise,
    destroy: () => {
      child.kill("SIGKILL");
      // A program that the server started may hold the other ends: it is not read from, nor waited for.
      for (const stream of child.stdio) stream?.destroy();
    },
  };
}
