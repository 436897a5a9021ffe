import { mapiMethods } from "../model/virtual-directory";
import type { Call, Cmdlet } from "./cmdlet";
import { invalidArgument, objectNotFound, serverUnreachable } from "./exchange-errors";
import { changedProtection } from "./extended-protection";
import {
  booleanParameter,
  directoryReadParameters,
  extendedProtectionParameters,
  identityParameter,
  textParameter,
} from "./parameters";
import {
  directoryObject,
  findByIdentity,
  iisMethods,
  method,
  protectionProperties,
  serversToRead,
  uri,
} from "./virtual-directory-object";

const namespace = "Microsoft.Exchange.Management.SystemConfigurationTasks";

export const mapiCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-MapiVirtualDirectory",
    className: `${namespace}.GetMapiVirtualDirectory`,
    roles: ["View-Only Configuration", "Exchange Virtual Directories"],
    on: (product) => product !== "2010",
    changes: false,
    defaultSet: "Identity",
    parameters: directoryReadParameters,
    run: read,
  },
  {
    name: "Set-MapiVirtualDirectory",
    className: `${namespace}.SetMapiVirtualDirectory`,
    roles: ["Exchange Virtual Directories"],
    on: (product) => product !== "2010",
    changes: true,
    parameters: {
      Identity: { ...identityParameter, mandatory: true },
      IISAuthenticationMethods: { type: { kind: "choices", of: mapiMethods } },
      InternalUrl: textParameter,
      ExternalUrl: textParameter,
      ApplyDefaults: booleanParameter,
      ...extendedProtectionParameters,
      DomainController: textParameter,
    },
    run: write,
  },
];

function read(call: Call): void {
  const { organization } = call.session;
  for (const server of serversToRead(call, "Mapi")) {
    const directory = server.state.virtualDirectories.mapi;
    const methods = directory.iisAuthenticationMethods.map(method);
    call.output(
      directoryObject(organization, server, "Mapi", {
        InternalUrl: uri(directory.internalUrl),
        ExternalUrl: uri(directory.externalUrl),
        IISAuthenticationMethods: iisMethods(call, directory.iisAuthenticationMethods),
        InternalAuthenticationMethods: methods,
        ExternalAuthenticationMethods: methods,
        ...protectionProperties(call, directory.extendedProtection),
      }),
    );
  }
}

function write(call: Call): void {
  const { organization } = call.session;
  const { parameters } = call;
  const identity = parameters.text("Identity") ?? "";
  const server = findByIdentity(organization, "Mapi", identity);
  if (server === undefined) throw objectNotFound(call.session, identity);
  if (!server.online) throw serverUnreachable(server);
  const methods = parameters.choices("IISAuthenticationMethods", mapiMethods);
  if (parameters.hasAny("InternalUrl", "ExternalUrl") && methods === undefined) {
    const message = "InternalUrl and ExternalUrl need IISAuthenticationMethods in the same call.";
    throw invalidArgument(message, identity);
  }
  if (methods !== undefined && methods.length === 0) {
    throw invalidArgument("IISAuthenticationMethods can't be empty.", identity);
  }
  for (const name of ["InternalUrl", "ExternalUrl"]) {
    const text = parameters.text(name) ?? "";
    if (text !== "" && !URL.canParse(text)) {
      throw invalidArgument(`${name} "${text}" is not an absolute URL.`, identity);
    }
  }
  if (!call.shouldProcess) return;
  const current = server.state.virtualDirectories.mapi;
  server.state.virtualDirectories.mapi = {
    internalUrl: parameters.has("InternalUrl") ? (parameters.text("InternalUrl") ?? "") : current.internalUrl,
    externalUrl: parameters.has("ExternalUrl") ? (parameters.text("ExternalUrl") ?? "") : current.externalUrl,
    // The list is taken as it is: what is not named in it is gone, OAuth too.
    iisAuthenticationMethods: methods ?? current.iisAuthenticationMethods,
    extendedProtection: changedProtection(parameters, current.extendedProtection),
  };
  organization.save();
}
