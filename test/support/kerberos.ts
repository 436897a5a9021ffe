import { join } from "node:path";
import { mustRun } from "../../lab/command";
import { corp, type Domain } from "../../lab/domain-controller";
import { writeKeytab } from "../../lab/exchange/kerberos/keytab";
import { saltOf } from "../../lab/exchange/model/kerberos-names";
import { labFolder } from "../../lab/folders";
import { password } from "../../lab/passwords";

/** A keytab with the keys that a password makes; without a password those of one of the lab's people. */
export async function keytabOf(user: string, secret = password(`${user}@${corp.dnsName}`)): Promise<string> {
  const path = join(labFolder, `${user}-${process.hrtime.bigint()}.keytab`);
  const salt = saltOf(user, { domain: corp.dnsName, netbiosName: corp.netbiosName });
  await writeKeytab(path, [{ principal: `${user}@${corp.realm}`, password: secret, salt }]);
  return path;
}

/** A credential cache with a fresh ticket of one of the lab's people, by its name for `KRB5CCNAME`. */
export async function ticketOf(user: string, domain: Domain = corp, ...options: string[]): Promise<string> {
  const cache = `FILE:${join(labFolder, `${user}-${process.hrtime.bigint()}.ccache`)}`;
  const principal = `${user}@${domain.realm}`;
  const input = `${password(`${user}@${domain.dnsName}`)}\n`;
  await mustRun("kinit", ["-c", cache, ...options, principal], { input });
  return cache;
}
