import type { SwitchedKind, SwitchedVirtualDirectory } from "../model/virtual-directory";
import type { Call, Cmdlet } from "./cmdlet";
import { directoryReadParameters } from "./parameters";
import {
  directoryObject,
  iisSwitch,
  method,
  protectionProperties,
  serversToRead,
  uri,
} from "./virtual-directory-object";

/** The directories that are only read here: they name the clients' host names. */
const nouns: Record<SwitchedKind, string> = {
  WebServices: "WebServicesVirtualDirectory",
  Oab: "OabVirtualDirectory",
  Autodiscover: "AutodiscoverVirtualDirectory",
  Owa: "OwaVirtualDirectory",
  Ecp: "EcpVirtualDirectory",
  ActiveSync: "ActiveSyncVirtualDirectory",
};

export const switchedDirectoryCmdlets: readonly Cmdlet[] = (Object.entries(nouns) as [SwitchedKind, string][]).map(
  ([kind, noun]) => ({
    name: `Get-${noun}`,
    className: `Microsoft.Exchange.Management.SystemConfigurationTasks.Get${noun}`,
    roles: ["View-Only Configuration", "Exchange Virtual Directories"],
    changes: false,
    defaultSet: "Identity",
    parameters: directoryReadParameters,
    run: (call) => read(call, kind),
  }),
);

function read(call: Call, kind: SwitchedKind): void {
  for (const server of serversToRead(call, kind)) {
    const directory = server.state.virtualDirectories.switched[kind];
    const methods = methodsOf(directory).map(method);
    call.output(
      directoryObject(call.session.organization, server, kind, {
        InternalUrl: uri(directory.internalUrl),
        ExternalUrl: uri(directory.externalUrl),
        ...(kind === "WebServices" ? { InternalNLBBypassUrl: null } : {}),
        InternalAuthenticationMethods: methods,
        ExternalAuthenticationMethods: methods,
        WindowsAuthentication: iisSwitch(call, directory.windowsAuthentication),
        BasicAuthentication: iisSwitch(call, directory.basicAuthentication),
        OAuthAuthentication: iisSwitch(call, directory.oAuthAuthentication),
        FormsAuthentication: iisSwitch(call, directory.formsAuthentication),
        ...protectionProperties(call, directory.extendedProtection),
      }),
    );
  }
}

function methodsOf(directory: SwitchedVirtualDirectory): string[] {
  return [
    ...(directory.basicAuthentication ? ["Basic"] : []),
    ...(directory.formsAuthentication ? ["Fba"] : []),
    ...(directory.windowsAuthentication ? ["Ntlm", "WindowsIntegrated"] : []),
    ...(directory.oAuthAuthentication ? ["OAuth"] : []),
  ];
}
