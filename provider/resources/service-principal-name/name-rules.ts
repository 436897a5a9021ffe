import { isAddress, parseServicePrincipalName } from "../../directory/service-principal-name";

export interface Allowed {
  readonly allowShortName: boolean;
  readonly allowIpAddress: boolean;
}

const loadBalancer =
  "The name is the one that clients use, that of the load balancer (article, “Identify the Service Principal Names”)";

/** Why a name of the class `http` is of no use to clients of Exchange; other classes are not judged. */
export function nameRefusal(spn: string, allowed: Allowed): string | undefined {
  const parts = parseServicePrincipalName(spn);
  if (parts === undefined || parts.serviceClass.toLowerCase() !== "http") return undefined;
  const { host } = parts;
  if (isAddress(host)) {
    if (allowed.allowIpAddress) return undefined;
    return `${host} is an address, and clients ask for tickets by name. ${loadBalancer}. allowIpAddress: true allows it.`;
  }
  if (!host.includes(".")) {
    if (allowed.allowShortName) return undefined;
    return `${host} is a short name, and Exchange's addresses have full ones. ${loadBalancer}. allowShortName: true allows it.`;
  }
  if (/[^A-Za-z0-9_.-]/.test(host) || /^[.-]|\.\.|\.$/.test(host) || host.length > 253) {
    return `${host} is not a host name. ${loadBalancer}.`;
  }
  return undefined;
}

/** The name that clients look up in DNS; `undefined` where they look up none. */
export function clientName(spn: string): string | undefined {
  const parts = parseServicePrincipalName(spn);
  if (parts?.serviceClass.toLowerCase() !== "http" || isAddress(parts.host) || !parts.host.includes("."))
    return undefined;
  return parts.host;
}

export function portWarning(spn: string): string | undefined {
  const parts = parseServicePrincipalName(spn);
  if (parts?.port === undefined || parts.serviceClass.toLowerCase() !== "http") return undefined;
  return `warning: ${spn} has a port. Browsers and Outlook ask for http/${parts.host} whatever the port is, and leave it out for 443.`;
}

/** Article, "Associate Service Principal Names (SPNs) with the ASA credential", Important. */
export const beforeDeployment =
  "A service principal name comes after the credential is on at least one server: from then on clients get tickets for " +
  "this account, a server without its password cannot read them, and a client that has a ticket does not fall back to NTLM. " +
  "Give deployment: the id of an AsaDeployment; or, knowing that, allowBeforeDeployment: true.";
