import { type OutlookAnywhere, outlookMethods } from "../model/virtual-directory";
import type { BoundParameters } from "./bound-parameters";
import type { Call, Cmdlet } from "./cmdlet";
import { invalidArgument, objectNotFound, serverUnreachable } from "./exchange-errors";
import { changedProtection } from "./extended-protection";
import {
  booleanParameter,
  choiceParameter,
  directoryReadParameters,
  extendedProtectionParameters,
  identityParameter,
  textParameter,
} from "./parameters";
import {
  directoryObject,
  findByIdentity,
  hostname,
  iisMethods,
  method,
  protectionProperties,
  serversToRead,
} from "./virtual-directory-object";

const namespace = "Microsoft.Exchange.Management.SystemConfigurationTasks";

export const outlookAnywhereCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-OutlookAnywhere",
    className: `${namespace}.GetRpcHttp`,
    roles: ["View-Only Configuration", "Exchange Virtual Directories"],
    changes: false,
    defaultSet: "Identity",
    parameters: directoryReadParameters,
    run: read,
  },
  {
    name: "Set-OutlookAnywhere",
    className: `${namespace}.SetRpcHttp`,
    roles: ["Exchange Virtual Directories"],
    changes: true,
    parameters: {
      Identity: { ...identityParameter, mandatory: true },
      InternalClientAuthenticationMethod: choiceParameter(outlookMethods),
      ExternalClientAuthenticationMethod: choiceParameter(outlookMethods),
      DefaultAuthenticationMethod: choiceParameter(outlookMethods),
      IISAuthenticationMethods: { type: { kind: "choices", of: outlookMethods } },
      InternalHostname: textParameter,
      ExternalHostname: textParameter,
      InternalClientsRequireSsl: booleanParameter,
      ExternalClientsRequireSsl: booleanParameter,
      SSLOffloading: booleanParameter,
      ...extendedProtectionParameters,
      Name: textParameter,
      DomainController: textParameter,
    },
    run: write,
  },
];

function read(call: Call): void {
  const { organization } = call.session;
  for (const server of serversToRead(call, "OutlookAnywhere")) {
    const directory = server.state.virtualDirectories.outlookAnywhere;
    call.output(
      directoryObject(organization, server, "OutlookAnywhere", {
        InternalHostname: hostname(directory.internalHostname),
        ExternalHostname: hostname(directory.externalHostname),
        InternalClientAuthenticationMethod: method(directory.internalClientAuthenticationMethod),
        ExternalClientAuthenticationMethod: method(directory.externalClientAuthenticationMethod),
        IISAuthenticationMethods: iisMethods(call, directory.iisAuthenticationMethods),
        InternalClientsRequireSsl: directory.internalClientsRequireSsl,
        ExternalClientsRequireSsl: directory.externalClientsRequireSsl,
        SSLOffloading: directory.sslOffloading,
        ...protectionProperties(call, directory.extendedProtection),
      }),
    );
  }
}

function write(call: Call): void {
  const { organization } = call.session;
  const identity = call.parameters.text("Identity") ?? "";
  const server = findByIdentity(organization, "OutlookAnywhere", identity);
  if (server === undefined) throw objectNotFound(call.session, identity);
  if (!server.online) throw serverUnreachable(server);
  const directories = server.state.virtualDirectories;
  const next = changed(call.parameters, directories.outlookAnywhere);
  const complaint = complaintOf(call.parameters, next);
  if (complaint !== undefined) throw invalidArgument(complaint, identity);
  if (
    next.internalClientAuthenticationMethod === "Negotiate" ||
    next.externalClientAuthenticationMethod === "Negotiate"
  ) {
    call.warning(
      `Outlook Anywhere of ${server.state.name} uses Negotiate. In coexistence with earlier versions of Exchange, check that their clients can use it.`,
    );
  }
  if (!call.shouldProcess) return;
  directories.outlookAnywhere = next;
  organization.save();
}

function changed(parameters: BoundParameters, current: OutlookAnywhere): OutlookAnywhere {
  const methodOf = (name: string) => parameters.choice(name, outlookMethods);
  const common = methodOf("DefaultAuthenticationMethod");
  return {
    internalHostname: parameters.has("InternalHostname")
      ? (parameters.text("InternalHostname") ?? "")
      : current.internalHostname,
    externalHostname: parameters.has("ExternalHostname")
      ? (parameters.text("ExternalHostname") ?? "")
      : current.externalHostname,
    internalClientAuthenticationMethod:
      methodOf("InternalClientAuthenticationMethod") ?? common ?? current.internalClientAuthenticationMethod,
    externalClientAuthenticationMethod:
      methodOf("ExternalClientAuthenticationMethod") ?? common ?? current.externalClientAuthenticationMethod,
    iisAuthenticationMethods:
      parameters.choices("IISAuthenticationMethods", outlookMethods) ??
      (common === undefined ? current.iisAuthenticationMethods : [common]),
    internalClientsRequireSsl: parameters.boolean("InternalClientsRequireSsl") ?? current.internalClientsRequireSsl,
    externalClientsRequireSsl: parameters.boolean("ExternalClientsRequireSsl") ?? current.externalClientsRequireSsl,
    sslOffloading: parameters.boolean("SSLOffloading") ?? current.sslOffloading,
    extendedProtection: changedProtection(parameters, current.extendedProtection),
  };
}

/** What is wrong with the call or with the directory as it would be; undefined when nothing is. */
function complaintOf(parameters: BoundParameters, next: OutlookAnywhere): string | undefined {
  const oneForAll = parameters.has("DefaultAuthenticationMethod");
  const each = ["InternalClientAuthenticationMethod", "ExternalClientAuthenticationMethod", "IISAuthenticationMethods"];
  if (oneForAll && parameters.hasAny(...each)) {
    return `DefaultAuthenticationMethod can't be used together with ${each.join(", ")}.`;
  }
  if (parameters.text("ExternalHostname")) {
    const authenticated = oneForAll || parameters.has("ExternalClientAuthenticationMethod");
    if (!parameters.has("ExternalClientsRequireSsl") || !authenticated) {
      return "ExternalHostname needs ExternalClientsRequireSsl and an authentication method for external clients in the same call.";
    }
  }
  if (parameters.text("InternalHostname") && !parameters.has("InternalClientsRequireSsl")) {
    return "InternalHostname needs InternalClientsRequireSsl in the same call.";
  }
  if (next.internalHostname === "" && next.externalHostname === "") {
    return "At least one of InternalHostname and ExternalHostname has to be set.";
  }
  if (next.iisAuthenticationMethods.length === 0) return "IISAuthenticationMethods can't be empty.";
  const sides = [
    ["internal", next.internalHostname, next.internalClientAuthenticationMethod, next.internalClientsRequireSsl],
    ["external", next.externalHostname, next.externalClientAuthenticationMethod, next.externalClientsRequireSsl],
  ] as const;
  for (const [side, host, authentication, ssl] of sides) {
    if (host === "" || ssl) continue;
    if (authentication === "Basic") return `Basic authentication of ${side} clients needs SSL to be required.`;
    if (!next.sslOffloading) return `Without SSLOffloading, SSL has to be required of ${side} clients.`;
  }
  return undefined;
}
