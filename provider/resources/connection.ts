import { Directory } from "../directory/directory";
import type { Settings } from "../settings";

/** One forest as every resource of a program sees it. Nothing here connects before it is used. */
export interface Connection {
  readonly settings: Settings;
  readonly directory: Directory;
  /** Closes what was opened, sockets included. Never throws. */
  close(): Promise<void>;
}

export function openConnection(settings: Settings): Connection {
  const directory = new Directory(settings);
  return { settings, directory, close: () => directory.close() };
}
