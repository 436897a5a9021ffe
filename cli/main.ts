#!/usr/bin/env node
import { Command } from "commander";
import { ProviderError } from "../provider/error";
import { harmless } from "./table";
import { commandFailed } from "./terminal";

/**
 * Only the command that was asked for is loaded: one that reads logs needs no LDAP, and a quarter less memory without it. By `require`,
 * as `import()` would look for the compiled file where the sources run.
 */
const commands: Readonly<Record<string, () => Command>> = {
  plan: () => (require("./plan-command") as typeof import("./plan-command")).planCommand(),
  check: () => (require("./check-command") as typeof import("./check-command")).checkCommand(),
  status: () => (require("./status-command") as typeof import("./status-command")).statusCommand(),
  roll: () => (require("./roll-command") as typeof import("./roll-command")).rollCommand(),
  logs: () => (require("./logs-command") as typeof import("./logs-command")).logsCommand(),
};

/** By its own name: the file is elsewhere where the sources run. */
const { version } = require("pulumi-exchange-kerberos/package.json") as { readonly version: string };

const program = new Command("exchange-kerberos")
  .version(version)
  .description(
    "Kerberos for load-balanced Exchange servers: what it needs, whether it works, and a new password. Only roll changes anything.",
  )
  .showHelpAfterError("(add --help for the options)")
  .addHelpText(
    "after",
    `
Settings are those of the stack: of the current Pulumi stack in this folder (exchange-kerberos:domain …), else of the
environment (EXCHANGE_KERBEROS_DOMAIN …). The README has the table of them.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : commandFailed));
const [asked = ""] = process.argv.slice(2);
for (const [name, load] of Object.entries(commands)) {
  if (asked === name || !Object.hasOwn(commands, asked)) program.addCommand(load().copyInheritedSettings(program));
}

/** What was printed is not whole: the disk is full, or nobody reads any more. `console.log` would say nothing of it. */
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE") process.stderr.write(`The output could not be written: ${message}.\n`);
  process.exit(commandFailed);
});

/** Nobody reads what is said on the way: that must not break off a roll. */
process.stderr.on("error", () => {});

/** What is nobody's fault but ours says where it was. */
function report(thrown: unknown): void {
  const { code, message } = ProviderError.from(thrown);
  const text = code === "unexpected" && thrown instanceof Error ? (thrown.stack ?? message) : message;
  process.stderr.write(`${text.split("\n").map(harmless).join("\n")}\n`);
  process.exitCode = commandFailed;
}

/** By Node's own exit codes a fault of ours would read as warnings or a refusal (1), and what is never answered as success (0). */
process.on("uncaughtException", (thrown) => {
  report(thrown);
  process.exit();
});
let ended = false;
// Once: on Windows the words are written later, and then there is nothing left to wait for again.
process.once("beforeExit", () => {
  if (!ended) report(new ProviderError("unexpected", "The command waits for something that never comes."));
});

program
  .parseAsync()
  .catch(report)
  .finally(() => {
    ended = true;
  });
