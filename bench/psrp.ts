import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { type Pipeline, processChannel, RunspacePoolSession } from "../provider/powershell";
import { findEngine } from "../test/support/engine";
import { foreignPython } from "../test/support/python";
import type { Figure } from "./figure";

const commands = 200;
const rounds = 3;
/** 20 MB on the wire: as 2,000 long strings, and as 20,000 objects of ten properties, which is what cmdlets give. */
const bulkModule = `
function Get-Text { $text = 'x' * 10000; for ($i = 0; $i -lt 2000; $i++) { $text } }
function Get-Object {
  for ($i = 0; $i -lt 20000; $i++) {
    $object = [ordered]@{ Number = $i }
    foreach ($name in 1..9) { $object["Property$name"] = 'the value of a property, as long as a distinguished name is' }
    [pscustomobject]$object
  }
}
`;
/** How many values each gives. */
const counts = { text: 2_000, objects: 20_000 };

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
  const [open, session] = await milliseconds(() => RunspacePoolSession.open("localhost", processChannel(engine)));
  try {
    await session.invoke([{ name: "Import-Module", parameters: { Name: module } }]);
    const times: number[] = [];
    const [row] = await milliseconds(async () => {
      for (let number = 0; number < commands; number++) {
        const echo: Pipeline = [{ name: "Write-Output", parameters: { InputObject: number } }];
        const [took, { output }] = await milliseconds(() => session.invoke(echo));
        if (output[0] !== number) throw new Error(`Write-Output gave ${output} for ${number}.`);
        times.push(took);
      }
    });
    const bulk = async (name: string, count: number) => {
      const [took, { output }] = await milliseconds(() => session.invoke([{ name }]));
      expectCount(output.length, count);
      return took;
    };
    const text = await bulk("Get-Text", counts.text);
    const objects = await bulk("Get-Object", counts.objects);
    return { open, command: times.sort((a, b) => a - b)[commands / 2] ?? 0, row, text, objects };
  } finally {
    await session.close();
  }
}

async function psrpcore(python: string, engine: string, module: string): Promise<Times> {
  const peer = join(__dirname, "psrp-peer.py");
  const { stdout } = await promisify(execFile)(python, [peer, engine, module, String(commands)]);
  const { found, ...times } = JSON.parse(stdout) as Times & { found: typeof counts };
  expectCount(found.text, counts.text);
  expectCount(found.objects, counts.objects);
  return times;
}

function expectCount(found: number, expected: number): void {
  if (found !== expected) throw new Error(`The server gave ${found} values, not ${expected}.`);
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
  const best = { ours: none(), peer: none() };
  const keep = (side: "ours" | "peer", times: Times) => {
    for (const key of measures) best[side][key] = Math.min(best[side][key], times[key]);
  };
  try {
    const module = join(folder, "Bulk.psm1");
    await writeFile(module, bulkModule);
    // In turn, and the best of each: what else the machine does then weighs on both alike.
    for (let round = 0; round < rounds; round++) {
      keep("ours", await ours(engine, module));
      keep("peer", await psrpcore(python, engine, module));
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
  });
  return [
    figure("open", "open", 1),
    figure("one command (median)", "command", 0.5),
    figure(`${commands} commands in a row`, "row", 0.5),
    figure("20 MB of long strings", "text", 0.5),
    figure("20 MB of objects", "objects", 0.5),
  ];
}
