import type { ExchangeOrganization } from "../../exchange/organization";
import type { Context } from "../handler";
import { perDomain } from "../per-domain";
import type { DirectoryState, OutlookOutputs } from "./schema";
import { type Change, fulfilled, sameValue } from "./wish";

/** What the resources of the program found on the directories, by identity. */
const tableOf = perDomain(() => new Map<string, DirectoryState>());

/** A resource of the program works with these. One that the program does not have any more never says so. */
export function settingsAreOf(exchange: ExchangeOrganization, directories: readonly DirectoryState[]): void {
  const table = tableOf(exchange);
  for (const { identity, settings } of directories) {
    const key = identity.toLowerCase();
    table.set(key, { identity, settings: { ...table.get(key)?.settings, ...settings } });
  }
}

/**
 * What a resource that goes has to put back: not what another one of the program has taken over from it, in this run or before.
 * That one has found another value than this one did, and one that was ours.
 */
export function stillOurs({ connection, directories }: OutlookOutputs, context: Context): readonly DirectoryState[] {
  const table = tableOf(context.connection(connection).exchange);
  return directories.flatMap((directory) => {
    const theirs = table.get(directory.identity.toLowerCase())?.settings ?? {};
    const movedOn = ([name, { before, wish }]: [string, Change]) => {
      const found = theirs[name]?.before;
      return found !== undefined && !sameValue(found, before) && sameValue(found, fulfilled(wish, found));
    };
    const settings = Object.entries(directory.settings);
    const gone = settings.filter(movedOn).map(([name]) => name);
    if (gone.length > 0) {
      context.progress(`${directory.identity} keeps ${gone.join(", ")}: another resource of the program has that now`);
    }
    const ours = settings.filter((setting) => !movedOn(setting));
    return ours.length === 0 ? [] : [{ ...directory, settings: Object.fromEntries(ours) }];
  });
}
