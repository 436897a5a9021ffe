import type { PsValue } from "../powershell/psrp";
import { clientAccessNoun, type ExchangeServer } from "./exchange-servers";
import { textOf, textProperty } from "./ps-properties";
import { output, type RemoteShell } from "./remote-shell";

/** Services whose clients ask for `http/` tickets (article, "Identify the Service Principal Names"). */
export const kerberosServices = ["OutlookAnywhere", "Mapi", "WebServices", "Oab", "Autodiscover"] as const;
/** Services of browsers and phones, which log on by a form or by Basic as a rule. */
export const otherServices = ["Owa", "Ecp", "ActiveSync"] as const;
export type ClientService = (typeof kerberosServices)[number] | (typeof otherServices)[number];

/** Which host name a server gives to the clients of one service. */
export interface Namespace {
  /** NetBIOS name of the server. */
  readonly server: string;
  readonly service: ClientService;
  readonly internal: string | undefined;
  readonly external: string | undefined;
}

const nouns: Record<Exclude<ClientService, "Autodiscover">, string> = {
  OutlookAnywhere: "OutlookAnywhere",
  Mapi: "MapiVirtualDirectory",
  WebServices: "WebServicesVirtualDirectory",
  Oab: "OabVirtualDirectory",
  Owa: "OwaVirtualDirectory",
  Ecp: "EcpVirtualDirectory",
  ActiveSync: "ActiveSyncVirtualDirectory",
};

/**
 * The host names of every server, as the directory stores them: one command a service, whatever the number of servers, and
 * servers that are down are among them.
 */
export async function readNamespaces(
  shell: RemoteShell,
  entry: ExchangeServer,
  signal?: AbortSignal,
): Promise<Namespace[]> {
  const read = (command: string, parameters: Record<string, boolean> = {}) =>
    output(shell, [{ name: command, parameters }], { what: `read the names of ${command.slice(4)}`, signal });
  const found: Namespace[] = [];
  // One after the other: a session runs one command at a time.
  for (const [service, noun] of Object.entries(nouns) as [keyof typeof nouns, string][]) {
    const objects = await read(`Get-${noun}`, { ADPropertiesOnly: true });
    found.push(...objects.map((object) => namespaceOf(object, service)));
  }
  // What clients find of Autodiscover is not the virtual directory's URL but the service connection point.
  const services = await read(`Get-${clientAccessNoun(entry.product)}`);
  return [...found, ...services.map(autodiscoverOf)];
}

function namespaceOf(object: PsValue, service: ClientService): Namespace {
  const property = service === "OutlookAnywhere" ? "Hostname" : "Url";
  return {
    server: serverOf(object),
    service,
    internal: hostOf(textProperty(object, `Internal${property}`)),
    external: hostOf(textProperty(object, `External${property}`)),
  };
}

function autodiscoverOf(object: PsValue): Namespace {
  const internal = hostOf(textProperty(object, "AutoDiscoverServiceInternalUri"));
  return { server: textProperty(object, "Name") ?? "", service: "Autodiscover", internal, external: undefined };
}

/** The property `Server`, else the part of `CAS-1\mapi (Default Web Site)` before the backslash. */
function serverOf(object: PsValue): string {
  return (
    textProperty(object, "Server") ?? (textProperty(object, "Identity") ?? textOf(object) ?? "").split("\\")[0] ?? ""
  );
}

/** The host of a URL, or the host name that it is; `undefined` for none. */
function hostOf(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const host = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text)?.hostname : text.trim();
  return host?.toLowerCase().replace(/\.$/, "");
}
