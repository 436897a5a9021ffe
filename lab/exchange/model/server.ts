import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { CredentialStore, type StoredCredential } from "./credential";
import { type ConfigurationWords, cultures, englishWords } from "./culture";
import { EventLog } from "./event-log";
import { products } from "./product";
import { defaultDirectories, type VirtualDirectories, virtualDirectoriesSchema } from "./virtual-directory";

export const applicationPools = [
  "MSExchangeRpcProxyFrontEndAppPool",
  "MSExchangeRpcProxyAppPool",
  "MSExchangeMapiFrontEndAppPool",
  "MSExchangeMapiMailboxAppPool",
  "MSExchangeServicesAppPool",
  "MSExchangeOABAppPool",
  "MSExchangeAutodiscoverAppPool",
  "MSExchangePowerShellAppPool",
  "MSExchangePowerShellFrontEndAppPool",
] as const;
export type ApplicationPool = (typeof applicationPools)[number];

const serviceState = z.enum(["Running", "Stopped"]);

/** What a server is, as it is kept on disk between runs. Its credentials are elsewhere, encrypted. */
export const serverStateSchema = z.object({
  name: z.string(),
  fqdn: z.string(),
  product: z.enum(products),
  site: z.string(),
  guid: z.guid(),
  clientAccess: z.boolean(),
  mailbox: z.boolean(),
  edge: z.boolean(),
  culture: z.enum(cultures),
  timeZone: z.string(),
  words: z.object({ latest: z.string(), previous: z.string(), notSet: z.string() }),
  services: z.record(z.string(), serviceState),
  autoDiscoverServiceInternalUri: z.string(),
  autoDiscoverSiteScope: z.array(z.string()),
  virtualDirectories: virtualDirectoriesSchema,
});
export type ServerState = z.infer<typeof serverStateSchema>;

/** The services of a server with client access; all start automatically. */
const requiredServices = [
  "IISAdmin",
  "MSExchangeADTopology",
  "MSExchangeServiceHost",
  "MSExchangeRPC",
  "MSExchangeMailboxReplication",
  "W3Svc",
  "WinRM",
];

export interface ServerOptions {
  readonly product?: ServerState["product"];
  readonly site?: string;
  readonly namespace?: string;
  readonly autodiscoverNamespace?: string;
}

export function newServerState(name: string, domain: string, options: ServerOptions = {}): ServerState {
  return {
    name: name.toUpperCase(),
    fqdn: `${name.toLowerCase()}.${domain}`,
    product: options.product ?? "2019",
    site: options.site ?? "Default-First-Site-Name",
    guid: randomUUID(),
    clientAccess: true,
    mailbox: true,
    edge: false,
    culture: "en-US",
    timeZone: "UTC",
    words: englishWords satisfies ConfigurationWords,
    services: Object.fromEntries(requiredServices.map((service) => [service, "Running" as const])),
    autoDiscoverServiceInternalUri: `https://${options.autodiscoverNamespace ?? `autodiscover.${domain}`}/Autodiscover/Autodiscover.xml`,
    autoDiscoverSiteScope: [options.site ?? "Default-First-Site-Name"],
    virtualDirectories: defaultDirectories(options.namespace ?? `mail.${domain}`),
  };
}

/** One Exchange server: what it keeps, and what its processes have read of it so far. */
export class ExchangeServer {
  readonly credentials: CredentialStore;
  readonly events: EventLog;
  /** Reachable over the network at all. */
  online = true;
  /** Milliseconds that its clock, as the web site shows it, is ahead. */
  clockOffset = 0;
  /** What IIS works with: the directories as they were when their application pools last started. */
  effective: VirtualDirectories;
  /** What Kerberos works with: the credentials that the Service Host has picked up. */
  private pickedUp: readonly StoredCredential[] = [];
  private readonly pickUpListeners = new Set<() => void>();

  constructor(
    readonly state: ServerState,
    folder?: string,
  ) {
    this.credentials = new CredentialStore(folder);
    this.events = new EventLog(folder === undefined ? undefined : join(folder, "application.log"));
    this.effective = structuredClone(state.virtualDirectories);
    this.pickUp();
  }

  get fqdn(): string {
    return this.state.fqdn;
  }

  /** Does this name mean this server? Names, DNS names and GUIDs, in any case. */
  answersTo(identity: string): boolean {
    const asked = identity.toLowerCase();
    const { name, fqdn, guid } = this.state;
    return asked === name.toLowerCase() || asked === fqdn.toLowerCase() || asked === guid;
  }

  /** The Service Host reads the credentials. Without the service, no alternate account counts. */
  pickUp(): void {
    this.pickedUp = this.state.services.MSExchangeServiceHost === "Running" ? [...this.credentials.all] : [];
    for (const listener of this.pickUpListeners) listener();
  }

  onPickUp(listener: () => void): void {
    this.pickUpListeners.add(listener);
  }

  get kerberosCredentials(): readonly StoredCredential[] {
    return this.pickedUp;
  }

  setService(service: string, state: "Running" | "Stopped"): void {
    this.state.services[service] = state;
    if (service === "MSExchangeServiceHost") this.pickUp();
  }

  /** A directory's change counts for requests only from here on. */
  recycle(pool: ApplicationPool): void {
    const { outlookAnywhere, mapi, switched } = structuredClone(this.state.virtualDirectories);
    if (pool === "MSExchangeRpcProxyFrontEndAppPool") this.effective.outlookAnywhere = outlookAnywhere;
    if (pool === "MSExchangeMapiFrontEndAppPool") this.effective.mapi = mapi;
    if (pool === "MSExchangeServicesAppPool") this.effective.switched.WebServices = switched.WebServices;
    if (pool === "MSExchangeOABAppPool") this.effective.switched.Oab = switched.Oab;
    if (pool === "MSExchangeAutodiscoverAppPool") this.effective.switched.Autodiscover = switched.Autodiscover;
  }

  /** A restart of the machine: every process reads everything again. */
  restart(): void {
    this.effective = structuredClone(this.state.virtualDirectories);
    this.pickUp();
    this.online = true;
  }
}
