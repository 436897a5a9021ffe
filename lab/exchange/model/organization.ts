import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { AccountDirectory } from "./account-directory";
import { Faults } from "./faults";
import { ExchangeServer, newServerState, type ServerOptions, serverStateSchema } from "./server";

/** Management roles that the lab's cmdlets ask for. */
export const managementRoles = [
  "View-Only Configuration",
  "Organization Client Access",
  "Organization Configuration",
  "Exchange Virtual Directories",
  "Exchange Servers",
] as const;
export type ManagementRole = (typeof managementRoles)[number];

export const organizationSchema = z.object({
  name: z.string(),
  /** DNS name of the domain that holds the servers. */
  domain: z.string(),
  netbiosName: z.string(),
  /** Trusted domains: DNS name to the name that logs show. */
  trustedDomains: z.record(z.string(), z.string()),
  /** The directory's host that answers, as objects name it. */
  domainController: z.string(),
  servers: z.array(serverStateSchema),
  /** Client Access arrays: name to the names of its members. */
  arrays: z.record(z.string(), z.array(z.string())),
  /** Who may do what: user principal name in lower case to roles. */
  administrators: z.record(z.string(), z.array(z.enum(managementRoles))),
  /** How the configuration of the alternate account comes over the wire; `ask` goes by the client's serialization level. */
  configurationShape: z.enum(["ask", "text", "object"]),
  /**
   * A session without `TargetServer=` runs on the server that it was opened on, or on the next one. `next-always`: one with it
   * too, as nobody has said from which update on it counts.
   */
  proxyTo: z.enum(["same", "next", "next-always"]),
  maximumShells: z.number().int().positive(),
  /** Milliseconds until the Service Host notices a new credential. */
  pickUpDelay: z.number().int().min(0),
});
export type OrganizationState = z.infer<typeof organizationSchema>;

export interface OrganizationOptions {
  readonly domain: string;
  readonly netbiosName: string;
  readonly domainController: string;
  readonly trustedDomains?: Readonly<Record<string, string>>;
  readonly administrators?: readonly string[];
}

/** The Exchange organization: its servers, its people, and what is wrong with it today. */
export class Organization {
  readonly servers: ExchangeServer[] = [];
  readonly faults = new Faults();
  /** Commands that were let to change something, since the lab came up. */
  writes = 0;

  /** @param folder Where it is kept; left out, nothing is written. */
  constructor(
    readonly state: OrganizationState,
    readonly directory: AccountDirectory,
    private readonly folder?: string,
  ) {
    for (const server of state.servers) this.open(server);
  }

  /** The organization kept in a folder, or a new one. */
  static load(folder: string | undefined, options: OrganizationOptions, directory: AccountDirectory): Organization {
    const path = folder === undefined ? undefined : statePath(folder);
    if (path !== undefined && existsSync(path)) {
      return new Organization(organizationSchema.parse(JSON.parse(readFileSync(path, "utf8"))), directory, folder);
    }
    const state: OrganizationState = {
      name: "Tailspin Toys",
      domain: options.domain,
      netbiosName: options.netbiosName,
      trustedDomains: { ...options.trustedDomains },
      domainController: options.domainController,
      servers: [],
      arrays: {},
      administrators: Object.fromEntries(
        (options.administrators ?? []).map((user) => [user.toLowerCase(), [...managementRoles]]),
      ),
      configurationShape: "ask",
      proxyTo: "same",
      maximumShells: 18,
      pickUpDelay: 300,
    };
    return new Organization(state, directory, folder);
  }

  addServer(name: string, options: ServerOptions = {}): ExchangeServer {
    const state = newServerState(name, this.state.domain, options);
    this.state.servers.push(state);
    const server = this.open(state);
    this.save();
    return server;
  }

  find(identity: string): ExchangeServer | undefined {
    const asked = identity.toLowerCase();
    return this.servers.find(
      (server) => server.answersTo(identity) || this.distinguishedName(server).toLowerCase() === asked,
    );
  }

  require(identity: string): ExchangeServer {
    const server = this.find(identity);
    if (server === undefined) throw new Error(`The lab has no Exchange server ${identity}.`);
    return server;
  }

  rolesOf(user: string): ReadonlySet<ManagementRole> {
    return new Set(this.state.administrators[user.toLowerCase()] ?? []);
  }

  arraysOf(server: ExchangeServer): string[] {
    return Object.entries(this.state.arrays)
      .filter(([, members]) => members.some((member) => server.answersTo(member)))
      .map(([array]) => array);
  }

  get configurationNamingContext(): string {
    return `CN=Configuration,${this.domainNamingContext}`;
  }

  get domainNamingContext(): string {
    return this.state.domain
      .split(".")
      .map((label) => `DC=${label}`)
      .join(",");
  }

  distinguishedName(server: ExchangeServer): string {
    const group = "CN=Exchange Administrative Group (FYDIBOHF23SPDLT),CN=Administrative Groups";
    const services = `CN=${this.state.name},CN=Microsoft Exchange,CN=Services,${this.configurationNamingContext}`;
    return `CN=${server.state.name},CN=Servers,${group},${services}`;
  }

  save(): void {
    if (this.folder === undefined) return;
    const path = statePath(this.folder);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, `${JSON.stringify(this.state, null, 1)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  private open(state: ExchangeServer["state"]): ExchangeServer {
    let folder: string | undefined;
    if (this.folder !== undefined) {
      folder = join(this.folder, "servers", state.name.toLowerCase());
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    const server = new ExchangeServer(state, folder);
    this.servers.push(server);
    return server;
  }
}

function statePath(folder: string): string {
  return join(folder, "organization.json");
}
