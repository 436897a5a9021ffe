import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute, Change, type Entry } from "ldapts";
import { corp, dc1, dc2, hostName } from "../../lab/domain-controller";
import { kerberosConfiguration } from "../../lab/environment";
import { labFolder } from "../../lab/folders";
import { ProviderError } from "../../provider/error";
import { asaAccount } from "../../provider/resources/asa-account";
import { asaDeployment } from "../../provider/resources/asa-deployment";
import { outlookAuthSetting } from "../../provider/resources/outlook-auth-setting";
import { servicePrincipalName } from "../../provider/resources/service-principal-name";
import type { Forest } from "../directory/forest";
import { fqdn, type World } from "../resources/asa-deployment/world";
import { type Program, Resource } from "../resources/program";
import { type Cut, Wire } from "./wire";

/** One after the other: then the calls of a run have an order, and each has its number. */
const oneAtATime = { maxParallelRequests: 1, maxParallelServers: 1 };

export type Part = "account" | "deployment" | "spn" | "outlook";

/** Everything that a program of the article has, in the order in which it comes up. */
export class Chain {
  readonly account = new Resource(asaAccount);
  readonly deployment = new Resource(asaDeployment);
  readonly spn = new Resource(servicePrincipalName);
  readonly outlook = new Resource(outlookAuthSetting);
  readonly name: string;
  readonly spnText: string;
  /** What the program says about rotation. */
  trigger = 1;
  /** More of the program. */
  more: Partial<Record<Part, object>> = {};

  constructor(
    private readonly place: { readonly forest: Pick<Forest, "uniqueName" | "organizationalUnit" | "admin" | "domain"> },
    private readonly servers: readonly string[],
    private readonly method: "cmdlet" | "script" = "cmdlet",
    name = place.forest.uniqueName(),
  ) {
    this.name = name;
    this.spnText = `http/${this.name.toLowerCase()}.example.com`;
  }

  get samAccountName(): string {
    return `${this.name}$`;
  }

  get qualifiedName(): string {
    return `${corp.netbiosName}\\${this.samAccountName}`;
  }

  inputs(part: Part): object {
    const { name, qualifiedName: account } = this;
    const { organizationalUnit } = this.place.forest;
    switch (part) {
      case "account": {
        const replication = { domainControllers: [hostName(dc1)], timeoutSeconds: 0.3 };
        return { name, organizationalUnit, replication, ...this.more.account };
      }
      case "deployment": {
        const rotation = { trigger: `${this.trigger}` };
        const servers = this.servers.map(fqdn);
        return { account, servers, method: this.method, rotation, ...this.more.deployment };
      }
      case "spn":
        return { account, spn: this.spnText, deployment: this.deployment.id, ...this.more.spn };
      case "outlook": {
        const server = fqdn(this.servers[0] ?? "");
        return {
          server,
          mapi: { exactly: ["Negotiate"] },
          outlookAnywhere: { internal: "Negotiate" },
          ...this.more.outlook,
        };
      }
    }
  }

  /** As the engine does it: what comes after a part that failed is not begun. @returns what was done */
  async up(run: Program, parts: readonly Part[] = allParts): Promise<unknown[]> {
    const done: unknown[] = [];
    for (const part of parts) done.push(await this.resource(part).up(this.inputs(part), run));
    return done;
  }

  async refresh(run: Program): Promise<void> {
    for (const part of allParts) if (this.resource(part).outputs !== undefined) await this.resource(part).refresh(run);
  }

  async destroy(run: Program, parts: readonly Part[] = allParts): Promise<void> {
    for (const part of [...parts].reverse()) {
      if (this.resource(part).outputs !== undefined) await this.resource(part).destroy(run);
    }
  }

  resource(part: Part): Resource<{ connection: string }, object> {
    return this[part] as unknown as Resource<{ connection: string }, object>;
  }

  /** As `setspn -D` does it; fine where the account has none. */
  async takeSpnByHand(): Promise<void> {
    const entry = await this.entry();
    const modification = new Attribute({ type: "servicePrincipalName", values: [] });
    if (entry?.servicePrincipalName === undefined) return;
    await this.place.forest.admin.modify(entry.dn, new Change({ operation: "replace", modification }));
  }

  /** The account as its administrator sees it. */
  async entry(): Promise<Entry | undefined> {
    const { admin, domain } = this.place.forest;
    const filter = `(sAMAccountName=${this.samAccountName})`;
    return (await admin.search(domain, { filter, explicitBufferAttributes: ["objectGUID"] })).searchEntries[0];
  }
}

/**
 * Lets Kerberos in this process ask dc1 only, where every password is set: on a busy machine it would ask dc2 after a second,
 * which may not have heard of it yet. @returns what undoes it
 */
export function askFirstController(): () => void {
  const { KRB5_CONFIG: before = kerberosConfiguration } = process.env;
  const path = join(labFolder, "krb5-dc1.conf");
  writeFileSync(path, readFileSync(before, "utf8").replace(`  kdc = ${dc2.address}\n`, ""));
  process.env.KRB5_CONFIG = path;
  return () => {
    process.env.KRB5_CONFIG = before;
  };
}

export const allParts: readonly Part[] = ["account", "deployment", "spn", "outlook"];

/** The number of a process that is no more. */
const deadProcess = spawnSync("true").pid;

/** A run on a wire, which is over when this returns: its process is dead for whoever looks. @returns what it failed with */
export async function runOn(
  world: World,
  wire: Wire,
  work: (run: Program) => Promise<unknown>,
): Promise<ProviderError | undefined> {
  const run = world.run(oneAtATime);
  const { pid } = process;
  onWire(world, wire);
  Object.defineProperty(process, "pid", { value: deadProcess });
  try {
    await wire.run(() => work(run));
    return undefined;
  } catch (thrown) {
    return ProviderError.from(thrown);
  } finally {
    await run.end();
    Object.defineProperty(process, "pid", { value: pid });
    offWire(world);
  }
}

/** Commands of sessions in memory are calls too. They fail as those of the transport do: what was lost is not known. */
function onWire(world: World, wire: Wire): void {
  const fate = new Map<object, ReturnType<Wire["call"]>>();
  const lost = (host: string, command: string) => {
    world.registry.expire(world.organization.require(host).state.name);
    return new ProviderError(
      "unclear-outcome",
      `The connection with ${host} broke while ${command} was running: nobody knows whether it took effect.`,
    );
  };
  world.aside = (work) => Wire.aside(work);
  world.beforeCall = (call) => {
    if (wire.isDown) throw new ProviderError("port-closed", `Port 80 of ${call.host} could not be reached.`);
    const becomes = wire.call(`${call.host} ${call.command}`);
    if (becomes === "request") throw lost(call.host, call.command);
    fate.set(call, becomes);
  };
  world.afterCall = (call) => {
    if (fate.get(call) === "answer") throw lost(call.host, call.command);
  };
}

function offWire(world: World): void {
  world.aside = (work) => work();
  world.beforeCall = () => {};
  world.afterCall = () => {};
}

/** How a call can be cut. */
export interface Mode extends Omit<Cut, "at"> {
  readonly name: string;
  /** The process is gone with it, and could write no state. */
  readonly killed?: true;
}

export const modes: readonly Mode[] = [
  { name: "its request is lost", lost: "request", network: "up" },
  { name: "its answer is lost", lost: "answer", network: "up" },
  { name: "the network fails after it", lost: "answer", network: "down" },
  { name: "the process is killed at it", lost: "request", network: "down", killed: true },
];
