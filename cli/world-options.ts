import type { Command } from "commander";

/** Options that say where to look; every command has them. */
export interface WorldOptions {
  readonly connection: string;
  readonly stack?: string | undefined;
  readonly userForest?: readonly string[];
}

/** Adds the options that say whose settings are used. */
export function withSettingsOptions(command: Command): Command {
  return command
    .option("--connection <name>", "the block of settings to use", "default")
    .option("--stack <name>", "the stack whose configuration has the settings (default: the current one)");
}

/** Adds the options of {@link WorldOptions} to a command. */
export function withWorldOptions(command: Command): Command {
  return withSettingsOptions(command).option(
    "--user-forest <connection>",
    "a block of settings for a forest whose users have mailboxes here; may be given more than once",
    (name: string, names: readonly string[] = []) => [...names, name],
  );
}
