import type { Credential } from "../../kerberos";
import { kerberosIdentity } from "../../kerberos/identity";
import { SecureString } from "../../powershell/psrp";
import type { Settings } from "../../settings";

/** The native library is loaded when a proof is asked for: who asks for none needs none. */
export function kerberos() {
  return require("../../kerberos") as typeof import("../../kerberos");
}

/**
 * The user of the settings, any user of the forest gets such tickets; without one whoever has a ticket on this host. What a ticket
 * of before the last roll would prove is nothing of today.
 */
export async function logOn(settings: Settings, mechanism: "kerberos" | "spnego"): Promise<Credential> {
  const { username, password, keytab, domain } = settings;
  const secret = password === undefined ? undefined : new SecureString(password);
  const identity = kerberosIdentity({ username, password: secret, keytab }, domain);
  return kerberos().Credential.acquire(identity, mechanism, { fresh: true });
}

/** As clients write it: Active Directory takes either case. */
export function servicePrincipal(hostName: string, settings: Settings): string {
  return `HTTP/${hostName}@${settings.domain.toUpperCase()}`;
}
