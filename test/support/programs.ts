import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../../lab/command";
import { checkoutFolder, labFolder } from "../../lab/folders";

/** Where test programs live: a folder of its own, as a user's project is, with our package installed from its tarball. */
export const programsFolder = join(labFolder, "programs");

/** Has what is installed in another lab's folder of programs. */
export function shareInstalled(other: string): void {
  mkdirSync(programsFolder, { recursive: true });
  const installed = readdirSync(other).filter((name) => /^node_modules$|^package\.json$|\.tgz$/.test(name));
  for (const name of installed) symlinkSync(join(other, name), join(programsFolder, name));
}

/** Packs the checkout and installs the tarball beside the SDK, as `npm install pulumi-exchange-kerberos` would. */
export async function installPackage(say: (line: string) => void): Promise<void> {
  const started = Date.now();
  mkdirSync(programsFolder, { recursive: true });
  for (const old of readdirSync(programsFolder).filter((name) => name.endsWith(".tgz")))
    rmSync(join(programsFolder, old));
  rmSync(join(programsFolder, "node_modules", "pulumi-exchange-kerberos"), { recursive: true, force: true });
  await mustRun("npm", ["pack", "--loglevel=error", "--pack-destination", programsFolder], { folder: checkoutFolder });
  const tarball = readdirSync(programsFolder).find((name) => name.endsWith(".tgz"));
  const { devDependencies } = JSON.parse(readFileSync(join(checkoutFolder, "package.json"), "utf8"));
  const wanted = ["@pulumi/pulumi", "@pulumi/policy", "typescript", "ts-node", "@types/node"].map((name) => [
    name,
    devDependencies[name],
  ]);
  const dependencies = { ...Object.fromEntries(wanted), "pulumi-exchange-kerberos": `file:${tarball}` };
  writeFileSync(join(programsFolder, "package.json"), JSON.stringify({ private: true, dependencies }));
  rmSync(join(programsFolder, "package-lock.json"), { force: true });
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await mustRun("npm", ["install", ...quiet], { folder: programsFolder, deadline: 300_000 });
  say(`Package packed and installed (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
