import type { ExchangeServer } from "./exchange-servers";
import { type FrontEndDirectory, frontEndDirectories, spelled, textsOf } from "./front-end-directories";
import { type RemoteShell, run } from "./remote-shell";

/** What Set-MapiVirtualDirectory takes; documents write NTLM, the server shows Ntlm. */
export const mapiMethods = ["Basic", "Ntlm", "Negotiate", "OAuth"] as const;
export type MapiMethod = (typeof mapiMethods)[number];

/** One front-end directory of MAPI over HTTP. */
export interface MapiVirtualDirectory extends FrontEndDirectory {
  readonly methods: readonly string[];
}

/** Reads all that clients reach on one server. Exchange 2010 has no MAPI over HTTP. */
export async function readMapiVirtualDirectories(
  shell: RemoteShell,
  server: ExchangeServer,
  signal?: AbortSignal,
): Promise<MapiVirtualDirectory[]> {
  const found = await frontEndDirectories(shell, "MapiVirtualDirectory", server, signal);
  return found.map(({ object, ...directory }) => ({
    ...directory,
    methods: textsOf(object, "IISAuthenticationMethods").map((text) => spelled(mapiMethods, text)),
  }));
}

/** Sets the whole list of one directory. It counts for clients only after the application pools have recycled. */
export async function setMapiVirtualDirectory(
  shell: RemoteShell,
  identity: string,
  methods: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const parameters = { Identity: identity, IISAuthenticationMethods: [...methods], Confirm: false };
  await run(shell, [{ name: "Set-MapiVirtualDirectory", parameters }], { what: `change ${identity}`, signal });
}

/** Application pools of a server that read these settings when they start. */
export function mapiPools({ mailbox }: ExchangeServer): readonly string[] {
  return ["MSExchangeMapiFrontEndAppPool", ...(mailbox ? ["MSExchangeMapiMailboxAppPool"] : [])];
}
