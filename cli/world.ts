import type { Command } from "commander";
import type { World } from "../provider/checks/world";
import { openConnection } from "../provider/resources/connection";
import { defaultConnection, resolveSettings } from "../provider/settings";
import { stackSettings } from "./stack-settings";

/** Options that say where to look; every command has them. */
export interface WorldOptions {
  readonly connection: string;
  readonly stack?: string | undefined;
  readonly userForest?: readonly string[];
}

/** Adds the options of {@link WorldOptions} to a command. */
export function withWorldOptions(command: Command): Command {
  return command
    .option("--connection <name>", "the block of settings to use", defaultConnection)
    .option("--stack <name>", "the stack whose configuration has the settings (default: the current one)")
    .option(
      "--user-forest <connection>",
      "a block of settings for a forest whose users have mailboxes here; may be given more than once",
      (name: string, names: readonly string[] = []) => [...names, name],
    );
}

/** Opens what the options name, and closes it when the work is done. Nothing connects before it is used. */
export async function inWorld<T>(options: WorldOptions, work: (world: World) => Promise<T>): Promise<T> {
  const source = await stackSettings(options.stack);
  const [main, ...forests] = [options.connection, ...(options.userForest ?? [])].map((name) =>
    openConnection(resolveSettings(name, source)),
  );
  if (main === undefined) throw new Error("A command without a connection.");
  try {
    const { settings, directory, exchange } = main;
    return await work({ settings, directory, exchange, userForests: forests.map((forest) => forest.directory) });
  } finally {
    await Promise.all([main, ...forests].map((connection) => connection.close()));
  }
}
