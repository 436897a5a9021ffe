import { ProviderError } from "../error";

/**
 * A user's Kerberos principal, from the name under which people know it.
 * - `user@corp.example.com` and `CORP\user`: `user@CORP.EXAMPLE.COM`
 * - `user@example.com`, a user principal name with another suffix: an enterprise name (RFC 6806, section 5), `user\@example.com@CORP.EXAMPLE.COM`
 *
 * @param domain DNS name of the domain that knows the user
 * @throws ProviderError `settings-invalid` for a distinguished name or a bare one
 */
export function principalOf(username: string, domain: string): string {
  const realm = domain.toUpperCase();
  const downLevel = /^[^\\@]+\\([^\\@]+)$/.exec(username)?.[1];
  if (downLevel !== undefined) return `${downLevel}@${realm}`;
  const [, user, suffix] = /^([^\\@/]+)@([^\\@/]+)$/.exec(username) ?? [];
  if (user === undefined || suffix === undefined) {
    throw new ProviderError("settings-invalid", `"${username}" is no name for a Kerberos logon.`, {
      hint: "Use user@domain or DOMAIN\\user.",
    });
  }
  return suffix.toUpperCase() === realm ? `${user}@${realm}` : `${user}\\@${suffix}@${realm}`;
}
