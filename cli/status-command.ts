import { renameSync, rmSync, writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { runChecks } from "../provider/checks/run-checks";
import { ProviderError } from "../provider/error";
import { type SelectionOptions, selectionOf, withSelectionOptions } from "./selection";
import { type Estate, estateOf } from "./status/estate";
import { statusPage } from "./status/page";
import { prometheusText } from "./status/prometheus";
import { statusText } from "./status/status-text";
import { harmless } from "./table";
import { commandFailed, endProgress, progress } from "./terminal";
import { inWorld } from "./world";
import { type WorldOptions, withWorldOptions } from "./world-options";

interface Options extends WorldOptions, SelectionOptions {
  readonly connect?: boolean;
  readonly json?: boolean;
  readonly prometheus?: boolean;
  readonly html?: boolean;
  readonly output?: string;
}

/**
 * `exchange-kerberos status`: the estate at a glance. Exit code 0 whatever it shows, so that a monitor gets its figures; 3 where
 * the organization could not be read, which the figures say too.
 */
export function statusCommand(): Command {
  const command = new Command("status").description(
    "Show names, account and servers at a glance, with the age of the password, its next roll and what the checks say.",
  );
  return withSelectionOptions(withWorldOptions(command))
    .option("--connect", "ask every server behind every name with a ticket, too")
    .addOption(new Option("--json", "as JSON").conflicts(["prometheus", "html"]))
    .addOption(new Option("--prometheus", "as text for Prometheus").conflicts("html"))
    .option("--html", "as one HTML page with a picture, for offline use")
    .option("--output <file>", "write to a file, which is replaced only when all is done")
    .addHelpText(
      "after",
      `
Exit code: 0 whatever there is to see; 3 where the Exchange organization could not be read, which the output says too.

The next roll is --max-password-age days after the password was set: give what rotation.maxPasswordAgeDays says.

Examples:
  $ exchange-kerberos status --entry cas-1.corp.tailspintoys.com --max-password-age 30
  $ exchange-kerberos status --html --output estate.html
  $ exchange-kerberos status --prometheus --output /var/lib/node_exporter/exchange-kerberos.prom`,
    )
    .action(async (options: Options) => {
      const selection = { ...selectionOf(options), connect: options.connect, progress };
      const report = await inWorld(options, (world) => runChecks(world, selection)).finally(endProgress);
      const text = rendered(estateOf(report, options.maxPasswordAge), options);
      if (options.output === undefined) process.stdout.write(text);
      else replaceFile(options.output, text);
      if (report.problem === undefined) return;
      process.stderr.write(`The Exchange organization could not be read: ${harmless(report.problem)}\n`);
      process.exitCode = commandFailed;
    });
}

function rendered(estate: Estate, { json, prometheus, html }: Options): string {
  if (json) return `${JSON.stringify(estate, undefined, 2)}\n`;
  if (prometheus) return prometheusText(estate);
  return html ? statusPage(estate) : `${statusText(estate)}\n`;
}

/** Whoever reads the file meanwhile sees the old one or the new one, never half of it. */
function replaceFile(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(unfinished, text);
    renameSync(unfinished, path);
  } catch (cause) {
    // Every quarter of an hour another one would fill the disk for good.
    rmSync(unfinished, { force: true });
    const { message } = ProviderError.from(cause);
    throw new ProviderError("input-invalid", `${path} could not be written: ${message}.`, { cause });
  }
}
