import type { World } from "../provider/checks/world";
import { openConnection } from "../provider/resources/connection";
import { resolveSettings } from "../provider/settings";
import { stackSettings } from "./stack-settings";
import type { WorldOptions } from "./world-options";

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
