#!/usr/bin/env node
import { Command } from "commander";
import { ProviderError } from "../provider/error";
import { checkCommand } from "./check-command";
import { logsCommand } from "./logs-command";
import { planCommand } from "./plan-command";
import { statusCommand } from "./status-command";

/** Apart from the outcomes of `check`: the command could not do its work. */
const failed = 3;

const program = new Command("exchange-kerberos")
  .description("Kerberos for load-balanced Exchange servers: what it needs, and whether it works. Only reads.")
  .showHelpAfterError("(add --help for the options)")
  .addHelpText(
    "after",
    `
Settings are those of the stack: of the current Pulumi stack in this folder (exchange-kerberos:domain …), else of the
environment (EXCHANGE_KERBEROS_DOMAIN …). The README has the table of them.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : failed));
for (const command of [planCommand(), checkCommand(), statusCommand(), logsCommand()])
  program.addCommand(command.copyInheritedSettings(program));

program.parseAsync().catch((thrown: unknown) => {
  process.stderr.write(`${ProviderError.from(thrown).message}\n`);
  process.exitCode = failed;
});
