import { Command } from "commander";
import { corp, dc1, hostName } from "./domain-controller";
import { exportLines, labEnvironment } from "./environment";
import { addFaultCommand } from "./exchange/fault-command";
import type { Product } from "./exchange/model/product";
import { exchangeUp, parseVersions } from "./exchange/up";
import { labFolder, namespaceName } from "./folders";
import { readLabState } from "./lab-state";
import { isAlive } from "./processes";
import { providePulumiCli } from "./pulumi-cli";
import { type LabOptions, labDown, labIsUp, labUp } from "./up";

interface UpOptions extends LabOptions {
  readonly exchange?: number;
  readonly secondSite?: number;
  readonly versions?: readonly Product[];
}

/** Progress goes to standard error: standard output belongs to what a shell reads. */
const say = (line: string) => process.stderr.write(`${line}\n`);

const program = new Command("lab").description(
  "A small world on one machine: Active Directory forests in a network namespace.",
);

program
  .command("up")
  .description("bring up what does not stand yet")
  .option("--dc2", "a second domain controller of the same domain")
  .option("--users-forest", "a second forest, users.contoso.com, with a forest trust")
  .option("--exchange <servers>", "Exchange servers cas-1, cas-2 … and a load balancer", Number)
  .option("--second-site <servers>", "more of them in a second site, behind mailsdc. and autodiscoversdc.", Number)
  .option("--versions <list>", "their versions, such as 2016,2019,SE", parseVersions)
  .option("--no-pulumi", "without the Pulumi CLI")
  .action(async (options: UpOptions) => {
    await labUp(options, say);
    if (options.exchange !== undefined) {
      const { exchange: servers, secondSite, versions } = options;
      await exchangeUp({ servers, secondSite, versions }, say);
    }
    say(`The lab is up: ${corp.dnsName}, ${hostName(dc1)}. For your shell: eval "$(npm run -s lab -- env)"`);
  });

program
  .command("status")
  .description("say what stands; exit code 1 where nothing does")
  .action(() => {
    const { parts, processes } = readLabState();
    console.log(
      `${labIsUp() ? "up" : "down"}: namespace ${namespaceName}, folder ${labFolder}, parts: ${parts.join(", ") || "none"}`,
    );
    for (const one of processes) console.log(`  ${one.name}: pid ${one.pid}${isAlive(one) ? "" : " (dead)"}`);
    if (!labIsUp()) process.exitCode = 1;
  });

program
  .command("env")
  .description("print export lines for a shell")
  .action(async () => {
    if (!labIsUp()) throw new Error("The lab is not up. Run: npm run lab -- up");
    console.log(exportLines(labEnvironment(await providePulumiCli(say))));
  });

addFaultCommand(program);

program.command("down").description("end every process of the lab and leave nothing").action(labDown);

program.parseAsync().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
