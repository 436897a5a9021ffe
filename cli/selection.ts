import { type Command, InvalidArgumentError } from "commander";
import type { Selection } from "../provider/checks/world";

/** Options that say what to look at. */
export interface SelectionOptions {
  readonly entry?: string;
  readonly server?: readonly string[];
  readonly account?: string;
  readonly hostName?: readonly string[];
  readonly maxPasswordAge: number;
}

/** Of an option that may be given more than once. */
export const collect = (value: string, values: readonly string[] = []): readonly string[] => [...values, value];

const days = (text: string): number => {
  const number = Number(text);
  // Beyond 99,999 days a calendar has no end to show.
  if (!(number > 0 && number < 100_000)) throw new InvalidArgumentError("It is no number of days.");
  return number;
};

/** Adds the options of {@link SelectionOptions} to a command. */
export function withSelectionOptions(command: Command): Command {
  return command
    .option("--entry <server>", "an Exchange server that lists the others (default: managementHost of the settings)")
    .option("--server <server>", "look at this server only; may be given more than once (default: all)", collect)
    .option("--account <account>", "DOMAIN\\name (default: the account that most servers hold)")
    .option(
      "--host-name <name>",
      "a name that clients use; may be given more than once (default: those of the virtual directories)",
      collect,
    )
    .option("--max-password-age <days>", "a password older than this is a warning", days, 365);
}

export function selectionOf(options: SelectionOptions): Selection {
  return {
    entry: options.entry,
    servers: options.server,
    account: options.account,
    hostNames: options.hostName,
    maxPasswordAgeDays: options.maxPasswordAge,
  };
}
