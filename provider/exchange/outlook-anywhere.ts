import type { ExchangeServer } from "./exchange-servers";
import { type FrontEndDirectory, frontEndDirectories, spelled, textsOf } from "./front-end-directories";
import { flagProperty, textProperty } from "./ps-properties";
import { type RemoteShell, run } from "./remote-shell";

/** What Set-OutlookAnywhere takes. */
export const outlookMethods = ["Basic", "Ntlm", "Negotiate"] as const;
export type OutlookMethod = (typeof outlookMethods)[number];

/** One front-end directory of Outlook Anywhere. Methods are texts: a server may have one that cannot be set any more. */
export interface OutlookAnywhere extends FrontEndDirectory {
  readonly internal: string;
  readonly external: string;
  readonly iis: readonly string[];
  /** Host names that Autodiscover gives to clients; empty where there is none. */
  readonly internalHostname: string;
  readonly externalHostname: string;
  readonly internalRequiresSsl: boolean;
  readonly externalRequiresSsl: boolean;
  readonly sslOffloading: boolean;
}

/** What is to change; what is left out stays. */
export interface OutlookAnywhereChange {
  readonly internal?: string;
  readonly external?: string;
  readonly iis?: readonly string[];
}

/** Reads all that clients reach on one server (article, "Enable Kerberos authentication for Outlook clients"). */
export async function readOutlookAnywhere(
  shell: RemoteShell,
  server: ExchangeServer,
  signal?: AbortSignal,
): Promise<OutlookAnywhere[]> {
  const found = await frontEndDirectories(shell, "OutlookAnywhere", server, signal);
  return found.map(({ object, ...directory }) => {
    const method = (name: string) => spelled(outlookMethods, textProperty(object, name) ?? "");
    return {
      ...directory,
      internal: method("InternalClientAuthenticationMethod"),
      external: method("ExternalClientAuthenticationMethod"),
      iis: textsOf(object, "IISAuthenticationMethods").map((text) => spelled(outlookMethods, text)),
      internalHostname: textProperty(object, "InternalHostname") ?? "",
      externalHostname: textProperty(object, "ExternalHostname") ?? "",
      internalRequiresSsl: flagProperty(object, "InternalClientsRequireSsl"),
      externalRequiresSsl: flagProperty(object, "ExternalClientsRequireSsl"),
      sslOffloading: flagProperty(object, "SSLOffloading"),
    };
  });
}

/** Changes one directory. It counts for clients only after the application pools have recycled. */
export async function setOutlookAnywhere(
  shell: RemoteShell,
  identity: string,
  change: OutlookAnywhereChange,
  signal?: AbortSignal,
): Promise<void> {
  const parameters = {
    Identity: identity,
    ...(change.internal === undefined ? {} : { InternalClientAuthenticationMethod: change.internal }),
    ...(change.external === undefined ? {} : { ExternalClientAuthenticationMethod: change.external }),
    ...(change.iis === undefined ? {} : { IISAuthenticationMethods: [...change.iis] }),
    Confirm: false,
  };
  // Its warning about coexistence with earlier versions comes with every Negotiate, as in the article.
  await run(shell, [{ name: "Set-OutlookAnywhere", parameters }], { what: `change ${identity}`, signal });
}

/** Application pools of a server that read these settings when they start. */
export function outlookAnywherePools({ mailbox }: ExchangeServer): readonly string[] {
  return ["MSExchangeRpcProxyFrontEndAppPool", ...(mailbox ? ["MSExchangeRpcProxyAppPool"] : [])];
}

/**
 * Why Set-OutlookAnywhere would refuse a directory as it is to be, or why no client could log on to it; `undefined` where
 * nothing is wrong. The cmdlet judges the whole directory, so what was wrong before also stands in the way.
 */
export function outlookAnywhereComplaint(next: OutlookAnywhere): string | undefined {
  const { identity, extendedProtection: protection } = next;
  if (next.internalHostname === "" && next.externalHostname === "") {
    return `${identity} has neither an internal nor an external host name. Set-OutlookAnywhere changes nothing until it has one.`;
  }
  const sides = [
    ["internal", "Internal", next.internalHostname, next.internal, next.internalRequiresSsl],
    ["external", "External", next.externalHostname, next.external, next.externalRequiresSsl],
  ] as const;
  for (const [side, parameter, host, method, requiresSsl] of sides) {
    if (host === "" || requiresSsl) continue;
    const remedy = `Set-OutlookAnywhere -${parameter}ClientsRequireSsl $true`;
    if (method === "Basic") {
      return `${identity}: Basic for ${side} clients sends passwords in clear and needs SSL to be required: ${remedy}.`;
    }
    if (!next.sslOffloading) {
      return `${identity}: SSL is neither offloaded nor required of ${side} clients, which Exchange does not take: ${remedy}.`;
    }
  }
  if (protection.tokenChecking === "Require" && next.sslOffloading && protection.spns.length === 0) {
    return (
      `${identity} requires Extended Protection while SSL ends at the load balancer (SSLOffloading), and has no ` +
      "ExtendedProtectionSPNList: no client can log on with Negotiate or NTLM."
    );
  }
  return undefined;
}
