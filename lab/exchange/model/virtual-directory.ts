import { z } from "zod";

/** Values of `-ExtendedProtection*`, which all virtual directories share. */
export const tokenChecking = ["None", "Allow", "Require"] as const;
export const protectionFlags = ["None", "AllowDotlessSPN", "NoServiceNameCheck", "Proxy", "ProxyCoHosting"] as const;

/** `Ntlm` where the documents write NTLM: the spelling of the enumeration is what arrives. */
export const outlookMethods = ["Basic", "Ntlm", "Negotiate"] as const;
export const mapiMethods = ["Basic", "Ntlm", "OAuth", "Negotiate"] as const;
export type AuthenticationMethod = (typeof mapiMethods)[number];

const extendedProtection = z.object({
  tokenChecking: z.enum(tokenChecking),
  flags: z.array(z.enum(protectionFlags)),
  spnList: z.array(z.string()),
});

export const outlookAnywhereSchema = z.object({
  internalHostname: z.string(),
  externalHostname: z.string(),
  internalClientAuthenticationMethod: z.enum(outlookMethods),
  externalClientAuthenticationMethod: z.enum(outlookMethods),
  iisAuthenticationMethods: z.array(z.enum(outlookMethods)),
  internalClientsRequireSsl: z.boolean(),
  externalClientsRequireSsl: z.boolean(),
  sslOffloading: z.boolean(),
  extendedProtection,
});
export type OutlookAnywhere = z.infer<typeof outlookAnywhereSchema>;

export const mapiSchema = z.object({
  internalUrl: z.string(),
  externalUrl: z.string(),
  iisAuthenticationMethods: z.array(z.enum(mapiMethods)),
  extendedProtection,
});
export type MapiVirtualDirectory = z.infer<typeof mapiSchema>;

/** The directories whose authentication is a set of booleans. */
export const switchedKinds = ["WebServices", "Oab", "Autodiscover", "Owa", "Ecp", "ActiveSync"] as const;
export type SwitchedKind = (typeof switchedKinds)[number];

export const switchedSchema = z.object({
  internalUrl: z.string(),
  externalUrl: z.string(),
  windowsAuthentication: z.boolean(),
  basicAuthentication: z.boolean(),
  oAuthAuthentication: z.boolean(),
  formsAuthentication: z.boolean(),
  extendedProtection,
});
export type SwitchedVirtualDirectory = z.infer<typeof switchedSchema>;

export const virtualDirectoriesSchema = z.object({
  outlookAnywhere: outlookAnywhereSchema,
  mapi: mapiSchema,
  switched: z.record(z.enum(switchedKinds), switchedSchema),
});
export type VirtualDirectories = z.infer<typeof virtualDirectoriesSchema>;

/** Leaf of the identity, e.g. `CAS-1\mapi (Default Web Site)`, and what it is called in IIS and in the logs. */
export const directoryNames: Record<SwitchedKind | "OutlookAnywhere" | "Mapi", { leaf: string; path: string }> = {
  OutlookAnywhere: { leaf: "Rpc (Default Web Site)", path: "Rpc" },
  Mapi: { leaf: "mapi (Default Web Site)", path: "mapi" },
  WebServices: { leaf: "EWS (Default Web Site)", path: "EWS" },
  Oab: { leaf: "OAB (Default Web Site)", path: "OAB" },
  Autodiscover: { leaf: "Autodiscover (Default Web Site)", path: "Autodiscover" },
  Owa: { leaf: "owa (Default Web Site)", path: "owa" },
  Ecp: { leaf: "ecp (Default Web Site)", path: "ecp" },
  ActiveSync: { leaf: "Microsoft-Server-ActiveSync (Default Web Site)", path: "Microsoft-Server-ActiveSync" },
};

export const unprotected = () => ({ tokenChecking: "None" as const, flags: [], spnList: [] });

/** What setup leaves, with the namespace that an administrator has set for all clients. */
export function defaultDirectories(namespace: string): VirtualDirectories {
  const switched = (path: string, forms: boolean): SwitchedVirtualDirectory => ({
    internalUrl: path === "" ? "" : `https://${namespace}/${path}`,
    externalUrl: path === "" ? "" : `https://${namespace}/${path}`,
    windowsAuthentication: !forms,
    basicAuthentication: forms,
    oAuthAuthentication: !forms,
    formsAuthentication: forms,
    extendedProtection: unprotected(),
  });
  return {
    outlookAnywhere: {
      internalHostname: namespace,
      externalHostname: namespace,
      internalClientAuthenticationMethod: "Ntlm",
      externalClientAuthenticationMethod: "Negotiate",
      iisAuthenticationMethods: ["Basic", "Ntlm", "Negotiate"],
      internalClientsRequireSsl: true,
      externalClientsRequireSsl: true,
      sslOffloading: false,
      extendedProtection: unprotected(),
    },
    mapi: {
      internalUrl: `https://${namespace}/mapi`,
      externalUrl: `https://${namespace}/mapi`,
      iisAuthenticationMethods: ["Ntlm", "OAuth", "Negotiate"],
      extendedProtection: unprotected(),
    },
    switched: {
      WebServices: switched("EWS/Exchange.asmx", false),
      Oab: switched("OAB", false),
      Autodiscover: switched("", false),
      Owa: switched("owa", true),
      Ecp: switched("ecp", true),
      ActiveSync: { ...switched("Microsoft-Server-ActiveSync", true), formsAuthentication: false },
    },
  };
}
