import { randomInt } from "node:crypto";
import type { SrvRecord } from "node:dns";
import { ProviderError } from "../error";
import { serviceRecords } from "./service-records";

/**
 * The order in which to try the servers of one SRV name (RFC 2782): lower priority first, and within one priority
 * by chance, in proportion to weight.
 */
export function inOrder(records: readonly SrvRecord[]): SrvRecord[] {
  const left = [...records].sort((one, other) => one.priority - other.priority || one.weight - other.weight);
  const ordered: SrvRecord[] = [];
  while (left[0] !== undefined) {
    const { priority } = left[0];
    const group = left.filter((record) => record.priority === priority);
    const total = group.reduce((sum, record) => sum + record.weight, 0);
    let mark = randomInt(total + 1);
    let chosen = left[0];
    for (chosen of group) {
      mark -= chosen.weight;
      if (mark <= 0) break;
    }
    ordered.push(chosen);
    left.splice(left.indexOf(chosen), 1);
  }
  return ordered;
}

/**
 * The hosts behind an SRV name, best first. DNS is not signed, and whoever forges an answer may have a certificate that is good for a
 * host of his own: only hosts within these domains are taken (RFC 4513 3.1.3 has the name checked that was asked for).
 * @throws ProviderError `directory-unreachable` where DNS has none, saying which name was asked for; `refused` where it has others only.
 */
export async function locate(
  service: string,
  within: readonly string[],
  dnsServers: readonly string[] | undefined,
): Promise<string[]> {
  const records = await serviceRecords(service, dnsServers).catch((cause: unknown) => {
    throw new ProviderError("directory-unreachable", `DNS has no answer for ${service}.`, {
      hint: "Check the domain's name and the DNS servers (dnsServers), or name a domainController.",
      cause,
    });
  });
  const inside = (host: string) => within.some((domain) => host.toLowerCase().endsWith(`.${domain.toLowerCase()}`));
  const hosts = inOrder(records).map((record) => record.name.replace(/\.$/, ""));
  const taken = hosts.filter(inside);
  if (taken.length > 0) return taken;
  throw new ProviderError(
    "refused",
    `DNS says that ${service} is ${hosts.slice(0, 3).map(printable).join(", ")}, which is not in ${within.join(" or ")}.`,
    {
      hint: "Check the DNS servers (dnsServers). If it is a domain controller of the domain, name it as domainController.",
    },
  );
}

/** A name of DNS may have any bytes. */
function printable(host: string): string {
  return host.replace(/[^\w.-]/g, "?").slice(0, 255);
}
