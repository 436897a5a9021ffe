import { Command } from "commander";
import { worst } from "../provider/checks/check";
import type { CheckReport } from "../provider/checks/report";
import { runChecks } from "../provider/checks/run-checks";
import { runbook } from "../provider/checks/runbook";
import { checkText } from "./check-text";
import { type SelectionOptions, selectionOf, withSelectionOptions } from "./selection";
import { endProgress, progress } from "./terminal";
import { inWorld } from "./world";
import { type WorldOptions, withWorldOptions } from "./world-options";

interface Options extends WorldOptions, SelectionOptions {
  readonly only?: string[];
  readonly skip?: string[];
  readonly connect?: boolean;
  readonly json?: boolean;
  readonly list?: boolean;
}

/** `exchange-kerberos check`: exit code 0 where all passes, 1 with warnings or where something could not be seen, 2 with failures. */
export function checkCommand(): Command {
  const command = new Command("check").description(
    "Look at DNS, the account, its SPNs, the servers, the trusts and real tickets. Nothing is changed.",
  );
  return withSelectionOptions(withWorldOptions(command))
    .option("--only <checks...>", "run these checks or areas (dns, account, spn, server, trust, proof) only")
    .option("--skip <checks...>", "leave these checks or areas out")
    .option("--connect", "ask every server behind every name with a ticket, too")
    .option("--list", "list the checks")
    .option("--json", "write the report as JSON")
    .addHelpText(
      "after",
      `
Exit code: 0 all checks pass, 1 warnings or something that could not be seen, 2 failures, 3 the command could
not do its work.

Examples:
  $ exchange-kerberos check --entry cas-1.corp.tailspintoys.com
  $ exchange-kerberos check --only dns account --host-name mail.corp.tailspintoys.com --account 'TAILSPIN\\EXCH2016ASA$'
  $ exchange-kerberos check --connect --json | jq '.results[] | select(.outcome == "fail")'`,
    )
    .action(async (options: Options) => {
      if (options.list) return list(options.json === true);
      const { only, skip, connect } = options;
      const selection = { ...selectionOf(options), only, skip, connect, progress };
      const report = await inWorld(options, (world) => runChecks(world, selection)).finally(endProgress);
      console.log(options.json ? JSON.stringify(report, undefined, 2) : checkText(report));
      process.exitCode = exitCode(report);
    });
}

export function exitCode({ results }: Pick<CheckReport, "results">): 0 | 1 | 2 {
  const outcome = worst(results.map((result) => result.outcome));
  if (outcome === "fail") return 2;
  return outcome === "pass" ? 0 : 1;
}

function list(json: boolean): void {
  const checks = runbook.map(({ id, name, heading }) => ({ id, name, heading }));
  if (json) console.log(JSON.stringify(checks, undefined, 2));
  else for (const { id, name } of checks) console.log(`${id.padEnd(28)} ${name}`);
}
