import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installPackage, programsFolder } from "../test/support/programs";
import { type CommandOutput, mustRun, runCommand } from "./command";
import { corp } from "./domain-controller";
import { labEnvironment } from "./environment";
import { checkoutFolder } from "./folders";
import { requireRoot } from "./packages";
import { password } from "./passwords";
import { corpUser } from "./people";
import { providePulumiCli } from "./pulumi-cli";
import { mustShow, Story } from "./story";
import { labDown, labIsUp, labUp } from "./up";

const keep = process.argv.includes("--keep");
const say = (line: string) => console.log(`   ${line}`);
const spn = "http/mail.corp.tailspintoys.com";
const folder = join(programsFolder, "single-site");

/** The main job from nothing: a forest, a stack, a client's ticket, and all of it gone again. Throws where a step was not seen. */
async function demo(): Promise<void> {
  const story = new Story();
  await story.step("A small Active Directory forest, in a network namespace of its own", async () => {
    await labUp({}, say);
    return `${corp.dnsName} answers.`;
  });
  const environment = { ...process.env, ...labEnvironment(await providePulumiCli(say)) };
  const run = (command: string, ...arguments_: string[]) => runCommand(command, arguments_, { environment, folder });
  const pulumi = async (...arguments_: string[]) => {
    const output = await run("pulumi", ...arguments_, "--non-interactive", "--color=never");
    if (output.status !== 0) throw new Error(`pulumi ${arguments_[0]} failed:\n${output.stdout}${output.stderr}`);
    return output.stdout;
  };
  const logOn = async () => {
    const input = `${password(`${corpUser}@${corp.dnsName}`)}\n`;
    await mustRun("kinit", [`${corpUser}@${corp.realm}`], { environment, input });
  };
  const ticket = (): Promise<CommandOutput> => run("kvno", spn);

  await story.step("A program with our package, as a user has it: examples/single-site", async () => {
    await installPackage(say);
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(checkoutFolder, "examples", "single-site"), folder, { recursive: true });
    await run("pulumi", "stack", "rm", "--yes", "--force", "demo");
    await pulumi("stack", "init", "demo");
    return "pulumi stack init demo";
  });
  await story.step(`Before: ${corpUser} asks for a ticket for ${spn}`, async () => {
    await logOn();
    return mustShow((await ticket()).stderr, /Server not found in Kerberos database/);
  });
  await story.step("pulumi up", async () => mustShow(await pulumi("up", "--yes", "--skip-preview"), /\+ \d+ created/));
  await story.step(`${corpUser} asks again`, async () => {
    const granted = await ticket();
    if (granted.status !== 0) throw new Error(granted.stderr);
    const shown = (await run("klist", "-e")).stdout;
    return mustShow(shown, new RegExp(`${spn}.*\\n.*aes256-cts-hmac-sha1-96 *$`, "m")).replace(
      /\s+renew until [^,]*/,
      "",
    );
  });
  await story.step("pulumi preview --expect-no-changes", async () =>
    mustShow(await pulumi("preview", "--expect-no-changes"), /\d+ unchanged/),
  );
  if (keep) return story.end('Kept: eval "$(npm run -s lab -- env)", then look around.');
  await story.step("pulumi destroy", async () =>
    mustShow(await pulumi("destroy", "--yes", "--skip-preview"), /- \d+ deleted/),
  );
  await story.step(`${corpUser}, with a fresh ticket cache, asks once more`, async () => {
    await logOn();
    return mustShow((await ticket()).stderr, /Server not found in Kerberos database/);
  });
  await pulumi("stack", "rm", "--yes", "demo");
  story.end("Every step was seen.");
}

async function main(): Promise<void> {
  requireRoot();
  const wasUp = labIsUp();
  try {
    await demo();
  } finally {
    if (!keep && !wasUp) await labDown();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
