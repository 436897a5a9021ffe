import * as pulumi from "@pulumi/pulumi";

/** One site as far as it has to fit with the others. */
export interface PlannedSite {
  readonly name: string;
  readonly servers: readonly string[];
  readonly hostNames: readonly string[];
  /** Whether the site has an account of its own. */
  readonly ownAccount: boolean;
}

/** Sites that share one account, and so one deployment of it. */
export interface AccountGroup<Site extends PlannedSite> {
  /** The site's name for an account of its own; `undefined` for the shared one. */
  readonly site: string | undefined;
  readonly sites: readonly Site[];
  readonly servers: readonly string[];
  /** Those of its servers that may be down during a roll. */
  readonly mayBeAbsent: readonly string[];
  readonly hostNames: readonly string[];
}

/**
 * Which sites share an account. All is judged before anything is made.
 * @throws pulumi.RunError that names every mistake, not only the first.
 */
export function groupSites<Site extends PlannedSite>(
  component: string,
  sites: readonly Site[],
  hasSharedAccount: boolean,
  mayBeAbsent: readonly string[],
): AccountGroup<Site>[] {
  const mistakes = [
    ...mistakesOf(sites),
    ...strangersAmongAbsent(sites, mayBeAbsent),
    ...(hasSharedAccount ? unusedAccount(sites) : missingAccounts(sites)),
  ];
  refuse(component, mistakes);
  const group = (site: string | undefined, members: readonly Site[]) => groupOf(site, members, mayBeAbsent);
  const sharing = sites.filter(({ ownAccount }) => !ownAccount);
  const own = sites.filter(({ ownAccount }) => ownAccount).map((site) => group(site.name, [site]));
  return [...(sharing.length > 0 ? [group(undefined, sharing)] : []), ...own];
}

/** @throws pulumi.RunError that names every mistake; nothing where there is none. */
export function refuse(component: string, mistakes: readonly string[]): void {
  if (mistakes.length === 0) return;
  throw new pulumi.RunError(`ExchangeKerberos "${component}":\n${mistakes.map((one) => `  - ${one}`).join("\n")}`);
}

function groupOf<Site extends PlannedSite>(
  site: string | undefined,
  sites: readonly Site[],
  mayBeAbsent: readonly string[],
): AccountGroup<Site> {
  const servers = sites.flatMap((one) => one.servers);
  return {
    site,
    sites,
    servers,
    mayBeAbsent: mayBeAbsent.filter((server) => has(servers, server)),
    // Sites that share an account may share names too: each is one service principal name.
    hostNames: [...new Map(sites.flatMap(({ hostNames }) => hostNames).map((name) => [key(name), name])).values()],
  };
}

function mistakesOf(sites: readonly PlannedSite[]): string[] {
  if (sites.length === 0) return ["There is no site. Give at least one, with its servers and host names."];
  return [
    ...repeated(sites.map(({ name }) => name)).map((name) => `Two sites are called ${name}.`),
    ...sites.flatMap(emptyParts),
    ...sites.flatMap(({ name, servers, hostNames }) => [
      ...servers.flatMap((server) => notFull(server, "server", name, "cas-1")),
      ...hostNames.flatMap((host) => notFull(host, "host name", name, "mail")),
      ...repeated(hostNames).map((host) => `${name} has the host name ${host} twice.`),
    ]),
    ...repeatedServers(sites),
    ...serversAsHostNames(sites),
    ...namesOfTwoAccounts(sites),
  ];
}

function emptyParts({ name, servers, hostNames }: PlannedSite): string[] {
  return [
    ...(name === "" ? ["A site has no name."] : []),
    ...(servers.length === 0 ? [`${name} has no servers. A site is the servers that share its host names.`] : []),
    ...(hostNames.length === 0
      ? [`${name} has no host names. Give those that its clients use, as mail.contoso.com.`]
      : []),
  ];
}

function notFull(name: string, kind: string, site: string, example: string): string[] {
  if (/^(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})+$/.test(name)) return [];
  // In quotes: what is wrong with it may be a space.
  return [
    `The ${kind} "${name}" of ${site} is no full name, as ${example}.corp.tailspintoys.com is one: letters from A to Z, digits and ` +
      "hyphens, without http/, a port or a full stop at the end.",
  ];
}

function repeatedServers(sites: readonly PlannedSite[]): string[] {
  return repeated(sites.flatMap(({ servers }) => servers)).map((server) => {
    const names = sites
      .filter(({ servers }) => servers.some((one) => key(one) === key(server)))
      .map(({ name }) => name);
    return names.length > 1
      ? `${server} is in ${names.join(" and ")}. A server is in one Active Directory site, and has one account's credential.`
      : `${names[0]} has the server ${server} twice.`;
  });
}

function serversAsHostNames(sites: readonly PlannedSite[]): string[] {
  const servers = new Set(sites.flatMap(({ servers }) => servers).map(key));
  return sites.flatMap(({ name, hostNames }) =>
    hostNames
      .filter((host) => servers.has(key(host)))
      .map(
        (host) =>
          `The host name ${host} of ${name} is the name of a server, whose own account has it. Give the name of the load balancer.`,
      ),
  );
}

/** One that is mistyped would keep a roll waiting for a server that was meant to be let go. */
function strangersAmongAbsent(sites: readonly PlannedSite[], mayBeAbsent: readonly string[]): string[] {
  const servers = sites.flatMap((site) => site.servers);
  const strange = mayBeAbsent.filter((server) => !has(servers, server));
  return strange.map((server) => `mayBeAbsent names ${server}, which is not among the servers of any site.`);
}

/** Article, "Identify the Service Principal Names": a name is on one account of the forest. */
function namesOfTwoAccounts(sites: readonly PlannedSite[]): string[] {
  const owners = new Map<string, Set<string>>();
  for (const { name, ownAccount, hostNames } of sites) {
    const account = ownAccount ? `the account of ${name}` : "the shared account";
    for (const host of hostNames) owners.set(key(host), (owners.get(key(host)) ?? new Set()).add(account));
  }
  return [...owners]
    .filter(([, accounts]) => accounts.size > 1)
    .map(
      ([host, accounts]) =>
        `http/${host} would be on ${[...accounts].join(" and ")}. With two holders in a forest nobody gets a ticket: ` +
        "let these sites share an account, or give them host names of their own.",
    );
}

function missingAccounts(sites: readonly PlannedSite[]): string[] {
  return sites
    .filter(({ ownAccount }) => !ownAccount)
    .map(({ name }) => `${name} has no account. Give one to all sites with account, or to this one with its own.`);
}

function unusedAccount(sites: readonly PlannedSite[]): string[] {
  if (sites.length === 0 || sites.some(({ ownAccount }) => !ownAccount)) return [];
  return ["Every site has an account of its own, so nobody uses the shared account. Leave it out."];
}

/** Each value that occurs more than once, in any case, by its first spelling. */
function repeated(names: readonly string[]): string[] {
  const first = names.filter((name, index) => names.findIndex((other) => key(other) === key(name)) === index);
  return first.filter((name) => names.filter((other) => key(other) === key(name)).length > 1);
}

function has(names: readonly string[], name: string): boolean {
  return names.some((one) => key(one) === key(name));
}

function key(name: string): string {
  return name.toLowerCase();
}
