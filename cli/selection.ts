import { isIP } from "node:net";
import { type Command, InvalidArgumentError } from "commander";
import type { Selection } from "../provider/checks/world";

/** Options that say which servers to look at, and whose credential. */
export interface ServerOptions {
  readonly entry?: string;
  readonly server?: readonly string[];
  readonly account?: string;
}

/** Options that say what to check. */
export interface SelectionOptions extends ServerOptions {
  readonly hostName?: readonly string[];
  readonly maxPasswordAge: number;
}

/** Of an option that may be given more than once. */
export const collect = (value: string, values: readonly string[] = []): readonly string[] => [...values, value];

const each =
  (parse: (text: string) => string) =>
  (value: string, values?: readonly string[]): readonly string[] =>
    collect(parse(value), values);

const days = (text: string): number => {
  const number = Number(text);
  // Beyond 99,999 days a calendar has no end to show.
  if (!(number > 0 && number < 100_000)) throw new InvalidArgumentError("It is no number of days.");
  return number;
};

/** A server's full name: by another one it is none of those that the organization lists, and there is no ticket for it. */
export const serverName = (text: string): string => {
  if (isHostName(text) && text.includes(".")) return text;
  throw new InvalidArgumentError("Give the server by its full name, as cas-1.corp.tailspintoys.com.");
};

/** Checks of what nobody asks for, as of a name with a full stop at its end, would pass. */
const clientName = (text: string): string => {
  if (isHostName(text)) return text;
  throw new InvalidArgumentError(
    "Give the name that clients use, without http/ or a port, as mail.corp.tailspintoys.com.",
  );
};

/** Without its domain it is nobody's. */
const qualifiedName = (text: string): string => {
  if (/^[^\\/\s]+[\\/][^\\/]+$/.test(text)) return text;
  throw new InvalidArgumentError("Give the account as DOMAIN\\name, with a $ at the end of a computer's name.");
};

function isHostName(text: string): boolean {
  return /^(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$/.test(text) && isIP(text) === 0;
}

/** Adds the options of {@link ServerOptions} to a command. */
export function withServerOptions(command: Command): Command {
  return command
    .option(
      "--entry <server>",
      "an Exchange server that lists the others (default: managementHost of the settings)",
      serverName,
    )
    .option(
      "--server <server>",
      "look at this server only; may be given more than once (default: all)",
      each(serverName),
    )
    .option("--account <account>", "DOMAIN\\name (default: the account that most servers hold)", qualifiedName);
}

/** Adds the options of {@link SelectionOptions} to a command. */
export function withSelectionOptions(command: Command): Command {
  return withServerOptions(command)
    .option(
      "--host-name <name>",
      "a name that clients use; may be given more than once (default: those of the virtual directories)",
      each(clientName),
    )
    .option("--max-password-age <days>", "a password older than this is a warning", days, 365);
}

export function serversOf(options: ServerOptions): Selection {
  return { entry: options.entry, servers: options.server, account: options.account };
}

export function selectionOf(options: SelectionOptions): Selection {
  return {
    ...serversOf(options),
    hostNames: options.hostName,
    maxPasswordAgeDays: options.maxPasswordAge,
  };
}
