import type { IncomingMessage } from "node:http";
import type { ServerKeys } from "../kerberos/server-keys";
import type { Organization } from "../model/organization";
import type { SwitchedVirtualDirectory, VirtualDirectories } from "../model/virtual-directory";
import type { LogProtocol } from "./http-proxy-log";

export type Scheme = "Negotiate" | "NTLM" | "Basic" | "Bearer";

const paths: Record<string, LogProtocol> = {
  mapi: "Mapi",
  rpc: "RpcHttp",
  ews: "Ews",
  oab: "Oab",
  autodiscover: "Autodiscover",
};

/** The directory that a path belongs to; undefined for one that nothing serves. */
export function protocolOf(path: string): LogProtocol | undefined {
  return paths[path.split(/[/?]/)[1]?.toLowerCase() ?? ""];
}

/** What the directory offers, as IIS reads its settings. */
export function offered(protocol: LogProtocol, directories: VirtualDirectories): Scheme[] {
  const names: Record<string, Scheme> = { Negotiate: "Negotiate", Ntlm: "NTLM", Basic: "Basic", OAuth: "Bearer" };
  const listed = (methods: readonly string[]) =>
    (["Negotiate", "Ntlm", "Basic", "OAuth"] as const)
      .filter((one) => methods.includes(one))
      .map((one) => names[one] ?? "Basic");
  switch (protocol) {
    case "Mapi":
      return listed(directories.mapi.iisAuthenticationMethods);
    case "RpcHttp":
      return listed(directories.outlookAnywhere.iisAuthenticationMethods);
    default: {
      const directory = switchedDirectory(protocol, directories);
      return [
        ...(directory.windowsAuthentication ? (["Negotiate", "NTLM"] as const) : []),
        ...(directory.basicAuthentication ? (["Basic"] as const) : []),
        ...(directory.oAuthAuthentication ? (["Bearer"] as const) : []),
      ];
    }
  }
}

function switchedDirectory(
  protocol: Exclude<LogProtocol, "Mapi" | "RpcHttp">,
  { switched }: VirtualDirectories,
): SwitchedVirtualDirectory {
  return switched[({ Ews: "WebServices", Oab: "Oab", Autodiscover: "Autodiscover" } as const)[protocol]];
}

/** Whether the directory takes only who has bound the logon to the TLS connection. */
export function requiresBinding(protocol: LogProtocol, directories: VirtualDirectories): boolean {
  const { mapi, outlookAnywhere } = directories;
  const directory =
    protocol === "Mapi" ? mapi : protocol === "RpcHttp" ? outlookAnywhere : switchedDirectory(protocol, directories);
  return directory.extendedProtection.tokenChecking === "Require";
}

export interface Authenticated {
  readonly scheme: "Negotiate" | "Basic";
  /** `DOMAIN\name`. */
  readonly user: string;
  /** Value of `WWW-Authenticate` in the answer: the server's own proof. */
  readonly challenge?: string | undefined;
}

/** What a request is held against. */
export interface Gate {
  readonly schemes: readonly Scheme[];
  readonly keys: ServerKeys;
  readonly organization: Organization;
  /** What a logon is bound to here (RFC 5929); nothing without TLS. */
  readonly channel: Buffer | undefined;
  readonly requiresBinding: boolean;
}

/**
 * Who the request proves to come from. NTLM and OAuth are offered by name: nobody passes with them here.
 * @returns `unbound` for a ticket that is good, and not bound to the connection as it has to be
 */
export async function authenticate(
  request: IncomingMessage,
  { schemes, keys, organization, channel, requiresBinding }: Gate,
): Promise<Authenticated | "unbound" | undefined> {
  const [, scheme = "", parameter = ""] = /^(\w+) +(\S+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (scheme.toLowerCase() === "negotiate" && schemes.includes("Negotiate")) {
    const client = keys.accept(Buffer.from(parameter, "base64"), channel);
    if (client === undefined) return undefined;
    client.close();
    if (requiresBinding && !client.bound) return "unbound";
    return {
      scheme: "Negotiate",
      user: windowsName(client.principal, organization),
      ...(client.reply === undefined ? {} : { challenge: `Negotiate ${client.reply.toString("base64")}` }),
    };
  }
  if (scheme.toLowerCase() === "basic" && schemes.includes("Basic")) {
    const text = Buffer.from(parameter, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const logOn = { name: text.slice(0, colon), password: text.slice(colon + 1) };
    if (colon < 0 || !(await organization.directory.canLogOn(logOn))) return undefined;
    return { scheme: "Basic", user: windowsName(logOn.name, organization) };
  }
  return undefined;
}

/** `wendy@CORP.TAILSPINTOYS.COM` as `TAILSPIN\wendy`. */
function windowsName(name: string, { state }: Organization): string {
  const [user = "", realm = ""] = name.split("@");
  if (realm === "") return name;
  const domain = realm.toLowerCase();
  const netbiosName = domain === state.domain.toLowerCase() ? state.netbiosName : state.trustedDomains[domain];
  return `${netbiosName ?? domain}\\${user}`;
}
