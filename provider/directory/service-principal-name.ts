import { isIP } from "node:net";

/** A service principal name in its parts (MS-ADTS 5.1.1.4): `class/host[:port][/name]`. */
export interface ServicePrincipalName {
  readonly serviceClass: string;
  readonly host: string;
  /** A port, or an instance's name, as some classes have it. */
  readonly port: string | undefined;
  readonly serviceName: string | undefined;
}

/** `undefined` for a text that does not have the form. */
export function parseServicePrincipalName(text: string): ServicePrincipalName | undefined {
  const match =
    /^([A-Za-z][A-Za-z0-9_.-]*)\/(\[[0-9A-Fa-f:.]+\]|[^/:\s\p{Cc}\p{Cs}\\"<>,;=+()*]+)(?::([A-Za-z0-9_-]+))?(?:\/([^/\s\p{Cc}\p{Cs}]+))?$/u.exec(
      text,
    );
  const [, serviceClass, host, port, serviceName] = match ?? [];
  return serviceClass === undefined || host === undefined ? undefined : { serviceClass, host, port, serviceName };
}

/** Active Directory compares SPNs without regard to case. */
export function sameSpn(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

export function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, "")) !== 0;
}
