import { ProviderError } from "../error";

/**
 * Who we are to Kerberos.
 * - `cache`: whoever has a ticket in this host's credential cache (`kinit`), or in the one named
 * - `keytab`: the principal (`user@REALM`) with its key from a file; tickets stay in memory
 * - `password`: the principal with its password; tickets stay in memory, nothing is written
 */
export type Identity =
  | { readonly kind: "cache"; readonly cache?: string | undefined }
  | { readonly kind: "keytab"; readonly principal: string; readonly keytab: string }
  | { readonly kind: "password"; readonly principal: string; readonly password: Secret };

/** A text that shows itself only to who asks. */
export interface Secret {
  reveal(): string;
}

/** What the settings say of who logs on; what is empty is not said. */
export interface LogonSettings {
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  /** Path of a keytab. */
  readonly keytab?: string | undefined;
}

/**
 * The user with the password or the keytab, else whoever has a ticket on this host.
 * @param domain DNS name of the domain that knows the user
 * @throws ProviderError `settings-invalid` where it is said by half, or twice
 */
export function kerberosIdentity({ username, password, keytab }: LogonSettings, domain: string): Identity {
  const refuse = (what: string, hint: string) =>
    new ProviderError("settings-invalid", `The connection to ${domain} has ${what}.`, { hint });
  if (!username) {
    if (!password && !keytab) return { kind: "cache" };
    throw refuse(`a ${keytab ? "keytab" : "password"} and no username`, "Set the username as well: user@domain.");
  }
  if (password && keytab) throw refuse("a password and a keytab", "Set one of them.");
  if (password) return { kind: "password", principal: principalOf(username, domain), password };
  if (keytab) {
    if (!username.includes("\\")) return { kind: "keytab", principal: principalOf(username, domain), keytab };
    throw refuse(`a keytab for ${username}`, "Keys in a keytab are of principals: write the name as user@domain.");
  }
  throw refuse(
    `the username ${username}, but neither a password nor a keytab for it`,
    "Set one of them (of username the setting password, of exchangeUsername exchangePassword, with --secret), or leave out the " +
      "username to use the ticket of this host (kinit).",
  );
}

/**
 * A user's Kerberos principal, from the name under which people know it.
 * - `user@corp.example.com` and `corp.example.com\user`: `user@CORP.EXAMPLE.COM`
 * - `user@example.com`, a user principal name with another suffix: an enterprise name (RFC 6806, section 5), `user\@example.com@CORP.EXAMPLE.COM`
 * - `OTHER\user`: the same, `user\@OTHER@CORP.EXAMPLE.COM`. Domain controllers know whose NetBIOS name that is (MS-KILE 3.3.5.6.1); we
 *   do not, and a user of that name here may be somebody else, whose account our password would lock.
 *
 * @param domain DNS name of the domain that knows the user
 * @throws ProviderError `settings-invalid` for a distinguished name or a bare one
 */
function principalOf(username: string, domain: string): string {
  const realm = domain.toUpperCase();
  const downLevel = /^([^\\@/]+)\\([^\\@/]+)$/.exec(username);
  const name = downLevel === null ? username : `${downLevel[2]}@${downLevel[1]}`;
  const [, user, suffix] = /^([^\\@/]+)@([^\\@/]+)$/.exec(name) ?? [];
  if (user === undefined || suffix === undefined) {
    throw new ProviderError("settings-invalid", `"${username}" is no name for a Kerberos logon.`, {
      hint: "Use user@domain or DOMAIN\\user.",
    });
  }
  return suffix.toUpperCase() === realm ? `${user}@${realm}` : `${user}\\@${suffix}@${realm}`;
}
