import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { type Pipeline, processChannel, RunspacePoolSession } from "../provider/powershell";
import { findEngine } from "../test/support/engine";
import { foreignPython } from "../test/support/python";
import { type Bulk, bulks, expectAll, writeBulkModule } from "./bulk-module";
import type { Figure } from "./figure";
import { openingAlone, serverAlone } from "./server-alone";

const commands = 200;
const rounds = 3;
/** Of what is short, in one session, and the best counts: the first ones are the server's compiler at work more than anything else. */
const repeats = 12;
/** Milliseconds. */
interface Times {
  open: number;
  /** The median of those in a row. */
  command: number;
  row: number;
  text: number;
  objects: number;
}
const measures = ["open", "command", "row", "text", "objects"] as const;

async function milliseconds<T>(work: () => Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}

async function ours(engine: string, module: string): Promise<Times> {
  const opened = () => milliseconds(() => RunspacePoolSession.open("localhost", processChannel(engine)));
  let [open, session] = await opened();
  for (let repeat = 1; repeat < repeats; repeat++) {
    await session.close();
    const [took, next] = await opened();
    open = Math.min(open, took);
    session = next;
  }
  try {
    await session.invoke([{ name: "Import-Module", parameters: { Name: module } }]);
    const inARow = async () => {
      const times: number[] = [];
      const [row] = await milliseconds(async () => {
        for (let number = 0; number < commands; number++) {
          const echo: Pipeline = [{ name: "Write-Output", parameters: { InputObject: number } }];
          const [took, { output }] = await milliseconds(() => session.invoke(echo));
          if (output[0] !== number) throw new Error(`Write-Output gave ${output} for ${number}.`);
          times.push(took);
        }
      });
      return { row, command: times.sort((a, b) => a - b)[commands / 2] ?? 0 };
    };
    const bulk = async (name: Bulk) => {
      const [took, { output }] = await milliseconds(() => session.invoke([{ name }]));
      expectAll(name, output.length);
      return took;
    };
    const best = { open, command: Infinity, row: Infinity, text: Infinity, objects: Infinity };
    const keep = (key: keyof Times, took: number) => {
      best[key] = Math.min(best[key], took);
    };
    for (let repeat = 0; repeat < repeats; repeat++) {
      const { row, command } = await inARow();
      keep("row", row);
      keep("command", command);
      keep("text", await bulk("Get-Text"));
    }
    keep("objects", await bulk("Get-Object"));
    return best;
  } finally {
    await session.close();
  }
}

/** What psrpcore takes. */
async function psrpcore(python: string, engine: string, module: string): Promise<Times> {
  const peer = join(__dirname, "psrp-peer.py");
  const { stdout } = await promisify(execFile)(python, [peer, engine, module, String(commands), String(repeats)]);
  const { found, times } = JSON.parse(stdout) as { found: Record<Bulk, number>; times: Times };
  for (const name of bulks) expectAll(name, found[name]);
  return times;
}

/** Our client against psrpcore, each with a `pwsh -s` of its own. */
export async function figures(): Promise<Figure[]> {
  const engine = await findEngine();
  const python = foreignPython();
  if (engine === undefined || python === undefined) {
    process.stderr.write(`psrp: left out, there is no ${engine === undefined ? "pwsh" : "Python with psrpcore"}\n`);
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const none = (): Times => ({ open: Infinity, command: Infinity, row: Infinity, text: Infinity, objects: Infinity });
  const best = { ours: none(), peer: none(), alone: none() };
  const keep = (side: keyof typeof best, times: Partial<Times>) => {
    for (const key of measures) best[side][key] = Math.min(best[side][key], times[key] ?? Infinity);
  };
  try {
    const module = await writeBulkModule(folder);
    // In turn, and the best of each: what else the machine does then weighs on all alike.
    for (let round = 0; round < rounds; round++) {
      keep("ours", await ours(engine, module));
      keep("peer", await psrpcore(python, engine, module));
      for (let repeat = 0; repeat < repeats; repeat++) keep("alone", { open: await openingAlone(engine) });
      keep("alone", { text: await serverAlone(engine, module, "Get-Text", repeats) });
      keep("alone", { objects: await serverAlone(engine, module, "Get-Object", 1) });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const figure = (name: string, key: keyof Times, goal: number): Figure => ({
    name: `PowerShell over stdio, ${name}, against psrpcore`,
    ours: best.ours[key],
    peer: best.peer[key],
    unit: "ms",
    goal,
    better: "lower",
    ...(Number.isFinite(best.alone[key]) ? { floor: best.alone[key] } : {}),
  });
  return [
    // Both wait for the same program to start, which is nearly all of it: the floor tells that no client can reach this one.
    figure("open", "open", 0.5),
    figure("one command (median)", "command", 0.5),
    figure(`${commands} commands in a row`, "row", 0.5),
    figure("20 MB of long strings", "text", 0.5),
    figure("20 MB of objects", "objects", 0.5),
  ];
}
