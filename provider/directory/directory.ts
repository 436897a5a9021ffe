import { type Entry, escapeFilter } from "ldapts";
import { ProviderError } from "../error";
import type { Settings } from "../settings";
import { text, texts } from "./attributes";
import { Batch, KeyedLock, Lazy, Limiter } from "./concurrency";
import type { Endpoint } from "./connection-failure";
import { dnsNameOf } from "./identifiers";
import { LdapSession } from "./ldap-session";
import { locate } from "./locate";
import { type OpenClient, openClient } from "./open-client";

/** Where things are in this forest. Does not change during a run. */
export interface Forest {
  /** Distinguished name of the domain that the connection serves. */
  readonly domain: string;
  /** The same domain as in front of a backslash: `TAILSPIN`. */
  readonly netbiosName: string;
  readonly dnsName: string;
  readonly configuration: string;
  /** Distinguished name of the forest's first domain. */
  readonly rootDomain: string;
  /** Default containers for new accounts, from the domain's wellKnownObjects, so that `redircmp` and `redirusr` count. */
  readonly computersContainer: string;
  readonly usersContainer: string;
}

/** The domain controller of a run, and what its rootDSE says of the forest. */
interface Pinned extends Pick<Forest, "domain" | "dnsName" | "configuration" | "rootDomain"> {
  readonly dc: LdapSession;
}

const wellKnown = {
  computers: "AA312825768811D1ADED00C04FD8D5CD",
  users: "A9D1CA15768811D1ADED00C04FD8D5CD",
} as const;

const ports = { ldaps: 636, starttls: 389, kerberos: 389 } as const;
/** The Global Catalog over TLS, also beside StartTLS, and the one that Kerberos can seal. */
const globalCatalogPorts = { ldaps: 3269, starttls: 3269, kerberos: 3268 } as const;

/**
 * One forest over LDAP. Connects when first used; all reads and writes of a run go to one domain controller.
 * The functions beside this class (accounts, service principal names, replication) take it as their first argument.
 */
export class Directory {
  /** For work on one object that reads before it writes; keys are object GUIDs and SPNs. */
  readonly locks = new KeyedLock();
  private readonly limiter: Limiter;
  private readonly sessions = new Map<string, LdapSession>();
  private readonly pinned = new Lazy(() => this.pin());
  private readonly facts = new Lazy(() => this.readForest());
  private readonly catalog = new Lazy(() => this.pinCatalog());
  private readonly batches = new Map<string, Batch<string, unknown>>();
  /** Kept for good: two hundred resources with a wrong password must not lock the account. */
  private credentialsRefused: ProviderError | undefined;
  private closed = false;

  constructor(private readonly settings: Settings) {
    this.limiter = new Limiter(settings.maxParallelRequests);
  }

  /**
   * The domain controller of this run.
   * @throws ProviderError `settings-invalid` where it is one of another domain: nothing would be found there, and what is not found
   *   counts as deleted.
   */
  async domainController(): Promise<LdapSession> {
    return (await this.pinned.get()).dc;
  }

  forest(): Promise<Forest> {
    return this.facts.get();
  }

  /** A Global Catalog: the pinned domain controller where it is one. */
  globalCatalog(): Promise<LdapSession> {
    return this.catalog.get();
  }

  /** Another domain controller of the domain, to look at how far it has got. */
  at(host: string): LdapSession {
    return this.session({ host, port: ports[this.settings.tls] });
  }

  /** The batch of that name, shared by all resources of the run. */
  batch<Answer>(name: string, ask: (keys: readonly string[]) => Promise<Map<string, Answer>>): Batch<string, Answer> {
    const found = this.batches.get(name) ?? new Batch<string, unknown>(ask);
    this.batches.set(name, found);
    return found as Batch<string, Answer>;
  }

  /** For good: work that somebody has given up on must not connect again, and keep the process from its end. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.sessions.values()].map((session) => session.close()));
  }

  private session(endpoint: Endpoint): LdapSession {
    const key = `${endpoint.host.toLowerCase()}:${endpoint.port}`;
    let session = this.sessions.get(key);
    if (session === undefined) {
      session = new LdapSession(endpoint, (end) => this.open(end), this.limiter);
      this.sessions.set(key, session);
    }
    return session;
  }

  private async open(endpoint: Endpoint): Promise<OpenClient> {
    if (this.closed) throw new ProviderError("cancelled", `The connection to ${this.settings.domain} is closed.`);
    if (this.credentialsRefused !== undefined) throw this.credentialsRefused;
    const protection = endpoint.port === globalCatalogPorts.ldaps ? "ldaps" : this.settings.tls;
    try {
      return await openClient(endpoint, { settings: this.settings, protection });
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      if (error.code === "directory-credentials") this.credentialsRefused = error;
      throw error;
    }
  }

  private async pin(): Promise<Pinned> {
    const dc = await this.reachController();
    const [root] = await dc.search("read the rootDSE", "", {
      scope: "base",
      attributes: ["defaultNamingContext", "configurationNamingContext", "rootDomainNamingContext"],
    });
    const domain = required(dc, root, "defaultNamingContext");
    const dnsName = dnsNameOf(domain);
    if (dnsName !== this.settings.domain.toLowerCase()) {
      throw new ProviderError(
        "settings-invalid",
        `${dc.host} is a domain controller of ${dnsName}, and the connection is for ${this.settings.domain}.`,
        { hint: "Set domain and domainController to the same domain." },
      );
    }
    const configuration = required(dc, root, "configurationNamingContext");
    return { dc, domain, dnsName, configuration, rootDomain: required(dc, root, "rootDomainNamingContext") };
  }

  private async reachController(): Promise<LdapSession> {
    const { domain, domainController, dnsServers } = this.settings;
    if (domainController !== undefined) return this.at(domainController);
    const hosts = await locate(`_ldap._tcp.dc._msdcs.${domain}`, [domain], dnsServers);
    return this.firstReachable(hosts, (host) => this.at(host));
  }

  private async pinCatalog(): Promise<LdapSession> {
    const at = (host: string) => this.session({ host, port: globalCatalogPorts[this.settings.tls] });
    const { dc, rootDomain } = await this.pinned.get();
    const [root] = await dc.search("read the rootDSE", "", { scope: "base", attributes: ["isGlobalCatalogReady"] });
    if (root !== undefined && text(root, "isGlobalCatalogReady") === "TRUE") return at(dc.host);
    const forestName = dnsNameOf(rootDomain);
    const { domain, dnsServers } = this.settings;
    return this.firstReachable(
      await locate(`_ldap._tcp.gc._msdcs.${forestName}`, [forestName, domain], dnsServers),
      at,
    );
  }

  /** The first that answers. Only silence moves on to the next: a refused logon or a bad certificate is for a person. */
  private async firstReachable(hosts: readonly string[], at: (host: string) => LdapSession): Promise<LdapSession> {
    const failures: ProviderError[] = [];
    for (const host of hosts) {
      const session = at(host);
      try {
        await session.connect();
        return session;
      } catch (thrown) {
        const error = ProviderError.from(thrown);
        if (error.code !== "directory-unreachable") throw error;
        failures.push(error);
      }
    }
    throw new ProviderError("directory-unreachable", `No domain controller of ${this.settings.domain} answers.`, {
      hint: failures.map((error) => error.message).join(" "),
      cause: failures[0],
    });
  }

  private async readForest(): Promise<Forest> {
    const { dc, domain, dnsName, configuration, rootDomain } = await this.pinned.get();
    const [[head], [crossRef]] = await Promise.all([
      dc.search("read the domain", domain, { scope: "base", attributes: ["wellKnownObjects"] }),
      dc.search("read the domain's NetBIOS name", `CN=Partitions,${configuration}`, {
        scope: "one",
        filter: escapeFilter`(&(objectClass=crossRef)(nCName=${domain}))`,
        attributes: ["nETBIOSName"],
      }),
    ]);
    const container = (guid: string) => {
      const prefix = `B:32:${guid}:`;
      const found = head && texts(head, "wellKnownObjects").find((value) => value.toUpperCase().startsWith(prefix));
      if (found !== undefined) return found.slice(prefix.length);
      throw new ProviderError("directory-failed", `${dc.host} does not say where ${domain} keeps new accounts.`, {
        hint: "Give an organizationalUnit.",
      });
    };
    return {
      domain,
      netbiosName: required(dc, crossRef, "nETBIOSName"),
      dnsName,
      configuration,
      rootDomain,
      computersContainer: container(wellKnown.computers),
      usersContainer: container(wellKnown.users),
    };
  }
}

function required(dc: LdapSession, entry: Entry | undefined, attribute: string): string {
  const value = entry === undefined ? undefined : text(entry, attribute);
  if (value !== undefined) return value;
  throw new ProviderError("directory-failed", `${dc.host} does not show ${attribute}.`, {
    hint: "Check that it is a domain controller of Active Directory, and that the connection's user may read.",
  });
}
