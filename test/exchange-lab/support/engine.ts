import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";

/** `pwsh` on PATH, or the engine beside the checkout. */
export async function findEngine(): Promise<string | undefined> {
  const onPath = (process.env.PATH ?? "").split(delimiter).find((folder) => existsSync(join(folder, "pwsh")));
  if (onPath !== undefined) return join(onPath, "pwsh");
  const installer = resolve(__dirname, "../../../../shared/tools/pwsh/install");
  if (!existsSync(installer)) return undefined;
  return join((await promisify(execFile)(installer)).stdout.trim(), "pwsh");
}
