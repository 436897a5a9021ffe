import type { Credential } from "../../kerberos";
import { kerberosIdentity } from "../../kerberos/identity";
import { SecureString } from "../../powershell/psrp";
import type { Settings } from "../../settings";

/** The native library is loaded when a proof is asked for: who asks for none needs none. */
export function kerberos() {
  return require("../../kerberos") as typeof import("../../kerberos");
}

/** The user of the settings, any user of the forest gets such tickets; without one whoever has a ticket on this host. */
export async function logOn(settings: Settings, mechanism: "kerberos" | "spnego"): Promise<Credential> {
  const { username, password, keytab, domain } = settings;
  const secret = password === undefined ? undefined : new SecureString(password);
  return kerberos().Credential.acquire(kerberosIdentity({ username, password: secret, keytab }, domain), mechanism);
}

/** As clients write it: Active Directory takes either case. */
export function servicePrincipal(hostName: string, settings: Settings): string {
  return `HTTP/${hostName}@${settings.domain.toUpperCase()}`;
}
