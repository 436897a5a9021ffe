import { Command, Option } from "commander";
import { makeNamespacePlan } from "../provider/checks/namespace-plan";
import { planProgram } from "./plan-program";
import { planText } from "./plan-text";
import { type ServerOptions, serversOf, withServerOptions } from "./selection";
import { endProgress, progress } from "./terminal";
import { inWorld } from "./world";
import { type ConnectionOptions, withConnectionOptions } from "./world-options";

interface Options extends ConnectionOptions, ServerOptions {
  readonly json?: boolean;
  readonly program?: boolean;
  readonly organizationalUnit?: string;
}

/** `exchange-kerberos plan`: which SPNs are needed, from what the servers give to clients. */
export function planCommand(): Command {
  const command = new Command("plan").description(
    "Read the names that servers give to clients, and say which SPNs each site needs. Nothing is changed.",
  );
  return withServerOptions(withConnectionOptions(command))
    .option("--json", "write the plan as JSON")
    .addOption(new Option("--program", "write a Pulumi program that makes it so").conflicts("json"))
    .option("--organizational-unit <dn>", "where --program puts the account (default: the domain's Computers)")
    .addHelpText(
      "after",
      `
Examples:
  $ exchange-kerberos plan --entry cas-1.corp.tailspintoys.com
  $ exchange-kerberos plan --entry cas-1.corp.tailspintoys.com --program > index.ts
  $ exchange-kerberos plan --json | jq -r '.names[] | select(.kind == "needed") | .servicePrincipalName'`,
    )
    .action(async (options: Options) => {
      const selection = { ...serversOf(options), progress };
      const plan = await inWorld(options, (world) => makeNamespacePlan(world, selection)).finally(endProgress);
      if (options.program) process.stdout.write(planProgram(plan, options.organizationalUnit));
      else console.log(options.json ? JSON.stringify(plan, undefined, 2) : planText(plan));
    });
}
