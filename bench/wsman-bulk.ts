import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { corp } from "../lab/domain-controller";
import { openWsmanSession } from "../provider/powershell/wsman";
import { findEngine } from "../test/support/engine";
import { foreignPython } from "../test/support/python";
import { type Bulk, bulks, expectAll, writeBulkModule } from "./bulk-module";
import type { Figure } from "./figure";
import { freshTickets } from "./tickets";

const rounds = 3;
const host = `cas-1.${corp.dnsName}`;
const resourceUri = "http://schemas.microsoft.com/powershell/Microsoft.Exchange";

/** Milliseconds. */
type Times = Record<Bulk, number>;

async function ours(port: number, module: string, cache: string): Promise<Times> {
  const session = await openWsmanSession({
    url: `http://${host}:${port}/PowerShell/`,
    resourceUri,
    identity: { kind: "cache", cache },
    realm: corp.realm,
  });
  try {
    await session.invoke([{ name: "Import-Module", parameters: { Name: module } }]);
    const times: Times = { "Get-Text": Infinity, "Get-Object": Infinity };
    for (const name of bulks) {
      const started = performance.now();
      const { output } = await session.invoke([{ name }]);
      times[name] = performance.now() - started;
      expectAll(name, output.length);
    }
    return times;
  } finally {
    await session.close();
  }
}

async function pypsrp(python: string, port: number, module: string, cache: string): Promise<Times> {
  const peer = join(__dirname, "wsman-bulk-peer.py");
  const env = { ...process.env, KRB5CCNAME: cache };
  const { stdout } = await promisify(execFile)(python, [peer, host, String(port), module, ...bulks], { env });
  const found = JSON.parse(stdout) as Record<Bulk, { took: number; count: number }>;
  for (const name of bulks) expectAll(name, found[name].count);
  return { "Get-Text": found["Get-Text"].took, "Get-Object": found["Get-Object"].took };
}

/** 20 MB over sealed WS-Management, by our client and by pypsrp, from the real engine behind the lab's endpoint. */
export async function figures(): Promise<Figure[]> {
  const engine = await findEngine();
  const python = foreignPython();
  if (engine === undefined || python === undefined) {
    process.stderr.write(`wsman-bulk: left out, there is no ${engine === undefined ? "pwsh" : "Python with pypsrp"}\n`);
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const execArgv = ["-r", require.resolve("ts-node/register")];
  // A process of its own, so that it does not take our client's time.
  const server = fork(join(__dirname, "wsman-engine.ts"), [engine], { execArgv });
  const best = {
    ours: { "Get-Text": Infinity, "Get-Object": Infinity },
    peer: { "Get-Text": Infinity, "Get-Object": Infinity },
  };
  const keep = (side: keyof typeof best, times: Times) => {
    for (const name of bulks) best[side][name] = Math.min(best[side][name], times[name]);
  };
  try {
    const ended = once(server, "exit").then(([code]) => {
      throw new Error(`The endpoint ended with ${code}.`);
    });
    const [port] = (await Promise.race([once(server, "message"), ended])) as [number];
    const module = await writeBulkModule(folder);
    const cache = await freshTickets(folder);
    // In turn, and the best of each: what else the machine does then weighs on both alike.
    for (let round = 0; round < rounds; round++) {
      keep("ours", await ours(port, module, cache));
      keep("peer", await pypsrp(python, port, module, cache));
    }
  } finally {
    if (server.connected) server.disconnect();
    await rm(folder, { recursive: true });
  }
  const names = { "Get-Text": "long strings", "Get-Object": "objects" };
  return bulks.map((name) => ({
    name: `PowerShell over sealed WS-Management, 20 MB of ${names[name]}, against pypsrp`,
    ours: best.ours[name],
    peer: best.peer[name],
    unit: "ms",
    goal: 1,
    better: "lower",
  }));
}
