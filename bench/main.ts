import { spawn } from "node:child_process";
import { insideNamespace } from "../lab/command";
import { labEnvironment } from "../lab/environment";
import { exchangeUp } from "../lab/exchange/up";
import { checkoutFolder } from "../lab/folders";
import { providePackages, requireRoot } from "../lab/packages";
import { providePulumiCli } from "../lab/pulumi-cli";
import { labDown, labIsUp, labUp } from "../lab/up";
import { installPackage } from "../test/support/programs";
import { ensurePython } from "../test/support/python";
import * as directory from "./directory";
import * as exchange from "./exchange";
import { line } from "./figure";
import * as logs from "./http-proxy-log";
import * as local from "./local";
import * as psrp from "./psrp";
import * as pulumi from "./pulumi";
import { type Outcome, writeResults } from "./results";
import { type Measured, scale } from "./scale";
import * as wsman from "./wsman";
import * as wsmanBulk from "./wsman-bulk";

const benches = { directory, exchange, logs, pulumi, psrp, wsman, "wsman-bulk": wsmanBulk, local };
const insideFlag = "--inside";

/**
 * `npm run bench [-- NAME…]`: a lab, then each bench inside its network. One JSON line a figure, all else on standard error, and
 * where no bench was named all of it in RESULTS.md. The names are those of {@link benches}, and `scale`.
 */
async function main(words: readonly string[]): Promise<number> {
  if (words[0] === insideFlag) return measure(words.slice(1));
  requireRoot();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const keep = labIsUp();
  try {
    await providePackages(["network", "directory", "clients"], say);
    await labUp({ dc2: true }, say);
    await exchangeUp({ servers: 2 }, say);
    await installPackage(say);
    await ensurePython(say);
    const environment = { ...process.env, ...labEnvironment(await providePulumiCli(say)) };
    // Without the compiler's memory: the larger a process, the longer it takes to start another.
    const inside = spawn(...insideNamespace("ts-node", ["--transpile-only", "bench/main.ts", insideFlag, ...words]), {
      cwd: checkoutFolder,
      env: environment,
      stdio: ["ignore", "inherit", "inherit"],
    });
    return await new Promise((resolve, reject) => {
      inside.on("error", reject);
      inside.on("close", (code) => resolve(code ?? 1));
    });
  } finally {
    if (!keep) await labDown();
  }
}

/** Every bench that was asked for, to its end whatever becomes of the others. */
async function measure(names: readonly string[]): Promise<number> {
  const wanted = (name: string) => names.length === 0 || names.includes(name);
  const failures: string[] = [];
  const attempt = async <T>(name: string, work: () => Promise<T>): Promise<T | { leftOut: string }> => {
    if (!wanted(name)) return { leftOut: "not asked for" };
    const started = Date.now();
    try {
      return await work();
    } catch (error) {
      process.stderr.write(`${name}: ${error instanceof Error ? error.stack : error}\n`);
      failures.push(name);
      return { leftOut: "it failed" };
    } finally {
      process.stderr.write(`${name}: ${Math.round((Date.now() - started) / 1000)} s\n`);
    }
  };
  const outcomes: Record<string, Outcome> = {};
  for (const [name, bench] of Object.entries(benches)) {
    outcomes[name] = await attempt(name, async () => {
      const figures = await bench.figures();
      for (const figure of figures) console.log(line(figure));
      return figures.length === 0 ? { leftOut: "this machine lacks what it takes" } : { figures };
    });
  }
  const grown = await attempt<readonly Measured[]>("scale", () => scale(console.log));
  if (names.length === 0) writeResults(outcomes, grown);
  return failures.length === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
