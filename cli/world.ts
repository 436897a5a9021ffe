import type { World } from "../provider/checks/world";
import { type Connection, openConnection } from "../provider/resources/connection";
import { resolveSettings } from "../provider/settings";
import { stackSettings } from "./stack-settings";
import type { ConnectionOptions, WorldOptions } from "./world-options";

/** Opens what the options name, and closes it when the work is done. Nothing connects before it is used. */
export async function inWorld<T>(options: WorldOptions, work: (world: World) => Promise<T>): Promise<T> {
  return inConnections([options.connection, ...(options.userForest ?? [])], options.stack, async (main, ...forests) => {
    const { settings, directory, exchange } = main;
    return work({ settings, directory, exchange, userForests: forests.map((forest) => forest.directory) });
  });
}

/** The same for a command that works with one connection. */
export function inConnection<T>(
  { connection, stack }: ConnectionOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return inConnections([connection], stack, work);
}

async function inConnections<T>(
  names: readonly [string, ...string[]],
  stack: string | undefined,
  work: (main: Connection, ...others: Connection[]) => Promise<T>,
): Promise<T> {
  const source = await stackSettings(stack);
  const open = (name: string) => openConnection(resolveSettings(name, source));
  const [main, ...others] = names;
  const connections: [Connection, ...Connection[]] = [open(main), ...others.map(open)];
  try {
    return await work(...connections);
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}
