import type { ExchangeServer } from "../exchange/exchange-servers";
import { type ClientService, kerberosServices, type Namespace } from "../exchange/namespaces";

/**
 * What a name is to Kerberos.
 * - `needed`: clients inside the network use it, so the account needs its SPN
 * - `server-name`: a server's own name. The server answers for it itself; the account must not have it
 * - `external-only`: clients outside have no domain controller to ask for a ticket
 * - `no-kerberos-service`: only browsers and phones use it
 */
export type NameKind = "needed" | "server-name" | "external-only" | "no-kerberos-service";

export interface PlannedName {
  readonly hostName: string;
  /** `http/mail.corp.tailspintoys.com`: one for all services, without a port. */
  readonly servicePrincipalName: string;
  readonly kind: NameKind;
  /** Active Directory sites whose servers give the name to clients. */
  readonly sites: readonly string[];
  readonly services: readonly ClientService[];
  /** Full names of the servers that give it to clients. */
  readonly servers: readonly string[];
  /** Whether more than one server of the site has it; a site with one server has nothing to balance. */
  readonly balanced: boolean;
}

/** A server that gives another name than most servers of its site. */
export interface Disagreement {
  readonly server: string;
  readonly site: string;
  readonly service: ClientService;
  readonly scope: "internal" | "external";
  /** `undefined` for none. */
  readonly name: string | undefined;
  readonly others: string | undefined;
}

export interface NamePlan {
  readonly names: readonly PlannedName[];
  readonly disagreements: readonly Disagreement[];
}

/** A name, and who answers to its SPN now. */
export interface HeldName extends PlannedName {
  /** Distinguished names; for a name that needs no SPN, of whoever has one all the same. */
  readonly holders: readonly string[];
}

export interface PlannedSite {
  readonly site: string;
  /** Full names of the servers that run Client Access services. */
  readonly servers: readonly string[];
  /** Names that need an SPN. */
  readonly hostNames: readonly string[];
}

/** What a deployment is made of, read from what the servers give to clients. */
export interface NamespacePlan {
  readonly domain: string;
  /** `DOMAIN\name` of the account that servers hold already. */
  readonly account: string | undefined;
  /** Full names of servers that do not say what they hold, where no account is known: they may hold one. */
  readonly silent: readonly string[];
  readonly sites: readonly PlannedSite[];
  /** Those that need an SPN first. */
  readonly names: readonly HeldName[];
  readonly disagreements: readonly Disagreement[];
}

interface Use {
  readonly server: ExchangeServer;
  readonly service: ClientService;
  readonly scope: "internal" | "external";
  readonly name: string | undefined;
}

/**
 * Which names need an SPN, from what the servers give to clients (article, "Identify the Service Principal Names").
 * @param organization All servers: one that nobody asked about answers for its own name all the same.
 */
export function planNames(
  servers: readonly ExchangeServer[],
  namespaces: readonly Namespace[],
  organization: readonly ExchangeServer[],
): NamePlan {
  const byName = new Map(servers.filter((one) => one.clientAccess).map((one) => [one.name.toLowerCase(), one]));
  const uses = namespaces.flatMap(({ server: name, service, internal, external }): Use[] => {
    const server = byName.get(name.toLowerCase());
    if (server === undefined) return [];
    return [
      { server, service, scope: "internal", name: internal },
      { server, service, scope: "external", name: external },
    ];
  });
  const ownNames = new Set(organization.flatMap(({ name, fqdn }) => [name.toLowerCase(), fqdn]));
  const names = [...Map.groupBy(uses, ({ name }) => name)].flatMap(([name, of]) =>
    name === undefined ? [] : [plannedName(name, of, ownNames, servers)],
  );
  return { names: names.sort(byKindAndName), disagreements: disagreementsOf(uses) };
}

const kinds: readonly NameKind[] = ["needed", "server-name", "external-only", "no-kerberos-service"];

function byKindAndName(one: PlannedName, other: PlannedName): number {
  return kinds.indexOf(one.kind) - kinds.indexOf(other.kind) || one.hostName.localeCompare(other.hostName);
}

function plannedName(
  hostName: string,
  uses: readonly Use[],
  ownNames: ReadonlySet<string>,
  servers: readonly ExchangeServer[],
): PlannedName {
  const kerberos = uses.filter(({ service }) => (kerberosServices as readonly string[]).includes(service));
  const internal = kerberos.filter(({ scope }) => scope === "internal");
  const counted = [internal, kerberos, uses].find((list) => list.length > 0) ?? uses;
  const sites = unique(counted.map(({ server }) => server.site));
  const members = unique(counted.map(({ server }) => server.fqdn));
  const couldBe = servers.filter(({ site, clientAccess }) => clientAccess && sites.includes(site)).length;
  return {
    hostName,
    servicePrincipalName: `http/${hostName}`,
    kind: kindOf(ownNames.has(hostName), kerberos.length > 0, internal.length > 0),
    sites,
    services: unique(counted.map(({ service }) => service)),
    servers: members,
    balanced: members.length > 1 || couldBe === 1,
  };
}

function kindOf(ownName: boolean, kerberos: boolean, internal: boolean): NameKind {
  if (ownName) return "server-name";
  if (!kerberos) return "no-kerberos-service";
  return internal ? "needed" : "external-only";
}

/** Servers of one site that differ from what most of it give; on a tie, from the name that is in use more. */
function disagreementsOf(uses: readonly Use[]): Disagreement[] {
  const total = new Map([...Map.groupBy(uses, ({ name }) => name)].map(([name, of]) => [name, of.length]));
  const groups = Map.groupBy(uses, ({ server, service, scope }) => `${server.site}\n${service}\n${scope}`);
  return [...groups.values()].flatMap((group) => {
    const counts = [...Map.groupBy(group, ({ name }) => name)].map(([name, of]) => ({ name, count: of.length }));
    if (counts.length < 2) return [];
    counts.sort((one, other) => other.count - one.count || (total.get(other.name) ?? 0) - (total.get(one.name) ?? 0));
    const others = counts[0]?.name;
    return group
      .filter(({ name }) => name !== others)
      .map(({ server, service, scope, name }) => ({
        server: server.fqdn,
        site: server.site,
        service,
        scope,
        name,
        others,
      }));
  });
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)].sort();
}
