import { Command, InvalidArgumentError, Option } from "commander";
import { ProviderError } from "../provider/error";
import { type PlannedRoll, planRoll, roll } from "../provider/resources/asa-deployment/roll";
import type { ServerState } from "../provider/resources/asa-deployment/schema";
import type { Connection } from "../provider/resources/connection";
import type { Context } from "../provider/resources/handler";
import { collect, serverName } from "./selection";
import { harmless } from "./table";
import { inConnection } from "./world";
import { type ConnectionOptions, withConnectionOptions } from "./world-options";

interface Options extends ConnectionOptions {
  readonly account: string;
  readonly server?: readonly string[];
  readonly entry?: string;
  readonly method: string;
  readonly ifOlderThan?: number;
  readonly mayBeAbsent: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** What a run came to. */
type Outcome = "rolled" | "copied" | "not-due" | "planned" | "refused" | "incomplete";

/** By what a monitor is to do: nothing, ask a person, look at once. */
const exitCodes: Readonly<Record<Outcome, 0 | 1 | 2>> = {
  rolled: 0,
  copied: 0,
  "not-due": 0,
  planned: 0,
  refused: 1,
  incomplete: 2,
};

interface RollReport {
  readonly outcome: Outcome;
  /** What happened, or why nothing did, with what to do. */
  readonly message: string;
  readonly account: string;
  /** Why the password rolls; left out where it stays. */
  readonly reason?: string | undefined;
  /** Servers that get a copy of the present password. */
  readonly copy?: readonly string[];
  /** Servers that do not answer, and stay without. */
  readonly absent?: readonly string[];
  /** When the account got its present password: ISO 8601. */
  readonly passwordLastSet?: string | undefined;
  readonly servers?: readonly ServerState[];
}

const wholeDays = (text: string): number => {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("It is no whole number of days.");
  return Number(text);
};

/** `exchange-kerberos roll`: a new password outside of any stack, by the same steps. The one command that changes anything. */
export function rollCommand(): Command {
  const command = new Command("roll").description(
    "Give the account a new password, all servers first and the directory last, as a stack does.",
  );
  return withConnectionOptions(command)
    .requiredOption("--account <account>", "DOMAIN\\name$ of the alternate service account")
    .option(
      "--server <server>",
      "a server that gets it; may be given more than once (default: every server whose newest credential is the account's)",
      collect,
    )
    .option(
      "--entry <server>",
      "an Exchange server that lists the others (default: managementHost of the settings)",
      serverName,
    )
    .addOption(
      new Option("--method <method>", "Microsoft's script, or the same steps by cmdlet")
        .choices(["script", "cmdlet"])
        .default("script"),
    )
    .option("--if-older-than <days>", "only if the password is so old, or a server lacks the present one", wholeDays)
    .option("--may-be-absent <server>", "a server that may be down; may be given more than once", collect, [])
    .option("--dry-run", "say what would be done, and change nothing")
    .addOption(new Option("--yes", "do it").conflicts("dryRun"))
    .option("--json", "write the outcome as JSON")
    .addHelpText(
      "after",
      `
Exit code: 0 rolled, or nothing was due; 1 refused, and nothing was changed (without --yes, or another run is at it); 2 stopped
halfway: clients go on, and the same command goes on from there; 3 it could not start (settings, a server that does not answer).

Examples:
  $ exchange-kerberos roll --account 'TAILSPIN\\EXCH2016ASA$' --entry cas-1.corp.tailspintoys.com --dry-run
  $ exchange-kerberos roll --account 'TAILSPIN\\EXCH2016ASA$' --method cmdlet --if-older-than 30 --yes`,
    )
    .action(async (options: Options) => {
      const report = await inConnection(options, (connection) => run(options, connection));
      console.log(options.json ? JSON.stringify(report, undefined, 2) : safe(report.message));
      process.exitCode = exitCodes[report.outcome];
    });
}

async function run(options: Options, connection: Connection): Promise<RollReport> {
  const { account } = options;
  const context = contextOf(connection);
  try {
    const planned = await planRoll(
      {
        ...options,
        servers: options.server,
        olderThanDays: options.ifOlderThan,
      },
      context,
    );
    const { plan, estate, lines } = planned;
    for (const line of lines) context.progress(line);
    const { roll: reason, copy, absent } = plan;
    const before = {
      account,
      reason,
      copy,
      absent,
      passwordLastSet: estate.account.passwordLastSet,
      servers: estate.states,
    };
    if (reason === undefined && copy.length === 0) {
      const since = `${account} has had its password since ${before.passwordLastSet}; nothing is due.`;
      return { outcome: "not-due", message: since, ...before };
    }
    if (options.dryRun) return { outcome: "planned", message: "Nothing was changed.", ...before };
    if (options.yes) return { ...before, ...(await carriedOut(planned, context)) };
    return { outcome: "refused", message: "Nothing was changed: add --yes to do it.", ...before };
  } catch (thrown) {
    // What could not be looked at is no refusal: then the command could not start.
    const error = ProviderError.from(thrown);
    if (error.code !== "refused") throw error;
    return { outcome: "refused", message: error.message, account };
  }
}

async function carriedOut(
  planned: PlannedRoll,
  context: Context,
): Promise<Pick<RollReport, "outcome" | "message" | "passwordLastSet" | "servers">> {
  const { account } = planned.inputs;
  const { after, incomplete } = await roll(planned, context);
  const seen = { passwordLastSet: after.account.passwordLastSet, servers: after.states };
  if (incomplete !== undefined) return { outcome: "incomplete", message: incomplete.message, ...seen };
  const { roll: reason, copy } = planned.plan;
  if (reason === undefined) return { outcome: "copied", message: `${copy.join(", ")} got a copy.`, ...seen };
  const having = after.states.filter(({ condition }) => condition === "deployed").length;
  const on = `on ${having} of ${after.states.length} servers`;
  const message = `${account} has a new password since ${seen.passwordLastSet}, ${on}.`;
  return { outcome: "rolled", message, ...seen };
}

/**
 * What a run of Pulumi would be to a resource. An interrupt, or a terminal that is closed, stops where nothing is lost; a second
 * one at once.
 */
function contextOf(connection: Connection): Context {
  const cancelled = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => cancelled.abort());
  return {
    connection: () => connection,
    progress: (line) => void process.stderr.write(`${safe(line)}\n`),
    signal: cancelled.signal,
  };
}

/** What servers and directories said, in as many lines as it has. */
function safe(text: string): string {
  return text.split("\n").map(harmless).join("\n");
}
