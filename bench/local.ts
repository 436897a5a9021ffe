import { performance } from "node:perf_hooks";
import { PowerShell } from "node-powershell";
import { LocalSession, type PowerShellSession, processChannel, RunspacePoolSession } from "../provider/powershell";
import { findEngine } from "../test/support/engine";
import type { Figure } from "./figure";

const commands = 100;
const rounds = 3;

/** Runs one command that gives a number back, as a number. */
type Echo = (number: number) => Promise<unknown>;

async function median(echo: Echo): Promise<number> {
  const times: number[] = [];
  for (let number = 0; number < commands; number++) {
    const started = performance.now();
    const answer = await echo(number);
    if (answer !== number) throw new Error(`The shell gave ${answer} for ${number}.`);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[commands / 2] ?? 0;
}

async function bySession(session: PowerShellSession): Promise<number> {
  try {
    return await median(
      async (number) =>
        (await session.invoke([{ name: "Write-Output", parameters: { InputObject: number } }])).output[0],
    );
  } finally {
    await session.close();
  }
}

/** As its documentation shows it: text in, text out, and JSON where a value is to come back as one. */
async function byNodePowershell(engine: string): Promise<number> {
  const shell = new PowerShell({ executable: engine, executableOptions: { "-NoProfile": true } });
  try {
    return await median(async (number) => {
      const { stdout } = await shell.invoke(`Write-Output -InputObject ${number} | ConvertTo-Json`);
      return JSON.parse(stdout?.toString() ?? "");
    });
  } finally {
    await shell.dispose();
  }
}

/** One command on this machine: over PSRP and by the local session, each against node-powershell alone. */
export async function figures(): Promise<Figure[]> {
  const engine = await findEngine();
  if (engine === undefined) {
    process.stderr.write("local: left out, there is no pwsh\n");
    return [];
  }
  const best = { psrp: Infinity, local: Infinity, peer: Infinity };
  // In turn, and the best of each: what else the machine does then weighs on all alike.
  for (let round = 0; round < rounds; round++) {
    best.peer = Math.min(best.peer, await byNodePowershell(engine));
    best.local = Math.min(best.local, await bySession(new LocalSession({ executable: engine })));
    const session = await RunspacePoolSession.open("localhost", processChannel(engine));
    best.psrp = Math.min(best.psrp, await bySession(session));
  }
  const figure = (name: string, ours: number, goal: number): Figure => ({
    name: `one command (median), ${name}, against node-powershell`,
    ours,
    peer: best.peer,
    unit: "ms",
    goal,
    better: "lower",
  });
  return [figure("PSRP over stdio", best.psrp, 1 / 3), figure("local session", best.local, 2)];
}
