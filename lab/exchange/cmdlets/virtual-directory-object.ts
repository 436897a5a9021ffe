import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";
import {
  directoryNames,
  type OutlookAnywhere,
  protectionFlags,
  tokenChecking,
  unprotected,
} from "../model/virtual-directory";
import type { Call } from "./cmdlet";
import { objectNotFound, serverUnreachable } from "./exchange-errors";
import { configurationObjectTypes, directoryProperties, objectId, serverId } from "./objects";
import { EnumValue, ObjectValue, UriValue, type Value } from "./value";

export type DirectoryKind = keyof typeof directoryNames;

const types = "Microsoft.Exchange.Data.Directory.SystemConfiguration";

/** Type names of the directories, from special to general. */
const kindTypes: Record<DirectoryKind, string[]> = {
  OutlookAnywhere: [`${types}.ADRpcHttpVirtualDirectory`],
  Mapi: [`${types}.ADMapiVirtualDirectory`],
  WebServices: [`${types}.ADWebServicesVirtualDirectory`, `${types}.ADExchangeServiceVirtualDirectory`],
  Oab: [`${types}.ADOabVirtualDirectory`],
  Autodiscover: [`${types}.ADAutodiscoverVirtualDirectory`, `${types}.ADExchangeServiceVirtualDirectory`],
  Owa: [`${types}.ADOwaVirtualDirectory`, `${types}.ExchangeWebAppVirtualDirectory`],
  Ecp: [`${types}.ADEcpVirtualDirectory`, `${types}.ExchangeWebAppVirtualDirectory`],
  ActiveSync: [`${types}.ADMobileVirtualDirectory`],
};

const methodNumbers: Record<string, number> = {
  Basic: 1,
  Ntlm: 4,
  Fba: 8,
  WindowsIntegrated: 16,
  Negotiate: 64,
  OAuth: 128,
};

export function method(name: string): EnumValue {
  return new EnumValue(`${types}.AuthenticationMethod`, name, methodNumbers[name] ?? 0);
}

const fromDirectoryOnly = "ADPropertiesOnly";

/** A list that IIS holds, and the directory does not: empty in an answer from the directory alone. */
export function iisMethods(call: Call, names: readonly string[]): Value {
  return call.parameters.flag(fromDirectoryOnly) ? [] : names.map(method);
}

/** The same for a switch, which is off there. */
export function iisSwitch(call: Call, on: boolean): boolean {
  return on && !call.parameters.flag(fromDirectoryOnly);
}

export function uri(text: string): Value {
  return text === "" ? null : new UriValue(text);
}

export function hostname(name: string): Value {
  return name === ""
    ? null
    : new ObjectValue(["Microsoft.Exchange.Data.Hostname", "System.Object"], name, { HostnameString: name });
}

export function protectionProperties(call: Call, held: OutlookAnywhere["extendedProtection"]): Record<string, Value> {
  const protection = call.parameters.flag(fromDirectoryOnly) ? unprotected() : held;
  const checking = protection.tokenChecking;
  return {
    ExtendedProtectionTokenChecking: new EnumValue(
      `${types}.ExtendedProtectionTokenCheckingMode`,
      checking,
      tokenChecking.indexOf(checking),
    ),
    ExtendedProtectionFlags: protection.flags.map(
      (flag) => new EnumValue(`${types}.ExtendedProtectionFlag`, flag, protectionFlags.indexOf(flag)),
    ),
    ExtendedProtectionSPNList: protection.spnList,
  };
}

/** A directory's object: what all of them share, and its own properties on top. */
export function directoryObject(
  organization: Organization,
  server: ExchangeServer,
  kind: DirectoryKind,
  own: Record<string, Value>,
): ObjectValue {
  const { leaf, path } = directoryNames[kind];
  const identity = `${server.state.name}\\${leaf}`;
  const distinguishedName = `CN=${leaf},CN=HTTP,CN=Protocols,${organization.distinguishedName(server)}`;
  return new ObjectValue(
    [
      ...kindTypes[kind],
      `${types}.ExchangeVirtualDirectory`,
      "Microsoft.Exchange.Data.Directory.ADVirtualDirectory",
      ...configurationObjectTypes,
    ],
    identity,
    {
      Name: leaf,
      Identity: objectId(identity, leaf, distinguishedName, server.state.guid),
      Server: serverId(organization, server),
      ...own,
      MetabasePath: `IIS://${server.fqdn}/W3SVC/1/ROOT/${path}`,
      Path: `C:\\Program Files\\Microsoft\\Exchange Server\\V15\\FrontEnd\\HttpProxy\\${path}`,
      ...directoryProperties(organization, distinguishedName),
    },
  );
}

/**
 * The servers that a `Get-` of directories means. By server, an unknown one is an error; by identity, all are returned.
 * What IIS holds can be read only while the server answers.
 */
export function serversToRead(call: Call, kind: DirectoryKind): ExchangeServer[] {
  const { organization } = call.session;
  const asked = call.parameters.text("Server");
  let servers: ExchangeServer[];
  if (asked !== undefined) {
    const server = organization.find(asked);
    if (server === undefined) {
      call.error(objectNotFound(call.session, asked));
      return [];
    }
    servers = [server];
  } else {
    const named = findByIdentity(organization, kind, call.parameters.text("Identity"));
    servers = named === undefined ? organization.servers.filter(({ state }) => state.clientAccess) : [named];
  }
  if (call.parameters.flag(fromDirectoryOnly)) return servers;
  return servers.filter((server) => {
    if (!server.online) call.error(serverUnreachable(server));
    return server.online;
  });
}

/** The server of `SERVER\leaf (Default Web Site)`, `SERVER\rpc*`, a distinguished name or nothing else. */
export function findByIdentity(
  organization: Organization,
  kind: DirectoryKind,
  identity: string | undefined,
): ExchangeServer | undefined {
  if (identity === undefined) return undefined;
  const leaf = directoryNames[kind].leaf.toLowerCase();
  return organization.servers.find((server) => {
    const dn = `cn=${leaf},cn=http,cn=protocols,${organization.distinguishedName(server).toLowerCase()}`;
    if (identity.toLowerCase() === dn) return true;
    const [name = "", given = ""] = identity.split("\\");
    if (!server.answersTo(name)) return false;
    const asked = given.toLowerCase();
    return asked.endsWith("*") ? leaf.startsWith(asked.slice(0, -1)) : asked === leaf;
  });
}
