import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { insideNamespace, waitUntil } from "./command";
import { labFolder } from "./folders";
import { changeLabState, type RecordedProcess, readLabState } from "./lab-state";
import { namespaceProcesses } from "./network-namespace";

export const logFolder = join(labFolder, "logs");

/** Field 22 of /proc/PID/stat; with the pid it names one process for as long as the machine runs. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export function isAlive(process: RecordedProcess): boolean {
  return startTime(process.pid) === process.startTime;
}

export function findProcess(name: string): RecordedProcess | undefined {
  return readLabState().processes.find((process) => process.name === name && isAlive(process));
}

/** Starts a process inside the namespace that outlives us; its output goes to a log of its name. Running already is fine. */
export function startProcess(
  name: string,
  command: string,
  arguments_: readonly string[],
  environment = process.env,
): void {
  if (findProcess(name) !== undefined) return;
  mkdirSync(logFolder, { recursive: true });
  const log = openSync(join(logFolder, `${name}.log`), "a", 0o600);
  const child = spawn(...insideNamespace(command, arguments_), {
    detached: true,
    stdio: ["ignore", log, log],
    env: environment,
  });
  closeSync(log);
  const pid = child.pid;
  const started = pid === undefined ? undefined : startTime(pid);
  if (pid === undefined || started === undefined)
    throw new Error(`${name} did not start: see ${join(logFolder, `${name}.log`)}.`);
  child.unref();
  changeLabState((state) => {
    state.processes = [...state.processes.filter((one) => one.name !== name), { name, pid, startTime: started }];
  });
}

function signalGroup(process_: RecordedProcess, signal: NodeJS.Signals): void {
  try {
    // Each is the leader of a process group of its own (`detached`).
    process.kill(-process_.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export async function stopProcess(name: string): Promise<void> {
  const found = findProcess(name);
  if (found === undefined) return;
  signalGroup(found, "SIGTERM");
  await waitUntil(`${name} ends`, async () => !isAlive(found), 10_000).catch(() => signalGroup(found, "SIGKILL"));
  changeLabState((state) => {
    state.processes = state.processes.filter((one) => one.name !== name);
  });
}

/** Ends what the lab started, then whatever still sits in its namespace. */
export async function stopAllProcesses(): Promise<void> {
  for (const found of readLabState().processes.filter(isAlive)) signalGroup(found, "SIGTERM");
  const empty = async () => (await namespaceProcesses()).filter((pid) => pid !== process.pid).length === 0;
  await waitUntil("the namespace is empty", empty, 5_000).catch(async () => {
    for (const pid of await namespaceProcesses()) {
      if (pid !== process.pid) process.kill(pid, "SIGKILL");
    }
    await waitUntil("the namespace is empty", empty, 5_000);
  });
  changeLabState((state) => {
    state.processes = [];
  });
}
