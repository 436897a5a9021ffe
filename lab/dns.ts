import { corp, dc1, dc2, hostName, sambaTool, users, usersDc } from "./domain-controller";
import { addAddress, addresses } from "./network-namespace";
import { findProcess, startProcess } from "./processes";
import { replicateTo } from "./replication";

/** Domain of the servers that a bench makes up: each name in it has the same address. */
export const manyServersDomain = `many.${corp.dnsName}`;

/** The resolver of the namespace: knows which controller answers for which forest, and nothing of the world outside. */
export async function startResolver(): Promise<void> {
  await addAddress(addresses.resolver);
  const zones = [
    [corp.dnsName, dc1.address],
    [corp.dnsName, dc2.address],
    [users.dnsName, usersDc.address],
  ].map(([zone, address]) => `--server=/${zone}/${address}`);
  const quiet = [
    "--keep-in-foreground",
    "--no-resolv",
    "--no-hosts",
    "--cache-size=0",
    "--conf-file=/dev/null",
    "--pid-file=",
  ];
  const listen = [`--listen-address=${addresses.resolver}`, "--bind-interfaces", "--user=root"];
  const many = `--address=/${manyServersDomain}/${addresses.manyServers}`;
  startProcess("resolver", "dnsmasq", [...quiet, ...listen, ...zones, many]);
}

/** An A record in the lab's corp zone: `mail`, `autodiscover`, `cas-1` … There already is fine. */
export async function addHostRecord(name: string, address: string): Promise<void> {
  await addRecord(corp.dnsName, name, "A", address);
}

/** What a controller's own updater would write: DNS SRV for the search of a controller. */
export async function addControllerRecords(name: string): Promise<void> {
  const target = `${name}.${corp.dnsName}`;
  await addRecord(`_msdcs.${corp.dnsName}`, "_ldap._tcp.dc", "SRV", `${target} 389 0 100`);
  await addRecord(`_msdcs.${corp.dnsName}`, "_ldap._tcp.gc", "SRV", `${target} 3268 0 100`);
  await addRecord(corp.dnsName, "_ldap._tcp", "SRV", `${target} 389 0 100`);
  await addRecord(corp.dnsName, "_kerberos._tcp", "SRV", `${target} 88 0 100`);
}

/** The resolver asks either controller: what was told to the first is not left to the second's own time. */
export async function spreadRecords(): Promise<void> {
  if (findProcess(dc2.name) === undefined) return;
  for (const partition of ["DomainDnsZones", "ForestDnsZones"]) {
    await replicateTo(dc2, dc1, `DC=${partition},${corp.baseDn}`);
  }
}

async function addRecord(zone: string, name: string, type: "A" | "SRV", data: string): Promise<void> {
  try {
    await sambaTool(dc1, ["dns", "add", hostName(dc1), zone, name, type, data]);
  } catch (error) {
    // Its own words in newer versions of samba-tool, the RPC's in older ones.
    if (!/Record already exists|WERR_DNS_ERROR_RECORD_ALREADY_EXISTS/.test(String(error))) throw error;
  }
}
