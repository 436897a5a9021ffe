import { Attribute, Change } from "ldapts";
import { corp } from "../../../lab/domain-controller";
import { labStatus } from "../../../lab/exchange/control/client";
import { exchangeControlSocket } from "../../../lab/exchange/up";
import { removeCredentials, tell } from "../../exchange-lab/support/clients";
import { requireExchange } from "../../support/lab";
import { ForestByHand } from "../forest-by-hand";

export const servers = ["cas-1", "cas-2"];
export const fullNames = servers.map((server) => `${server}.${corp.dnsName}`);
export const spns = ["mail", "autodiscover"].map((host) => `http/${host}.${corp.dnsName}`);

/** The lab's two servers behind their balancer, and a unit of its own for the account. */
export class Site {
  private constructor(
    readonly forest: ForestByHand,
    readonly unit: string,
  ) {}

  static async enter(suite: Mocha.Context, name: string): Promise<Site> {
    await requireExchange(suite);
    const forest = await ForestByHand.open();
    const site = new Site(forest, await forest.freshUnit(name));
    await site.clear();
    return site;
  }

  /** All servers up, and nobody's credential on them. */
  async clear(): Promise<void> {
    await tell({ request: "clear-faults" });
    for (const { name, online } of await this.status())
      if (!online) await tell({ request: "start-server", server: name });
    for (const server of servers) await removeCredentials(server);
  }

  async leave(): Promise<void> {
    await this.clear();
    await this.forest.removeUnit(this.unit);
    await this.forest.close();
  }

  async status() {
    return (await labStatus(exchangeControlSocket)).servers;
  }

  /** When the newest credential of a server was added; empty where there is none. */
  async newest(server: string): Promise<string> {
    const found = (await this.status()).find(({ name }) => name === server.toUpperCase());
    return found?.credentials[0]?.whenAddedUtc ?? "";
  }

  /** Waits until something is seen, looking again and again; the test's own limit ends a wait in vain. */
  async until(seen: () => Promise<boolean>): Promise<void> {
    while (!(await seen())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async addSpn(dn: string, spn: string): Promise<void> {
    const modification = new Attribute({ type: "servicePrincipalName", values: [spn] });
    await this.forest.client.modify(dn, new Change({ operation: "add", modification }));
  }
}
