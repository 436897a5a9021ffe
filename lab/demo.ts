import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installPackage, programsFolder } from "../test/support/programs";
import { authorityFile } from "./certificates";
import { mustRun, runCommand } from "./command";
import { corp, type Domain, users } from "./domain-controller";
import { labEnvironment } from "./environment";
import { httpProxyRows } from "./exchange/front-end/http-proxy-rows";
import { exchangeFolder, exchangeUp } from "./exchange/up";
import { checkoutFolder } from "./folders";
import { requireRoot } from "./packages";
import { password } from "./passwords";
import { contosoUser, corpUser } from "./people";
import { providePulumiCli } from "./pulumi-cli";
import { mustShow, Story } from "./story";
import { labDown, labIsUp, labUp } from "./up";

const keep = process.argv.includes("--keep");
const say = (line: string) => console.log(`   ${line}`);
const url = `https://mail.${corp.dnsName}/mapi/emsmdb`;
const requests = 50;
const servers = ["cas-1", "cas-2"];
const folder = join(programsFolder, "single-site");

/** The main job from nothing: forests, servers, a stack, clients, and all of it gone again. Throws where a step was not seen. */
async function demo(): Promise<void> {
  const story = new Story();
  await story.step("Two Active Directory forests with a trust, in a network namespace of their own", async () => {
    await labUp({ usersForest: true }, say);
    return `${corp.dnsName} answers, and trusts ${users.dnsName}.`;
  });
  await story.step("Two Exchange servers, simulated, behind a load balancer", async () => {
    await exchangeUp({ servers: servers.length, versions: ["2016", "2019"] }, say);
    return "They accept Kerberos only with the passwords that are deployed to them.";
  });
  const environment = { ...process.env, ...labEnvironment(await providePulumiCli(say)) };
  const run = (command: string, ...arguments_: string[]) => runCommand(command, arguments_, { environment, folder });
  const pulumi = async (...arguments_: string[]) => {
    const output = await run("pulumi", ...arguments_, "--non-interactive", "--color=never");
    if (output.status !== 0) throw new Error(`pulumi ${arguments_[0]} failed:\n${output.stdout}${output.stderr}`);
    return output.stdout;
  };
  const logOn = async (user: string, domain: Domain) => {
    await mustRun("kinit", [`${user}@${domain.realm}`], {
      environment,
      input: `${password(`${user}@${domain.dnsName}`)}\n`,
    });
  };
  /** Statuses of requests through the balancer, each over a connection of its own. */
  const ask = async (count: number): Promise<string> => {
    const options = ["-s", "-o", "/dev/null", "-w", "%{http_code}\\n", "--cacert", authorityFile];
    const kerberos = ["--negotiate", "-u", ":", "-H", "Connection: close"];
    const { stdout } = await run("curl", ...options, ...kerberos, `${url}?[1-${count}]`);
    const statuses = stdout.trim().split("\n");
    return [...new Set(statuses)]
      .map((status) => `${statuses.filter((one) => one === status).length} times ${status}`)
      .join(", ");
  };
  const refused = () => ask(requests).then((seen) => mustShow(seen, new RegExp(`^${requests} times 401$`)));
  const answered = () => ask(requests).then((seen) => mustShow(seen, new RegExp(`^${requests} times 200$`)));

  await story.step("A program with our package, as a user has it: examples/single-site", async () => {
    await installPackage(say);
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(checkoutFolder, "examples", "single-site"), folder, { recursive: true });
    await run("pulumi", "stack", "rm", "--yes", "--force", "demo");
    await pulumi("stack", "init", "demo");
    return "pulumi stack init demo";
  });
  await story.step(`Before: ${requests} × curl --negotiate ${url} as ${corpUser}`, async () => {
    await logOn(corpUser, corp);
    return refused();
  });
  await story.step("pulumi up", async () => mustShow(await pulumi("up", "--yes", "--skip-preview"), /\+ \d+ created/));
  const before = new Date().toISOString();
  await story.step(`The same as ${corpUser}, with a fresh ticket cache`, async () => {
    await logOn(corpUser, corp);
    return answered();
  });
  await story.step("Her ticket", async () => {
    const shown = (await run("klist", "-e")).stdout;
    const ticket = new RegExp(`http/mail\\.${corp.dnsName}.*\\n.*aes256-cts-hmac-sha1-96 *$`, "mi");
    return mustShow(shown, ticket).replace(/\s+renew until [^,]*/, "");
  });
  await story.step(`The same as ${contosoUser} of the other forest`, async () => {
    await logOn(contosoUser, users);
    return answered();
  });
  await story.step("The servers' HttpProxy logs since then", async () =>
    servers
      .map((server) => {
        const rows = httpProxyRows(join(exchangeFolder, "servers", server), "Mapi");
        const seen = rows.filter((row) => (row.DateTime ?? "") >= before && row.HttpStatus === "200");
        const users = [...new Set(seen.map((row) => `${row.AuthenticationType} ${row.AuthenticatedUser}`))].sort();
        return mustShow(
          `${server}: ${seen.length} times ${users.join(", ")}`,
          /^.*: [1-9]\d* times Negotiate \S+, Negotiate \S+$/,
        );
      })
      .join("\n"),
  );
  await story.step("pulumi preview --expect-no-changes", async () =>
    mustShow(await pulumi("preview", "--expect-no-changes"), /\d+ unchanged/),
  );
  if (keep) return story.end('Kept: eval "$(npm run -s lab -- env)", then look around.');
  await story.step("pulumi destroy", async () =>
    mustShow(await pulumi("destroy", "--yes", "--skip-preview"), /- \d+ deleted/),
  );
  await story.step(`${corpUser}, with a fresh ticket cache, once more`, async () => {
    await logOn(corpUser, corp);
    return refused();
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
