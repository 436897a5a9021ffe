import { spnHolders } from "../directory/spn-holders";
import type { NamespacePlan } from "./plan";
import { Subject } from "./subject";
import type { Selection, World } from "./world";

/**
 * Which names of which site need an SPN (article, "Identify the Service Principal Names"). Nothing is written.
 * @throws ProviderError where the server that is to list the others does not answer.
 */
export async function makeNamespacePlan(world: World, selection: Selection): Promise<NamespacePlan> {
  const subject = new Subject(world, selection);
  const [{ names, disagreements }, organization] = await Promise.all([subject.namePlan(), subject.organization()]);
  selection.progress?.("looking for the holders of the names");
  const [held, account] = await Promise.all([
    Promise.all(
      names.map(async (name) => {
        const holders = await spnHolders(world.directory, name.servicePrincipalName);
        return { ...name, holders: holders.map(({ distinguishedName }) => distinguishedName) };
      }),
    ),
    subject.accountName(),
  ]);
  const silent = account === undefined ? [...(await subject.servers()).silent.keys()].sort() : [];
  const members = organization.filter((server) => subject.isWanted(server));
  const sites = [...Map.groupBy(members, ({ site }) => site)].map(([site, servers]) => ({
    site,
    servers: servers.map(({ fqdn }) => fqdn).sort(),
    hostNames: names.filter((name) => name.kind === "needed" && name.sites.includes(site)).map((name) => name.hostName),
  }));
  return { domain: world.settings.domain, account, silent, sites, names: held, disagreements };
}
