import { splitQualifiedName } from "./credential";

/** The domain of the organization, in the two spellings that names use. */
export interface DomainNames {
  /** DNS name, e.g. `corp.tailspintoys.com`; the realm is the same in upper case. */
  readonly domain: string;
  readonly netbiosName: string;
}

/** `DOMAIN\name` or `name@domain` as a Kerberos principal; undefined for a domain that is not ours. */
export function principalOf(name: string, names: DomainNames): string | undefined {
  const realm = names.domain.toUpperCase();
  if (name.includes("@")) return name.replace(/@.*$/, `@${name.slice(name.indexOf("@") + 1).toUpperCase()}`);
  const parts = splitQualifiedName(name);
  if (parts === undefined) return undefined;
  const ours = [names.domain.toLowerCase(), names.netbiosName.toLowerCase(), ""].includes(parts.domain.toLowerCase());
  return ours ? `${parts.userName}@${realm}` : undefined;
}

/** The salt of an account's AES keys (MS-KILE 3.1.1.2): computers have one of their own. */
export function saltOf(samAccountName: string, names: DomainNames): string {
  const realm = names.domain.toUpperCase();
  if (!samAccountName.endsWith("$")) return `${realm}${samAccountName}`;
  return `${realm}host${samAccountName.slice(0, -1).toLowerCase()}.${names.domain.toLowerCase()}`;
}
