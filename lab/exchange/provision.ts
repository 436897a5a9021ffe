import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AlreadyExistsError, Attribute, Change, type Client } from "ldapts";
import { namingContextOf, unicodePassword, withDirectory } from "./active-directory";
import type { ExchangeConfiguration } from "./configuration";
import { writeKeytab } from "./kerberos/keytab";
import { saltOf } from "./model/kerberos-names";

/** UF_WORKSTATION_TRUST_ACCOUNT, and RC4 with both AES types. */
const workstation = "4096";
const encryptionTypes = "28";

/** Gives the servers what a domain gives its members: a computer account and its keys. */
export async function provision(
  configuration: ExchangeConfiguration,
  folderOf: (name: string) => string,
): Promise<void> {
  const { domainController, caFile, administrator, sites } = configuration;
  await withDirectory({ url: `ldaps://${domainController}`, caFile }, administrator, async (client) => {
    for (const { name } of sites.flatMap(({ servers }) => servers)) {
      await joinComputer(client, configuration, name, join(folderOf(name), "machine.keytab"));
    }
  });
}

/** A computer account whose password nobody knows: only its keys are kept. */
async function joinComputer(
  client: Client,
  { domain, netbiosName }: ExchangeConfiguration,
  name: string,
  keytab: string,
): Promise<void> {
  if (existsSync(keytab)) return;
  const dn = `CN=${name.toUpperCase()},CN=Computers,${namingContextOf(domain)}`;
  const samAccountName = `${name.toUpperCase()}$`;
  const password = randomBytes(30).toString("base64url");
  try {
    const fqdn = `${name.toLowerCase()}.${domain}`;
    await client.add(dn, [
      new Attribute({ type: "objectClass", values: ["computer"] }),
      new Attribute({ type: "sAMAccountName", values: [samAccountName] }),
      new Attribute({ type: "userAccountControl", values: [workstation] }),
      new Attribute({ type: "dNSHostName", values: [fqdn] }),
      new Attribute({ type: "servicePrincipalName", values: [`HOST/${fqdn}`, `HOST/${name.toUpperCase()}`] }),
      new Attribute({ type: "msDS-SupportedEncryptionTypes", values: [encryptionTypes] }),
      unicodePassword(password),
    ]);
  } catch (thrown) {
    if (!(thrown instanceof AlreadyExistsError)) throw thrown;
    await client.modify(dn, [new Change({ operation: "replace", modification: unicodePassword(password) })]);
  }
  const principal = `${samAccountName}@${domain.toUpperCase()}`;
  await writeKeytab(keytab, [{ principal, password, salt: saltOf(samAccountName, { domain, netbiosName }) }]);
}
