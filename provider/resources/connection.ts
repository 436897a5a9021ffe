import type { Settings } from "../settings";

/** One forest as every resource of a program sees it. Nothing here connects before it is used. */
export interface Connection {
  readonly settings: Settings;
  /** Closes what was opened, sockets included. Never throws. */
  close(): Promise<void>;
}

export function openConnection(settings: Settings): Connection {
  return { settings, async close() {} };
}
