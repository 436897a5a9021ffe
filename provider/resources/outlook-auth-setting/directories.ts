import { ProviderError } from "../../error";
import {
  type ExchangeServer,
  listExchangeServers,
  readExchangeServer,
  serverAmong,
} from "../../exchange/exchange-servers";
import { mapiPools, readMapiVirtualDirectories, setMapiVirtualDirectory } from "../../exchange/mapi-virtual-directory";
import {
  type OutlookAnywhere,
  outlookAnywhereComplaint,
  outlookAnywherePools,
  readOutlookAnywhere,
  setOutlookAnywhere,
} from "../../exchange/outlook-anywhere";
import type { RemoteShell } from "../../exchange/remote-shell";
import type { OutlookInputs } from "./schema";
import { sameWish, type Value, type Wish } from "./wish";

/** The two kinds of directories, by the names of their inputs. */
export type Kind = "outlookAnywhere" | "mapi";
export const kinds: readonly Kind[] = ["outlookAnywhere", "mapi"];

/** One virtual directory as the plan sees it, whatever its cmdlets are called. */
export interface Directory {
  readonly kind: Kind;
  readonly identity: string;
  /** By name of the setting. */
  readonly values: Readonly<Record<string, Value>>;
  /** Application pools that read it when they start. */
  readonly pools: readonly string[];
  /** Why it cannot be given these values; `undefined` where it can. */
  complaint(values: Readonly<Record<string, Value>>): string | undefined;
  set(values: Readonly<Record<string, Value>>): Promise<void>;
}

/** What may be wanted of a server; what is not named is not touched. */
export type Settings = Partial<Pick<OutlookInputs, Kind>>;

/** What is wanted of each setting of one kind of directory. */
export function wishesOf(inputs: Settings, kind: Kind): Readonly<Record<string, Wish>> {
  if (kind === "mapi") return inputs.mapi === undefined ? {} : { methods: inputs.mapi };
  const given = Object.entries(inputs.outlookAnywhere ?? {});
  return Object.fromEntries(given.flatMap(([name, wish]) => (wish === undefined ? [] : [[name, wish]])));
}

/** Whether two programs want different things of a kind of directories; lists compare as sets. */
export function wishesDiffer(kind: Kind, olds: Settings, news: Settings): boolean {
  const [before, after] = [wishesOf(olds, kind), wishesOf(news, kind)];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].some(
    (name) => !sameWish(before[name], after[name]),
  );
}

/**
 * The front-end directories of one server.
 * @throws ProviderError `refused` for what is no server of the organization, or too old.
 */
export async function readDirectories(
  shell: RemoteShell,
  server: string,
  wanted: readonly Kind[],
  signal: AbortSignal,
): Promise<Directory[]> {
  const found = await serverNamed(shell, server, signal);
  if (found.product === "2010") {
    throw new ProviderError("refused", `${server} runs Exchange 2010, which has other settings for Outlook.`, {
      hint: "Leave it out: this is for Exchange 2013 and later.",
    });
  }
  const directories: Directory[] = [];
  if (wanted.includes("outlookAnywhere")) {
    const read = await readOutlookAnywhere(shell, found, signal);
    directories.push(...read.map((one) => outlookAnywhereDirectory(one, outlookAnywherePools(found), shell, signal)));
  }
  if (wanted.includes("mapi")) {
    for (const { identity, methods } of await readMapiVirtualDirectories(shell, found, signal)) {
      directories.push({
        kind: "mapi",
        identity,
        values: { methods },
        pools: mapiPools(found),
        complaint: () => undefined,
        set: ({ methods: list }) => setMapiVirtualDirectory(shell, identity, list as readonly string[], signal),
      });
    }
  }
  return directories;
}

/** @throws ProviderError `refused`, with the names of those that are there. */
async function serverNamed(shell: RemoteShell, server: string, signal: AbortSignal): Promise<ExchangeServer> {
  const itself = await readExchangeServer(shell, server, signal).catch((thrown: unknown) => {
    if (ProviderError.from(thrown).code !== "powershell-failed") throw thrown;
    return undefined;
  });
  if (itself !== undefined) return itself;
  // Exchange may know it by another name than this one; only its list says who is there.
  return serverAmong(await listExchangeServers(shell, signal), server);
}

function outlookAnywhereDirectory(
  found: OutlookAnywhere,
  pools: readonly string[],
  shell: RemoteShell,
  signal: AbortSignal,
): Directory {
  const { identity, internal, external, iis } = found;
  return {
    kind: "outlookAnywhere",
    identity,
    values: { internal, external, iis },
    pools,
    complaint: (values) => outlookAnywhereComplaint({ ...found, ...values }),
    set: (values) => setOutlookAnywhere(shell, identity, values, signal),
  };
}
