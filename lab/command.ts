import { spawn } from "node:child_process";
import { namespaceName } from "./folders";

export interface CommandOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  readonly environment?: NodeJS.ProcessEnv;
  readonly folder?: string;
  /** Milliseconds; 120,000 by default. */
  readonly deadline?: number;
}

/** Runs a command to its end and gives back what it said, whatever its exit status. */
export function runCommand(
  command: string,
  arguments_: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, arguments_, {
      cwd: options.folder,
      env: options.environment ?? process.env,
      timeout: options.deadline ?? 300_000,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ status: code ?? (signal === null ? 1 : 128), stdout, stderr }));
    // A command that ends without reading its input is no fault of the input's.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a command that must succeed; its output is the error text when it does not. */
export async function mustRun(
  command: string,
  arguments_: readonly string[],
  options?: CommandOptions,
): Promise<string> {
  const { status, stdout, stderr } = await runCommand(command, arguments_, options);
  if (status !== 0) throw new Error(`${command} ${arguments_[0] ?? ""} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** The words that run a command inside the lab's network namespace. */
export function insideNamespace(command: string, arguments_: readonly string[]): [string, string[]] {
  return ["ip", ["netns", "exec", namespaceName, command, ...arguments_]];
}

export function runInside(
  command: string,
  arguments_: readonly string[],
  options?: CommandOptions,
): Promise<CommandOutput> {
  return runCommand(...insideNamespace(command, arguments_), options);
}

export function mustRunInside(
  command: string,
  arguments_: readonly string[],
  options?: CommandOptions,
): Promise<string> {
  return mustRun(...insideNamespace(command, arguments_), options);
}

/** Waits until `condition` holds; no fixed sleeps anywhere in the lab. */
export async function waitUntil(what: string, condition: () => Promise<boolean>, deadline = 60_000): Promise<void> {
  const end = Date.now() + deadline;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what}: not so within ${deadline / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
