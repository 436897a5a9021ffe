import { setTimeout as delay } from "node:timers/promises";
import { escapeFilter } from "ldapts";
import { ProviderError } from "../error";
import type { Account } from "./accounts";
import { text, texts } from "./attributes";
import type { Directory } from "./directory";
import { commonName, parentOf } from "./distinguished-name";
import { byGuid } from "./identifiers";

/** A domain controller of the connection's domain, and the Active Directory site it stands in. */
export interface DomainController {
  readonly host: string;
  readonly site: string;
}

/** Which domain controllers to wait for: all, or those with these host names or in the sites with these names. */
export type ReplicationScope = "all" | readonly string[];

/** All domain controllers of the domain, from the configuration partition. */
export async function domainControllers(directory: Directory): Promise<DomainController[]> {
  const [dc, { configuration, domain }] = await Promise.all([directory.domainController(), directory.forest()]);
  const sites = `CN=Sites,${configuration}`;
  const [services, servers] = await Promise.all([
    // A read-only domain controller has the domain as a "full replica", the others as a "master".
    dc.search("list the domain controllers", sites, {
      scope: "sub",
      filter: escapeFilter`(&(objectClass=nTDSDSA)(|(msDS-hasMasterNCs=${domain})(msDS-hasFullReplicaNCs=${domain})))`,
      attributes: ["1.1"],
      paged: true,
    }),
    dc.search("list the domain controllers", sites, {
      scope: "sub",
      filter: "(objectClass=server)",
      attributes: ["dNSHostName"],
      paged: true,
    }),
  ]);
  const hosts = new Map(servers.map((server) => [server.dn.toLowerCase(), text(server, "dNSHostName")]));
  return services.flatMap(({ dn }) => {
    const server = parentOf(dn);
    const host = hosts.get(server.toLowerCase());
    // CN=server,CN=Servers,CN=site,CN=Sites,…
    return host === undefined ? [] : [{ host, site: commonName(parentOf(parentOf(server))) }];
  });
}

/** @throws ProviderError `input-invalid` for a name that is neither a domain controller nor a site with one. */
export async function chosenControllers(directory: Directory, scope: ReplicationScope): Promise<DomainController[]> {
  const all = await domainControllers(directory);
  if (scope === "all") return all;
  const named = (dc: DomainController, name: string) =>
    [dc.host, dc.site].some((one) => one.toLowerCase() === name.toLowerCase());
  const strange = scope.find((name) => !all.some((dc) => named(dc, name)));
  if (strange !== undefined) {
    const list = (names: readonly string[]) => [...new Set(names)].sort().join(", ");
    throw new ProviderError(
      "input-invalid",
      `${strange} is neither a domain controller of the domain nor a site with one.`,
      {
        hint: `Domain controllers: ${list(all.map(({ host }) => host))}. Sites: ${list(all.map(({ site }) => site))}.`,
      },
    );
  }
  return all.filter((dc) => scope.some((name) => named(dc, name)));
}

/** What keeps one domain controller from having an account as it is here. */
export interface Lag {
  readonly kind: "missing" | "other-password" | "silent";
  /** As in "dc2 …". */
  readonly text: string;
}

/** How far one domain controller has got with an account; `undefined` where it has it as it is here. */
export async function lagOf(directory: Directory, host: string, account: Account): Promise<Lag | undefined> {
  try {
    const [entry] = await directory.at(host).search(`look for ${account.distinguishedName}`, byGuid(account.guid), {
      scope: "base",
      attributes: ["pwdLastSet"],
    });
    if (entry === undefined) return { kind: "missing", text: "does not have the account yet" };
    // The password and pwdLastSet are written, and so replicated, together.
    const [stamp] = texts(entry, "pwdLastSet");
    if (stamp === account.passwordStamp) return undefined;
    return { kind: "other-password", text: "has another version of its password" };
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    if (error.code === "directory-credentials") throw error;
    return { kind: "silent", text: `cannot be asked (${error.message})` };
  }
}

export interface ReplicationWait {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  progress(line: string): void;
}

const firstPause = 500;
const longestPause = 15_000;

/**
 * Waits until every chosen domain controller shows the account with the same password, looking at growing intervals.
 * @returns what keeps it from being done, naming the lagging domain controllers (`replication-late`); `undefined` when all have it.
 */
export async function awaitReplication(
  directory: Directory,
  account: Account,
  controllers: readonly DomainController[],
  wait: ReplicationWait,
): Promise<ProviderError | undefined> {
  const deadline = Date.now() + wait.timeoutSeconds * 1000;
  let pause = firstPause;
  for (let lagging = controllers.map(({ host }) => host), told = ""; ; pause = Math.min(pause * 1.5, longestPause)) {
    const lags = await Promise.all(lagging.map(async (host) => ({ host, lag: await lagOf(directory, host, account) })));
    const late = lags.filter(({ lag }) => lag !== undefined);
    if (late.length === 0) return undefined;
    lagging = late.map(({ host }) => host);
    const names = lagging.join(", ");
    const left = deadline - Date.now();
    if (left <= 0 || wait.signal.aborted) {
      const reasons = late.map(({ host, lag }) => `${host} ${lag?.text}`).join("; ");
      const after = wait.signal.aborted ? "The run was cancelled" : `After ${wait.timeoutSeconds} seconds`;
      return new ProviderError(
        "replication-late",
        `${after}, and ${account.distinguishedName} is not on every chosen domain controller: ${reasons}.`,
        { hint: "The account is kept. Look at replication (repadmin /showrepl); the next pulumi up goes on waiting." },
      );
    }
    if (names !== told) {
      wait.progress(`waiting for ${account.samAccountName} to replicate to ${names}`);
      told = names;
    }
    await delay(Math.min(pause, left), undefined, { signal: wait.signal }).catch(() => undefined);
  }
}
