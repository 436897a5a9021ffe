import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Attribute, Change, Client } from "ldapts";
import { authorityFile } from "../../lab/certificates";
import { administrator, corp, hostName, users, usersDc } from "../../lab/domain-controller";
import { unicodePassword } from "../../lab/exchange/active-directory";
import type { VirtualDirectories } from "../../lab/exchange/model/virtual-directory";
import type { CheckResult } from "../../provider/checks/check";
import { makeNamespacePlan } from "../../provider/checks/namespace-plan";
import type { NamespacePlan } from "../../provider/checks/plan";
import type { CheckReport } from "../../provider/checks/report";
import { runChecks } from "../../provider/checks/run-checks";
import type { World as CheckWorld, Selection } from "../../provider/checks/world";
import { Directory } from "../../provider/directory/directory";
import type { ExchangeOrganization } from "../../provider/exchange/organization";
import type { Settings } from "../../provider/settings";
import { fqdn, World } from "../resources/asa-deployment/world";
import { replicate } from "./breaking";

export const hostNames = ["autodiscover", "mail"].map((name) => `${name}.${corp.dnsName}`);
export const servers = { "cas-1": { product: "2016" }, "cas-2": { product: "2019" } } as const;
export type ServerName = keyof typeof servers;

/** A deployment in which nothing is wrong, beside the lab's real directory: what a test then breaks, it mends again. */
export class Healthy {
  private readonly usersDirectory: Directory;

  private readonly asInstalled = new Map<string, VirtualDirectories>();

  private constructor(
    readonly world: World,
    readonly accountName: string,
    readonly secret: string,
  ) {
    const { name, password } = administrator(users);
    const username = `${name}@${users.dnsName}`;
    const { domainController: _, ...settings } = world.forest.settings;
    const elsewhere: Settings = { ...settings, domain: users.dnsName, username, password };
    this.usersDirectory = new Directory(elsewhere);
  }

  static async enter(suite: Mocha.Context): Promise<Healthy> {
    const world = await World.enter(suite, servers);
    const healthy = new Healthy(world, world.forest.uniqueName(), randomBytes(24).toString("base64url"));
    for (const { state } of world.organization.servers) {
      healthy.asInstalled.set(state.name, structuredClone(state.virtualDirectories));
    }
    await healthy.makeAccount();
    await replicate();
    healthy.deploy();
    return healthy;
  }

  get distinguishedName(): string {
    return `CN=${this.accountName},${this.world.forest.organizationalUnit}`;
  }

  get qualifiedName(): string {
    return `${corp.netbiosName}\\${this.accountName}$`;
  }

  server(name: ServerName) {
    return this.world.organization.require(name);
  }

  /** Adds the account as the article has it, with the names on it. */
  async makeAccount(objectClass: "computer" | "user" = "computer"): Promise<void> {
    const text = (type: string, ...values: string[]) => new Attribute({ type, values });
    await this.world.forest.admin.add(this.distinguishedName, [
      text("objectClass", objectClass),
      text("sAMAccountName", `${this.accountName}$`),
      text("userAccountControl", objectClass === "computer" ? "4096" : "512"),
      text("msDS-SupportedEncryptionTypes", "28"),
      text("servicePrincipalName", ...hostNames.map((name) => `http/${name}`)),
      unicodePassword(this.secret),
    ]);
  }

  /** The servers as they are once everything is deployed. */
  deploy(): void {
    for (const server of this.world.organization.servers) {
      server.state.virtualDirectories = structuredClone(
        this.asInstalled.get(server.state.name) ?? server.state.virtualDirectories,
      );
      server.credentials.replace([]);
      this.world.addByHand(server.state.name, this.qualifiedName, this.secret);
      server.state.virtualDirectories.outlookAnywhere.internalClientAuthenticationMethod = "Negotiate";
    }
  }

  /** The account's credentials on a server, newest first, so many milliseconds from now. */
  credentialsOf(name: ServerName, ...ages: readonly number[]): void {
    const { credentials } = this.server(name);
    const [newest] = credentials.all;
    if (newest === undefined) throw new Error(`${name} has no credential.`);
    credentials.replace(ages.map((age) => ({ ...newest, whenAddedUtc: new Date(Date.now() + age) })));
  }

  /** The same password once more: another version of it. */
  async setPassword(): Promise<void> {
    const change = new Change({ operation: "replace", modification: unicodePassword(this.secret) });
    await this.world.forest.admin.modify(this.distinguishedName, [change]);
  }

  dropServer(name: string): void {
    const { organization } = this.world;
    const gone = organization.require(name);
    organization.servers.splice(organization.servers.indexOf(gone), 1);
    organization.state.servers.splice(organization.state.servers.indexOf(gone.state), 1);
  }

  async inUsersForest(work: (client: Client) => Promise<void>): Promise<void> {
    const { name, password } = administrator(users);
    const client = new Client({ url: `ldaps://${hostName(usersDc)}`, tlsOptions: { ca: readFileSync(authorityFile) } });
    await client.bind(`${name}@${users.dnsName}`, password);
    await work(client).finally(() => client.unbind());
  }

  async modify(
    operation: "add" | "delete" | "replace",
    type: string,
    values: readonly string[],
    distinguishedName = this.distinguishedName,
  ): Promise<void> {
    const change = new Change({ operation, modification: new Attribute({ type, values: [...values] }) });
    await this.world.forest.admin.modify(distinguishedName, [change]);
  }

  check(selection: Selection = {}, other: Partial<CheckWorld> = {}): Promise<CheckReport> {
    return this.look((world, entry) => runChecks({ ...world, ...other }, { ...entry, ...selection }), other.exchange);
  }

  plan(): Promise<NamespacePlan> {
    return this.look(makeNamespacePlan);
  }

  private async look<T>(
    work: (world: CheckWorld, entry: Selection) => Promise<T>,
    exchange: ExchangeOrganization = this.world.exchange(),
  ): Promise<T> {
    const { settings } = this.world.forest;
    const directory = this.world.forest.open();
    try {
      const world = { settings, directory, exchange, userForests: [this.usersDirectory] };
      return await work(world, { entry: fqdn("cas-1") });
    } finally {
      await exchange.close();
    }
  }

  async leave(): Promise<void> {
    await this.usersDirectory.close();
    await this.world.leave();
  }
}

/** What is not as it should be, as `check object: outcome`. */
export function troubles({ results }: CheckReport): string[] {
  return results.filter(({ outcome }) => outcome !== "pass").map(line);
}

export function line({ check, object, outcome, seen }: CheckResult): string {
  return `${outcome} ${check} ${object}: ${seen}`;
}
