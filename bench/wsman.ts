import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { corp } from "../lab/domain-controller";
import type { Pipeline } from "../provider/powershell";
import { openWsmanSession } from "../provider/powershell/wsman";
import { foreignPython } from "../test/support/python";
import type { Figure } from "./figure";
import { freshTickets } from "./tickets";

const commands = 200;
const rounds = 3;
const host = `cas-1.${corp.dnsName}`;

/** Milliseconds. */
interface Times {
  open: number;
  /** The median of those in a row. */
  command: number;
  row: number;
}
const measures = ["open", "command", "row"] as const;

async function ours(cache: string): Promise<Times> {
  const started = performance.now();
  const session = await openWsmanSession({
    url: `http://${host}/PowerShell/`,
    resourceUri: "http://schemas.microsoft.com/powershell/Microsoft.Exchange",
    identity: { kind: "cache", cache },
    realm: corp.realm,
  });
  const opened = performance.now();
  try {
    const times: number[] = [];
    const read: Pipeline = [{ name: "Get-ClientAccessService", parameters: { Identity: "cas-1" } }];
    for (let number = 0; number < commands; number++) {
      const begun = performance.now();
      const { output } = await session.invoke(read);
      if (output.length !== 1) throw new Error(`${output.length} objects came, not one.`);
      times.push(performance.now() - begun);
    }
    const row = performance.now() - opened;
    return { open: opened - started, command: times.sort((a, b) => a - b)[commands / 2] ?? 0, row };
  } finally {
    await session.close();
  }
}

async function pypsrp(python: string, cache: string): Promise<Times> {
  const peer = join(__dirname, "wsman-peer.py");
  const env = { ...process.env, KRB5CCNAME: cache };
  const { stdout } = await promisify(execFile)(python, [peer, host, String(commands)], { env });
  return JSON.parse(stdout);
}

/** Our client against pypsrp, both with bodies sealed by Kerberos, on the same server of the lab. */
export async function figures(): Promise<Figure[]> {
  const python = foreignPython();
  if (python === undefined) {
    process.stderr.write("wsman: left out, there is no Python with pypsrp\n");
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const best = {
    ours: { open: Infinity, command: Infinity, row: Infinity },
    peer: { open: Infinity, command: Infinity, row: Infinity },
  };
  const keep = (side: "ours" | "peer", times: Times) => {
    for (const key of measures) best[side][key] = Math.min(best[side][key], times[key]);
  };
  try {
    const cache = await freshTickets(folder);
    // In turn, and the best of each: what else the machine does then weighs on both alike.
    for (let round = 0; round < rounds; round++) {
      keep("ours", await ours(cache));
      keep("peer", await pypsrp(python, cache));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const names = { open: "open", command: "one command (median)", row: `${commands} commands in a row` };
  return measures.map((key) => ({
    name: `PowerShell over sealed WS-Management, ${names[key]}, against pypsrp`,
    ours: best.ours[key],
    peer: best.peer[key],
    unit: "ms",
    goal: 1,
    better: "lower",
  }));
}
