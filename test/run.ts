import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { insideNamespace } from "../lab/command";
import { labEnvironment } from "../lab/environment";
import { exchangeUp } from "../lab/exchange/up";
import { cacheFolder, checkoutFolder } from "../lab/folders";
import { providePackages, requireRoot } from "../lab/packages";
import { providePulumiCli } from "../lab/pulumi-cli";
import { clearDeadLab, labDown, labIsUp, labUp } from "../lab/up";
import { installPackage, programsFolder, shareInstalled } from "./support/programs";
import { ensurePython } from "./support/python";

/**
 * About half of the work. A whole run has two labs side by side, each with its half of the tests: most of the time one program of a
 * test waits for another, and nothing of one lab is seen in the other.
 */
const secondHalf = "test/stack/**/*.test.ts";
/** In the second lab: the first one's folder of programs. */
const installedElsewhere = process.env.LAB_INSTALLED;

const say = (line: string) => console.log(line);

/**
 * The whole test run: a lab, our package installed as a user installs it, then Mocha inside the lab's network.
 * Arguments are Mocha's: `npm test -- test/sdk test/stack/adoption.test.ts --grep adopt`; all tests where they name no file and no
 * folder. A lab that was up before stays up.
 */
async function main(words: readonly string[]): Promise<number> {
  requireRoot();
  const given = words.map(allInFolder);
  const keep = labIsUp();
  const whole = !given.some((argument) => argument.endsWith(".ts"));
  try {
    await prepare();
    // Hundreds of Node processes load the same few libraries.
    const compiled = { NODE_COMPILE_CACHE: join(cacheFolder(), "node-compile") };
    const environment = { ...process.env, ...labEnvironment(await providePulumiCli(say)), ...compiled };
    const mocha = (...files: string[]) => run(insideNamespace("mocha", [...files, ...given]), environment, true);
    if (!whole) return (await mocha()).code;
    const [first, second] = await Promise.all([
      mocha("test/**/*.test.ts", "--ignore", secondHalf),
      inSecondLab([secondHalf, ...given]),
    ]);
    say(`\nIn the second lab:\n${second.output}\n${sum([first, second])}`);
    return Math.max(first.code, second.code);
  } finally {
    if (!keep) await labDown();
  }
}

/** For a folder of tests the tests in it: left to itself, Mocha looks there for JavaScript alone, and finds nothing. */
function allInFolder(word: string): string {
  const isFolder = word.startsWith("test/") && statSync(word, { throwIfNoEntry: false })?.isDirectory();
  return isFolder ? join(word, "**/*.test.ts") : word;
}

async function prepare(): Promise<void> {
  await providePackages(["network", "directory", "clients", "tests"], say);
  await clearDeadLab(say);
  // The package comes from outside, so it is installed before anything enters the namespace.
  // All to their end, even if one fails: what is half up cannot be cleared away.
  const prepared = await Promise.allSettled([
    labUp({ dc2: true, usersForest: true }, say),
    installedElsewhere === undefined ? installPackage(say) : undefined,
    ensurePython(say),
  ]);
  for (const one of prepared) if (one.status === "rejected") throw one.reason;
  if (installedElsewhere !== undefined) shareInstalled(installedElsewhere);
  await exchangeUp({ servers: 2, secondSite: 2, versions: ["2016", "2019"] }, say);
}

/** The same as here, with a lab and Mocha of its own; it begins once the package is installed, and says nothing before its end. */
function inSecondLab(words: readonly string[]): Promise<Ended> {
  const environment = { ...process.env, LAB_COPY: "2", LAB_INSTALLED: programsFolder };
  return run(["ts-node", ["test/run.ts", ...words]], environment, false);
}

interface Ended {
  readonly code: number;
  readonly output: string;
}

function run(
  [command, words]: readonly [string, string[]],
  environment: NodeJS.ProcessEnv,
  aloud: boolean,
): Promise<Ended> {
  const child = spawn(command, words, {
    cwd: checkoutFolder,
    env: process.stdout.isTTY && aloud ? { ...environment, FORCE_COLOR: "1" } : environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (aloud) process[stream].write(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** The last lines of both as one. A half that came to no end counts as a failure. */
function sum(halves: readonly Ended[]): string {
  const counts = halves.map(({ output }) => /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(output));
  const total = (index: number) => counts.reduce((all, count) => all + Number(count?.[index] ?? 0), 0);
  const failed = total(2) + counts.filter((count) => count === null).length;
  const skipped = total(3);
  return `${total(1)} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

// An interrupt reaches the whole process group; we stay to clear the lab away.
process.on("SIGINT", () => {});
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
