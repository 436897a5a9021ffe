import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { checkoutFolder } from "../lab/folders";
import { writeLog } from "../test/support/http-proxy-log-file";
import type { Figure } from "./figure";

const run = promisify(execFile);
const size = 1e9;
const rounds = 3;
const mebibyte = 1024;

/** The compiled reader in a process of its own; says how many requests came by NTLM, and its greatest memory in KiB. */
const reader = `
require(process.argv[1]).readHttpProxyLogs([process.argv[2]]).then((report) => {
  const status = require("node:fs").readFileSync("/proc/self/status", "utf8");
  console.log(report.ntlm.requests, /VmHWM:\\s+(\\d+)/.exec(status)[1]);
});`;
const module_ = join(checkoutFolder, "dist", "provider", "exchange", "http-proxy-log", "index.js");

/** A log of 1 GB, read once by each; all must count the same. */
export async function figures(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const log = join(folder, "HttpProxy_2026112408-1.LOG");
    writeLog(log, size);
    const contestants = {
      ours: [process.execPath, ["-e", reader, module_, log]],
      awk: ["awk", ["-F,", "{ n[$12, $8]++ } END { for (k in n) if (k ~ /^NTLM/) c += n[k]; print c }", log]],
      "grep -c": ["grep", ["-c", ",NTLM,", log]],
    } as const satisfies Record<string, readonly [string, readonly string[]]>;
    const best: Record<string, number> = {};
    let memory = 0;
    const counts = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, [command, arguments_]] of Object.entries(contestants)) {
        const started = performance.now();
        const [count = "", kibibytes] = (await run(command, arguments_)).stdout.trim().split(" ");
        best[name] = Math.min(best[name] ?? Infinity, performance.now() - started);
        counts.add(count);
        if (kibibytes !== undefined) memory = Math.max(memory, Number(kibibytes) / mebibyte);
      }
    }
    if (counts.size !== 1) throw new Error(`The counts differ: ${[...counts].join(", ")}`);
    const rate = (name: string) => size / 1e3 / (best[name] ?? Number.NaN);
    const against = (peer: keyof typeof contestants, goal: number): Figure => ({
      name: `HttpProxy log of 1 GB, against ${peer}`,
      ours: rate("ours"),
      peer: rate(peer),
      unit: "MB/s",
      goal,
      better: "higher",
    });
    return [
      against("awk", 0.5),
      against("grep -c", 0.1),
      // The peer is the limit; two thirds of ours are Node's own program.
      { name: "HttpProxy log of 1 GB, memory", ours: memory, peer: 60, unit: "MiB", goal: 1, better: "lower" },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
