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
 * The hosts behind an SRV name, best first.
 * @throws ProviderError `directory-unreachable` where DNS has none, saying which name was asked for.
 */
export async function locate(service: string, dnsServers: readonly string[] | undefined): Promise<string[]> {
  const records = await serviceRecords(service, dnsServers).catch((cause: unknown) => {
    throw new ProviderError("directory-unreachable", `DNS has no answer for ${service}.`, {
      hint: "Check the domain's name and the DNS servers (dnsServers), or name a domainController.",
      cause,
    });
  });
  return inOrder(records).map((record) => record.name);
}
