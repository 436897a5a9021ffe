import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ProviderError } from "../../error";
import { readLines } from "./line-reader";
import type { LogFileFound, LogSource } from "./log-source";

/** Logs that this machine can open: its own, copies, or a server's share. */
export const localLogs: LogSource = {
  list: async (path) => reading(path, () => logFiles(path)),
  read: (path, sink, options) =>
    readLines(path, sink, options).catch((thrown: unknown) => {
      throw unreadable(path, thrown);
    }),
};

function logFiles(path: string): LogFileFound[] {
  const found = statSync(path);
  if (!found.isDirectory()) return [{ path, size: found.size }];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.log$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: file, size: reading(file, () => statSync(file).size) }));
}

function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): unknown {
  const code = cause instanceof Error && "syscall" in cause && "code" in cause ? String(cause.code) : undefined;
  if (code === undefined) return cause;
  const why = { ENOENT: "does not exist", EACCES: "may not be read by this user" }[code] ?? `cannot be read (${code})`;
  const hint = "Name HttpProxy log files, or folders of them.";
  return new ProviderError("input-invalid", `${path} ${why}.`, { hint, cause });
}
