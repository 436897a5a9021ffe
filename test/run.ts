import { spawn } from "node:child_process";
import { insideNamespace } from "../lab/command";
import { labEnvironment } from "../lab/environment";
import { exchangeUp } from "../lab/exchange/up";
import { checkoutFolder } from "../lab/folders";
import { providePackages, requireRoot } from "../lab/packages";
import { providePulumiCli } from "../lab/pulumi-cli";
import { labDown, labIsUp, labUp } from "../lab/up";
import { installPackage } from "./support/programs";
import { ensurePython } from "./support/python";

/**
 * The whole test run: a lab, our package installed as a user installs it, then Mocha inside the lab's network.
 * Arguments are Mocha's: `npm test -- test/stack/*.test.ts --grep adopt`; all tests where they name no file. A lab that was up before stays up.
 */
async function main(): Promise<number> {
  requireRoot();
  const say = (line: string) => console.log(line);
  const keep = labIsUp();
  try {
    await providePackages(["network", "directory", "clients", "tests"], say);
    // The package comes from outside, so it is installed before anything enters the namespace.
    // Both to their end, even if one fails: what is half up cannot be cleared away.
    const prepared = await Promise.allSettled([
      labUp({ dc2: true, usersForest: true }, say),
      installPackage(say),
      ensurePython(say),
    ]);
    for (const one of prepared) if (one.status === "rejected") throw one.reason;
    await exchangeUp({ servers: 2, secondSite: 2, versions: ["2016", "2019"] }, say);
    return await mocha(labEnvironment(await providePulumiCli(say)), process.argv.slice(2));
  } finally {
    if (!keep) await labDown();
  }
}

function mocha(environment: Record<string, string>, arguments_: readonly string[]): Promise<number> {
  const files = arguments_.some((argument) => argument.endsWith(".ts")) ? [] : ["test/**/*.test.ts"];
  const child = spawn(...insideNamespace("mocha", [...files, ...arguments_]), {
    cwd: checkoutFolder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
  });
  // An interrupt reaches the whole process group; we stay to clear the lab away.
  process.on("SIGINT", () => {});
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
