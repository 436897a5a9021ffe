import { execFileSync, spawn } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cacheFolder } from "./folders";

/** Newest versions that Go's module index serves with their commands whole. */
const cliVersion = "3.259.0";
/** The last release whose module still holds the Node language host and the launcher of dynamic providers. */
const languageHostVersion = "3.65.1";

const cliModule = `module lab/pulumi-cli

go 1.24

require github.com/pulumi/pulumi/pkg/v3 v${cliVersion}

// The CLI's own replacement: replacements of a dependency do not carry over.
replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
`;
const languageHostModule = `module lab/pulumi-language-nodejs

go 1.24

require github.com/pulumi/pulumi/sdk/v3 v${languageHostVersion}
`;
const launcher = "pulumi-resource-pulumi-nodejs";
const commands = ["pulumi", "pulumi-language-nodejs", launcher];

/** The folder on PATH that has all commands of the Pulumi CLI, if there is one. */
function folderOnPath(): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .find((folder) => folder !== "" && commands.every((name) => isExecutable(join(folder, name))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The folder of the Pulumi CLI: the one on PATH where there is one, else built from its Go modules, once a machine.
 * Two builds at the same time do not disturb each other: each works in a folder of its own and the last rename is atomic.
 */
export async function providePulumiCli(say: (line: string) => void): Promise<string> {
  const present = folderOnPath();
  if (present !== undefined) return present;
  const built = join(cacheFolder(), `pulumi-${cliVersion}`);
  if (commands.every((name) => isExecutable(join(built, name)))) return built;
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
  } catch {
    throw new Error(
      "Neither the Pulumi CLI nor Go is on PATH. Install one of them: Pulumi (https://www.pulumi.com/docs/install/) or Go 1.24 or later, which builds it.",
    );
  }
  say(`Building the Pulumi CLI ${cliVersion} from its Go modules; this takes some minutes, once a machine.`);
  mkdirSync(cacheFolder(), { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "pulumi-cli-"));
  const output = mkdtempSync(join(cacheFolder(), "building-"));
  const started = Date.now();
  const timer = setInterval(() => say(`  still building (${Math.round((Date.now() - started) / 1000)} s)`), 30_000);
  try {
    await buildCommand(
      join(work, "cli"),
      cliModule,
      "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      join(output, "pulumi"),
    );
    const hostFolder = join(work, "language-host");
    const hostPackage = "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs";
    await buildCommand(hostFolder, languageHostModule, hostPackage, join(output, "pulumi-language-nodejs"));
    const sdkFolder = await go(hostFolder, ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"]);
    copyFileSync(join(sdkFolder.trim(), "nodejs", "dist", launcher), join(output, launcher));
    chmodSync(join(output, launcher), 0o755);
    // mkdtemp makes private folders; the commands are for every user of the machine's cache.
    chmodSync(output, 0o755);
    if (existsSync(built)) rmSync(built, { recursive: true });
    renameSync(output, built);
  } finally {
    clearInterval(timer);
    rmSync(work, { recursive: true, force: true });
    rmSync(output, { recursive: true, force: true });
  }
  say(`Built in ${Math.round((Date.now() - started) / 1000)} s.`);
  return built;
}

async function buildCommand(folder: string, goMod: string, command: string, output: string): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, "go.mod"), goMod);
  // An import is what makes `go mod tidy` keep the requirement.
  writeFileSync(join(folder, "tools.go"), `//go:build tools\n\npackage tools\n\nimport _ "${command}"\n`);
  await go(folder, ["mod", "tidy", "-e"]);
  const stamp = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${cliVersion}`;
  await go(folder, ["build", "-mod=mod", "-ldflags", stamp, "-o", output, command]);
}

function go(folder: string, arguments_: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("nice", ["go", ...arguments_], { cwd: folder, env: { ...process.env, CGO_ENABLED: "0" } });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`go ${arguments_.join(" ")} failed:\n${errors.slice(-2000)}`));
    });
  });
}
