import { hostRecords } from "../../directory/host-records";
import { type Check, type Finding, heading } from "../check";
import { fail, pass, unknown } from "../finding";
import { eachName } from "./each-name";

/** Clients ask the domain controller of their own site. */
export const sameAnswer: Check = {
  id: "dns-same-answer",
  name: "Every domain controller that serves DNS gives the same answer",
  heading: heading.identifyNames,
  async run(subject) {
    const [names, controllers] = await Promise.all([subject.hostNames(), subject.controllers()]);
    const servers = await nameServers(
      controllers.map(({ host }) => host),
      subject.world.settings.dnsServers,
      subject.world.settings.domain,
    );
    if (servers.size === 0) {
      return names.map((name) => unknown(name, "no domain controller answers DNS questions from here."));
    }
    return eachName(names, (name) => compare(name, servers));
  },
};

/** Addresses of those that answer, by host. A domain controller need not serve DNS. */
async function nameServers(
  hosts: readonly string[],
  dnsServers: readonly string[] | undefined,
  domain: string,
): Promise<Map<string, string>> {
  const found = await Promise.all(
    hosts.map(async (host) => {
      const address = (await hostRecords(host, dnsServers)).addresses.find((one) => !one.includes(":"));
      if (address === undefined) return [];
      const serves = await hostRecords(domain, [address]).catch(() => undefined);
      return serves === undefined || serves.addresses.length === 0 ? [] : [[host, address] as const];
    }),
  );
  return new Map(found.flat());
}

async function compare(name: string, servers: ReadonlyMap<string, string>): Promise<Finding> {
  const answers = await Promise.all(
    [...servers].map(async ([host, address]) => {
      const { aliases, addresses } = await hostRecords(name, [address]);
      return { host, answer: [...aliases, ...addresses].join(", ") || "nothing" };
    }),
  );
  const groups = [...Map.groupBy(answers, ({ answer }) => answer).values()];
  const hosts = answers.map(({ host }) => host).join(", ");
  const [one] = groups;
  if (groups.length === 1) return pass(name, `${one?.[0]?.answer} everywhere.`, hosts);
  // Those in the minority are late, as a rule.
  const sorted = groups.toSorted((first, second) => first.length - second.length);
  const said = sorted.map((group) => `${group.map(({ host }) => host).join(", ")}: ${group[0]?.answer}`).join("; ");
  return fail(
    name,
    `domain controllers do not agree: ${said}.`,
    "Look at the replication of the zone (repadmin /showrepl), and at records that were made by hand on one server.",
    sorted[0]?.map(({ host }) => host).join(", "),
  );
}
