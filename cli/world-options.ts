import type { Command } from "commander";
import { collect } from "./selection";

/** Options that say where the settings are; every command that needs some has them. */
export interface ConnectionOptions {
  readonly connection: string;
  readonly stack?: string | undefined;
}

/** Options that say where to look. */
export interface WorldOptions extends ConnectionOptions {
  readonly userForest?: readonly string[];
}

/** Adds the options of {@link ConnectionOptions} to a command. */
export function withConnectionOptions(command: Command): Command {
  return command
    .option("--connection <name>", "the block of settings to use", "default")
    .option("--stack <name>", "the stack whose configuration has the settings (default: the current one)");
}

/** Adds the options of {@link WorldOptions} to a command. */
export function withWorldOptions(command: Command): Command {
  return withConnectionOptions(command).option(
    "--user-forest <connection>",
    "a block of settings for a forest whose users have mailboxes here; may be given more than once",
    collect,
  );
}
