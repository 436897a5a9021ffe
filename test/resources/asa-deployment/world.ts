import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { authorityFile } from "../../../lab/certificates";
import { administrator, corp, dc1, hostName } from "../../../lab/domain-controller";
import { ActiveDirectory } from "../../../lab/exchange/active-directory";
import { qualifiedUserName, type StoredCredential } from "../../../lab/exchange/model/credential";
import { Organization } from "../../../lab/exchange/model/organization";
import type { ServerOptions } from "../../../lab/exchange/model/server";
import { ModelSession } from "../../../lab/exchange/model-session";
import { FullLanguageShell } from "../../../lab/exchange/shell/full-language-shell";
import { RestrictedShell } from "../../../lab/exchange/shell/restricted-shell";
import { ShellRegistry } from "../../../lab/exchange/shell/shell-registry";
import { type Account, findAccount } from "../../../provider/directory/accounts";
import { ProviderError } from "../../../provider/error";
import { ExchangeOrganization, type SessionFactory } from "../../../provider/exchange/organization";
import { diagnose } from "../../../provider/powershell/failure";
import type { Pipeline, PowerShellSession } from "../../../provider/powershell/pipeline";
import { asaAccount } from "../../../provider/resources/asa-account";
import { asaDeployment } from "../../../provider/resources/asa-deployment";
import { servicePrincipalName } from "../../../provider/resources/service-principal-name";
import type { Settings } from "../../../provider/settings";
import { enterForest, type Forest } from "../../directory/forest";
import { Program, Resource } from "../program";

export const fqdn = (server: string) => `${server}.${corp.dnsName}`;

/** Three servers, one of each version that has its own ways. */
export const threeVersions: Servers = {
  "cas-1": { product: "2016" },
  "cas-2": { product: "2019" },
  "cas-3": { product: "SE" },
};

export const all = ["cas-1", "cas-2", "cas-3"];
export const [first, second, third] = all.map(fqdn) as [string, string, string];
export const script = "RollAlternateServiceAccountPassword.ps1";

/** `cas-1 deployed`, for each server of a deployment. */
export const conditions = (states: readonly { server: string; condition: string }[]) =>
  states.map(({ server, condition }) => `${server.split(".")[0]} ${condition}`);

/** What a transport says when the endpoint does not open a shell. */
function opened<T>(open: () => T): T {
  try {
    return open();
  } catch (thrown) {
    const { message } = thrown as Error;
    throw new ProviderError(diagnose({ message })?.code ?? "protocol", message);
  }
}

/** One command that a session was asked to run. */
export interface Call {
  readonly host: string;
  readonly command: string;
}

type Servers = Readonly<Record<string, ServerOptions>>;

/** Exchange servers in memory beside the lab's real directory. Accounts, passwords and log-ons are real. */
export class World {
  readonly calls: Call[] = [];
  /** Runs before each command; what it throws is what the command comes to. */
  beforeCall: (call: Call, pipeline: Pipeline) => void | Promise<void> = () => {};
  /** As `beforeCall`, once the command is done. */
  afterCall: (call: Call) => void | Promise<void> = () => {};
  /** Runs what the servers do by themselves; for tests that watch what our side does. */
  aside: <T>(work: () => Promise<T>) => Promise<T> = (work) => work();
  readonly registry: ShellRegistry;
  /** Other names by which servers can be reached, as through a load balancer. */
  readonly names = new Map<string, string>();
  private readonly programs: Program[] = [];

  private constructor(
    readonly forest: Forest,
    readonly organization: Organization,
    private readonly directory: ActiveDirectory,
  ) {
    this.registry = new ShellRegistry(organization);
  }

  static async enter(suite: Mocha.Context, servers: Servers, controller = dc1): Promise<World> {
    return World.of(await enterForest(suite), servers, controller);
  }

  /** @param controller the domain controller that Exchange works with; ours is dc1 */
  static of(forest: Forest, servers: Servers, controller = dc1): World {
    const { name, password } = administrator(corp);
    const who = { name: `${name}@${corp.dnsName}`, password };
    const directory = new ActiveDirectory({
      domain: corp.dnsName,
      netbiosName: corp.netbiosName,
      url: `ldaps://${hostName(controller)}`,
      caFile: authorityFile,
      reader: who,
    });
    const organization = Organization.load(
      undefined,
      {
        domain: corp.dnsName,
        netbiosName: corp.netbiosName,
        domainController: hostName(controller),
        administrators: [who.name],
      },
      directory,
    );
    organization.state.pickUpDelay = 0;
    for (const [server, options] of Object.entries(servers)) organization.addServer(server, options);
    return new World(forest, organization, directory);
  }

  /** A run of Pulumi. */
  run(overrides: Partial<Settings> = {}): Program {
    // These servers work with a credential at once.
    const settings = { credentialPickUpSeconds: 0, ...overrides };
    const program = new Program(this.forest.settings, settings, this.exchange(settings.maxParallelServers));
    this.programs.push(program);
    return program;
  }

  /** An account of its own for a test, and its qualified name. */
  async account(context: Program, more: object = {}): Promise<{ name: string; qualifiedName: string }> {
    const name = this.forest.uniqueName();
    const resource = new Resource(asaAccount);
    const { organizationalUnit } = this.forest;
    await resource.up({ name, organizationalUnit, replication: false, ...more }, context);
    return { name: `${name}$`, qualifiedName: resource.state.qualifiedName };
  }

  deployment() {
    return new Resource(asaDeployment);
  }

  spn() {
    return new Resource(servicePrincipalName);
  }

  read(samAccountName: string): Promise<Account> {
    return findAccount(this.forest.open(), samAccountName).then((found) => {
      if (found === undefined) throw new Error(`${samAccountName} is gone.`);
      return found;
    });
  }

  /** Every credential of a server, newest first. */
  credentials(server: string): readonly StoredCredential[] {
    return this.organization.require(server).credentials.all;
  }

  accounts(server: string): string[] {
    return this.credentials(server).map(qualifiedUserName);
  }

  /** Position of the first of a server's credentials that the directory takes now: what opens new tickets. -1 for none. */
  async working(server: string, qualifiedName: string): Promise<number> {
    for (const [index, credential] of this.credentials(server).entries()) {
      if (qualifiedUserName(credential).toLowerCase() !== qualifiedName.toLowerCase()) continue;
      if (await this.directory.canLogOn({ name: qualifiedName, password: credential.password })) return index;
    }
    return -1;
  }

  /** Each server opens new tickets with its newest credential. */
  async deployedOn(servers: readonly string[], qualifiedName: string): Promise<void> {
    for (const server of servers) assert.equal(await this.working(server, qualifiedName), 0, server);
  }

  /** How often sessions were asked to run it. */
  commands(name: string): number {
    return this.calls.filter(({ command }) => command === name).length;
  }

  /** Gives the account a name by hand, so that clients get tickets for it. */
  async spnOf(samAccountName: string): Promise<void> {
    const { distinguishedName } = await this.read(samAccountName);
    const values = [`http/${samAccountName.replace("$", "")}.example`];
    const modification = new Attribute({ type: "servicePrincipalName", values });
    await this.forest.admin.modify(distinguishedName, new Change({ operation: "add", modification }));
  }

  stop(server: string): void {
    const found = this.organization.require(server);
    found.online = false;
    this.registry.expire(found.state.name);
  }

  start(server: string): void {
    this.organization.require(server).restart();
  }

  /** As an administrator would, past us. */
  addByHand(server: string, qualifiedName: string, password: string): void {
    const [domain = "", userName = ""] = qualifiedName.split("\\");
    this.organization.require(server).credentials.add([{ domain, userName, password }]);
  }

  /** Ends every run so far. */
  async end(): Promise<void> {
    await Promise.all(this.programs.splice(0).map((program) => program.end()));
  }

  /** Empty servers that all answer, nothing wrong, no run open. */
  async reset(): Promise<void> {
    await this.end();
    this.organization.faults.clear();
    for (const server of this.organization.servers) {
      server.credentials.replace([]);
      server.restart();
    }
    this.calls.length = 0;
    this.beforeCall = () => {};
    this.afterCall = () => {};
  }

  async leave(): Promise<void> {
    await this.reset();
    await this.forest.close();
  }

  exchange(maxParallelServers = 10): ExchangeOrganization {
    return new ExchangeOrganization(this.sessions(), maxParallelServers);
  }

  private sessions(): SessionFactory {
    const { organization, registry, names } = this;
    const { name, password } = administrator(corp);
    const user = `${name}@${corp.dnsName}`;
    const entry = (host: string) => {
      const server = organization.find(names.get(host) ?? host);
      if (server === undefined) throw new ProviderError("name-not-resolved", `The name ${host} could not be resolved.`);
      if (!server.online) throw new ProviderError("port-closed", `Port 80 of ${host} did not answer.`);
      return server;
    };
    return {
      endpoint: async (host) => {
        const server = entry(host);
        const query = `serializationLevel=Full;TargetServer=${server.fqdn}`;
        const shell = opened(() => new RestrictedShell(organization, registry, { entry: server, user, query }));
        return this.watched(new ModelSession(host, shell, shell.session.fullSerialization ? "full" : "plain"));
      },
      managementShell: async (host) => {
        const logOn = { name: user, password };
        const server = entry(host);
        const shell = opened(() => new FullLanguageShell(organization, registry, { entry: server, user, logOn }));
        return this.watched(new ModelSession(host, shell, "full"));
      },
    };
  }

  private watched(session: ModelSession): PowerShellSession {
    const { calls } = this;
    return {
      host: session.host,
      get usable() {
        return session.usable;
      },
      invoke: async (pipeline, options) => {
        const call = { host: session.host, command: pipeline[0].name.split("\\").at(-1) ?? "" };
        calls.push(call);
        await this.beforeCall(call, pipeline);
        if (!session.usable) throw new ProviderError("port-closed", `Port 80 of ${session.host} did not answer.`);
        const result = await this.aside(() => session.invoke(pipeline, options));
        await this.afterCall(call);
        return result;
      },
      close: () => session.close(),
    };
  }
}

/**
 * For the suite it is called in: the servers for all of it, empty and in order when a test begins.
 * @param tell what each test works with: the servers, and a run of Pulumi
 */
export function inWorld(servers: Servers, tell: (world: World, run: Program) => void): void {
  let world: World | undefined;
  before(async function () {
    world = await World.enter(this, servers);
  });
  beforeEach(async () => {
    if (world === undefined) return;
    await world.reset();
    tell(world, world.run());
  });
  after(() => world?.leave());
}
