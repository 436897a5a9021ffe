import { join } from "node:path";
import { Attribute, Change, Control, escapeFilter } from "ldapts";
import { mustRun, mustRunInside } from "../../lab/command";
import {
  administrator,
  configurationFile,
  corp,
  type DomainController,
  dc1,
  dc2,
  hostName,
  sambaTool,
} from "../../lab/domain-controller";
import { inboundReplication, replicateTo } from "../../lab/replication";
import type { Healthy } from "./healthy";

/** Hands on the lab's directory, as its faults need them. */

interface AttributeChange {
  readonly dn: string;
  readonly attribute: string;
  readonly values: readonly string[];
}

export async function pastLdap(controller: DomainController, ...changes: AttributeChange[]): Promise<void> {
  const script = join(__dirname, "samdb.py");
  await mustRun("/usr/bin/python3", [script, configurationFile(controller), JSON.stringify(changes)]);
}

/** Brings dc2 level with dc1. */
export async function replicate(partition: "domain" | "dns" = "domain"): Promise<void> {
  await replicateTo(dc2, dc1, partition === "dns" ? `DC=DomainDnsZones,${corp.baseDn}` : corp.baseDn);
}

export async function lag(yes: boolean): Promise<void> {
  await inboundReplication(dc2, !yes);
}

/** `YYYY…` of AD's GeneralizedTime, so many days ago. */
export function generalizedTime(daysAgo: number): string {
  const text = new Date(Date.now() - daysAgo * 86_400_000).toISOString();
  return `${text.replace(/[-:T]/g, "").slice(0, 14)}.0Z`;
}

export function filetime(daysAgo: number): string {
  return String((BigInt(Date.now() - Math.round(daysAgo * 86_400_000)) + 11_644_473_600_000n) * 10_000n);
}

/** A record in the corp zone, by its first label. */
export async function record(action: "add" | "delete", name: string, type: "A" | "CNAME", data: string): Promise<void> {
  await sambaTool(dc1, ["dns", action, hostName(dc1), corp.dnsName, name, type, data]);
}

/** The group that came with AES, and since when it is there. */
export async function backdateDomain(days: number): Promise<void> {
  const dn = `CN=Read-only Domain Controllers,CN=Users,${corp.baseDn}`;
  await pastLdap(dc1, { dn, attribute: "whenCreated", values: [generalizedTime(days)] });
}

export function trustNamespaces(controller: DomainController, arguments_: readonly string[]): Promise<string> {
  const { name, password: secret } = administrator(controller.domain);
  return mustRunInside("samba-tool", [
    ...["domain", "trust", "namespaces", ...arguments_, `--configfile=${configurationFile(controller)}`],
    ...[`--local-dc-username=${name}`, `--local-dc-password=${secret}`],
  ]);
}

/** Another account in the organizational unit of the test, with SPNs. */
export async function otherAccount(healthy: Healthy, name: string, more: Record<string, string>): Promise<void> {
  await healthy.world.forest.admin.add(`CN=${name},${healthy.world.forest.organizationalUnit}`, {
    objectClass: "computer",
    sAMAccountName: `${name}$`,
    userAccountControl: "4096",
    ...more,
  });
}

export async function removeOther(healthy: Healthy, name: string): Promise<void> {
  await healthy.world.forest.admin.del(`CN=${name},${healthy.world.forest.organizationalUnit}`);
}

/** Hides an attribute of the account from all but administrators, for as long as the work takes. */
export async function hidden<T>(healthy: Healthy, schemaIdGuid: string, work: () => Promise<T>): Promise<T> {
  const { admin } = healthy.world.forest;
  const dn = healthy.distinguishedName;
  const type = "nTSecurityDescriptor";
  const options = { scope: "base" as const, attributes: [type], explicitBufferAttributes: [type] };
  const before = (await admin.search(dn, options)).searchEntries[0]?.[type];
  await sambaTool(dc1, ["dsacl", "set", `--objectdn=${dn}`, `--sddl=(OD;;RP;${schemaIdGuid};;AU)`]);
  try {
    return await work();
  } finally {
    const modification = new Attribute({ type, values: [before as Buffer] });
    await admin.modify(dn, new Change({ operation: "replace", modification }));
  }
}

/** Where a deleted object of that name lies; the one that was deleted last. */
export async function graveOf(healthy: Healthy, name: string): Promise<string> {
  const { searchEntries } = await healthy.world.forest.admin.search(
    `CN=Deleted Objects,${corp.baseDn}`,
    {
      scope: "one",
      filter: escapeFilter`(&(isDeleted=TRUE)(lastKnownParent=${healthy.world.forest.organizationalUnit}))`,
    },
    [new Control("1.2.840.113556.1.4.417", { critical: true })],
  );
  const grave = searchEntries.find(({ dn }) => dn.startsWith(`CN=${name}\\0A`));
  if (grave === undefined) throw new Error(`No deleted ${name}: ${searchEntries.map(({ dn }) => dn).join("; ")}`);
  return grave.dn;
}
