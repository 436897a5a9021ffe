import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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
const kibibyte = 1024;

/** Loaded before the command: says at its end the greatest memory that it had, in KiB. */
const witness = `process.on("exit", () => {
  const status = require("node:fs").readFileSync("/proc/self/status", "utf8");
  process.stderr.write(/VmHWM:\\s+(\\d+)/.exec(status)[1]);
});`;
const main = join(checkoutFolder, "dist", "cli", "main.js");

/** A log of 1 GB, read once by each, ours the whole command; all must count the same. */
export async function figures(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const log = join(folder, "HttpProxy_2026112408-1.LOG");
    writeLog(log, size);
    const preload = join(folder, "witness.cjs");
    await writeFile(preload, witness);
    const contestants = {
      ours: [process.execPath, ["-r", preload, main, "logs", "--json", log]],
      awk: ["awk", ["-F,", "{ n[$12, $8]++ } END { for (k in n) if (k ~ /^NTLM/) c += n[k]; print c }", log]],
      "grep -c": ["grep", ["-c", ",NTLM,", log]],
    } as const satisfies Record<string, readonly [string, readonly string[]]>;
    const best: Record<string, number> = {};
    let memory = 0;
    const counts = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      for (const [name, [program, arguments_]] of Object.entries(contestants)) {
        const started = performance.now();
        const { stdout, stderr } = await run(program, arguments_);
        best[name] = Math.min(best[name] ?? Infinity, performance.now() - started);
        counts.add(name === "ours" ? String(JSON.parse(stdout).ntlm.requests) : stdout.trim());
        if (name === "ours") memory = Math.max(memory, (Number(stderr) * kibibyte) / 1e6);
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
      // The peer is the limit; three quarters of ours are Node's own program.
      { name: "HttpProxy log of 1 GB, memory", ours: memory, peer: 60, unit: "MB", goal: 1, better: "lower" },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
