import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AlreadyExistsError, Attribute, Change, type Client, NoSuchObjectError } from "ldapts";
import { namingContextOf, unicodePassword, withDirectory } from "./active-directory";
import type { ExchangeConfiguration } from "./configuration";
import { writeKeytab } from "./front-end/keytab";
import { saltOf } from "./model/kerberos-names";

/** UF_WORKSTATION_TRUST_ACCOUNT, and RC4 with both AES types. */
const workstation = "4096";
const encryptionTypes = "28";

/** Gives the servers what a domain gives its members: a computer account, its keys, and addresses in DNS. */
export async function provision(
  configuration: ExchangeConfiguration,
  folderOf: (name: string) => string,
): Promise<void> {
  const { domainController, caFile, administrator, servers, namespaces, balancerAddress, domain } = configuration;
  await withDirectory({ url: `ldaps://${domainController}`, caFile }, administrator, async (client) => {
    for (const { name, address } of servers) {
      await joinComputer(client, configuration, name, join(folderOf(name), "machine.keytab"));
      await setAddress(client, domain, name, address);
    }
    for (const name of namespaces) await setAddress(client, domain, relative(name, domain), balancerAddress);
  });
}

function relative(name: string, domain: string): string {
  const suffix = `.${domain}`;
  if (!name.toLowerCase().endsWith(suffix)) throw new Error(`The lab's DNS has no zone for ${name}.`);
  return name.slice(0, -suffix.length);
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

/** An A record as the directory keeps it (MS-DNSP 2.3.2.2), instead of whatever the name had. */
async function setAddress(client: Client, domain: string, label: string, address: string): Promise<void> {
  const context = namingContextOf(domain);
  const dn = `DC=${label},DC=${domain},CN=MicrosoftDNS,DC=DomainDnsZones,${context}`;
  const record = Buffer.alloc(28);
  record.writeUInt16LE(4, 0); // length of the data
  record.writeUInt16LE(1, 2); // type A
  record.writeUInt8(5, 4); // version
  record.writeUInt8(240, 5); // rank: from the zone itself
  record.writeUInt32LE(1, 8); // serial
  record.writeUInt32BE(60, 12); // time to live, in seconds
  address.split(".").forEach((octet, at) => {
    record.writeUInt8(Number(octet), 24 + at);
  });
  const dnsRecord = new Attribute({ type: "dnsRecord", values: [record] });
  try {
    await client.modify(dn, [new Change({ operation: "replace", modification: dnsRecord })]);
  } catch (thrown) {
    if (!(thrown instanceof NoSuchObjectError)) throw thrown;
    await client.add(dn, [new Attribute({ type: "objectClass", values: ["dnsNode"] }), dnsRecord]);
  }
}
