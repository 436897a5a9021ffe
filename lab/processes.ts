import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { insideNamespace, waitUntil } from "./command";
import { labFolder } from "./folders";
import { changeLabState, type RecordedProcess, readLabState } from "./lab-state";
import { namespaceProcesses } from "./network-namespace";

export const logFolder = join(labFolder, "logs");

/** /proc/PID/stat from its third field on: state, parent, …; empty where there is no such process. */
function statistics(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Field 22; with the pid it names one process for as long as the machine runs. */
function startTime(pid: number): string | undefined {
  const fields = statistics(pid);
  return fields[0] === "Z" ? undefined : fields[19];
}

/** This process and who called it: in a shell with the lab's environment, node and npm are in the namespace too. */
function callers(pid = process.pid): number[] {
  const parent = Number(statistics(pid)[1] ?? 0);
  return parent > 0 ? [pid, ...callers(parent)] : [pid];
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

/** Below zero: a process group. Who is gone already needs no signal. */
function send(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Each is the leader of a process group of its own (`detached`). */
const signalGroup = ({ pid }: RecordedProcess, signal: NodeJS.Signals) => send(signal, -pid);

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
  const ours = callers();
  // Who lists them is in the list as well, where we are inside, and gone by now.
  const others = async () => (await namespaceProcesses()).filter((pid) => !ours.includes(pid) && startTime(pid));
  const empty = async () => (await others()).length === 0;
  await waitUntil("the namespace is empty", empty, 5_000).catch(async () => {
    for (const pid of await others()) send("SIGKILL", pid);
    await waitUntil("the namespace is empty", empty, 5_000);
  });
  changeLabState((state) => {
    state.processes = [];
  });
}
