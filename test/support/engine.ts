import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";

/** The real PowerShell engine: `pwsh` on PATH, else the one beside the checkout; `undefined` where there is none. */
export async function findEngine(): Promise<string | undefined> {
  const onPath = (process.env.PATH ?? "").split(delimiter).find((folder) => existsSync(join(folder, "pwsh")));
  if (onPath !== undefined) return join(onPath, "pwsh");
  const installer = resolve(__dirname, "../../../shared/tools/pwsh/install");
  if (!existsSync(installer)) return undefined;
  return join((await promisify(execFile)(installer)).stdout.trim(), "pwsh");
}

export const engineMissing = "    skipped: no pwsh on PATH and none in ../shared/tools/pwsh";
