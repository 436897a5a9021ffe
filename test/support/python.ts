import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun, runCommand } from "../../lab/command";
import { cacheFolder } from "../../lab/folders";

/** The foreign remoting clients that ours is held against; the `kerberos` extra is compiled from source. */
const requirements = ["psrpcore==0.3.1", "pypsrp[kerberos]==0.9.1", "prometheus_client==0.21.1"];

const folder = join(cacheFolder(), "python");
const stamp = join(folder, "installed.txt");
const interpreter = join(folder, "bin", "python");

/** The Python of the foreign clients, or `undefined` where `ensurePython` has not been able to make it. */
export function foreignPython(): string | undefined {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === requirements.join("\n") ? interpreter : undefined;
}

export const pythonMissing =
  "    skipped: no Python with the foreign PSRP clients (npm test installs it where there is a network)";

/** Makes the Python once a machine. Needs the network, so it runs before the tests enter the lab's namespace. */
export async function ensurePython(say: (line: string) => void): Promise<void> {
  if (foreignPython() !== undefined) return;
  if ((await runCommand("python3", ["-c", "import venv, ensurepip"]).catch(() => undefined))?.status !== 0) {
    say("No Python with venv: the tests against foreign PSRP clients will be skipped");
    return;
  }
  const started = Date.now();
  mkdirSync(cacheFolder(), { recursive: true });
  await mustRun("python3", ["-m", "venv", folder]);
  await mustRun(interpreter, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements], {
    deadline: 600_000,
  });
  writeFileSync(stamp, requirements.join("\n"));
  say(`Foreign PSRP clients installed (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
