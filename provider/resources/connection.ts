import { Directory } from "../directory/directory";
import { openSessions } from "../exchange/open-sessions";
import { ExchangeOrganization } from "../exchange/organization";
import type { Settings } from "../settings";

/** One forest as every resource of a program sees it. Nothing here connects before it is used. */
export interface Connection {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly exchange: ExchangeOrganization;
  /** Closes what was opened, sockets included. Never throws. */
  close(): Promise<void>;
}

export function openConnection(settings: Settings): Connection {
  const directory = new Directory(settings);
  const exchange = new ExchangeOrganization(openSessions(settings), settings.maxParallelServers);
  return {
    settings,
    directory,
    exchange,
    async close() {
      await Promise.all([directory.close(), exchange.close()]);
    },
  };
}
