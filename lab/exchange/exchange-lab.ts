import { mkdirSync, readFileSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { ActiveDirectory } from "./active-directory";
import { Balancer } from "./balancer";
import type { ExchangeConfiguration } from "./configuration";
import { Controls, type Host } from "./control/controls";
import { serveControl } from "./control/server";
import { FrontEnd } from "./front-end/front-end";
import { Organization } from "./model/organization";
import type { ExchangeServer } from "./model/server";
import { provision } from "./provision";
import { ServerHost } from "./server-host";
import { ShellRegistry } from "./shell/shell-registry";
import { SshEndpoint } from "./shell/ssh-endpoint";

/** Name of the control socket in the folder of the Exchange lab. */
export const controlSocket = "control.sock";

/** All Exchange servers of the lab in one process, and the load balancer before them. */
export class ExchangeLab {
  readonly organization: Organization;
  private readonly registry: ShellRegistry;
  private readonly hosts = new Map<ExchangeServer, Host>();
  private readonly balancer: Balancer;
  private controlServer: Server | undefined;

  constructor(private readonly configuration: ExchangeConfiguration) {
    const { folder, domain, netbiosName, domainController, caFile, administrator } = configuration;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const directory = new ActiveDirectory({
      domain,
      netbiosName,
      caFile,
      url: `ldaps://${domainController}`,
      reader: administrator,
    });
    const { trustedDomains, exchangeAdministrators: administrators } = configuration;
    const options = { domain, netbiosName, domainController, trustedDomains, administrators };
    this.organization = Organization.load(folder, options, directory);
    this.registry = new ShellRegistry(this.organization);
    this.balancer = new Balancer(configuration);
  }

  async start(): Promise<void> {
    // The replay cache would write to disk and sync for every request.
    process.env.KRB5RCACHENAME = "none:";
    const { configuration, organization } = this;
    for (const { name: site, namespaces, servers } of configuration.sites) {
      const [namespace = "", autodiscoverNamespace = namespace] = namespaces;
      for (const { name, product } of servers) {
        if (organization.find(name) !== undefined) continue;
        organization.addServer(name, { product, site, namespace, autodiscoverNamespace });
      }
    }
    await provision(configuration, (name) => this.folderOf(name));
    const key = readFileSync(configuration.certificate.key);
    const cert = readFileSync(configuration.certificate.certificate);
    for (const { name, address } of configuration.sites.flatMap(({ servers }) => servers)) {
      const server = organization.require(name);
      const place = { organization, registry: this.registry, server, address, folder: this.folderOf(name) };
      const host = new ServerHost([
        new FrontEnd({ ...place, certificate: { key, cert } }),
        new SshEndpoint({ ...place, delegated: configuration.delegated }),
      ]);
      this.hosts.set(server, host);
      await host.start();
    }
    await this.balancer.start();
    const controls = new Controls(organization, this.registry, (server) => this.hosts.get(server));
    this.controlServer = await serveControl(join(configuration.folder, controlSocket), controls);
  }

  async stop(): Promise<void> {
    this.controlServer?.close();
    await this.balancer.stop();
    for (const host of this.hosts.values()) await host.stop();
    this.organization.save();
  }

  private folderOf(name: string): string {
    return join(this.configuration.folder, "servers", name.toLowerCase());
  }
}
