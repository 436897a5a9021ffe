import { qualifiedUserName } from "../model/credential";
import type { Fault } from "../model/faults";
import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";
import type { ShellRegistry } from "../shell/shell-registry";
import { invoke } from "./invoke";
import type { LabStatus, ParsedRequest } from "./request";

/** What a server has besides its model: listeners that can be taken away and come back. */
export interface Host {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when everything picked up so far counts for the next request. */
  settled(): Promise<void>;
}

/** What can be done to the lab while it runs. */
export class Controls {
  constructor(
    private readonly organization: Organization,
    private readonly registry: ShellRegistry,
    /** Left out for a model that nobody can connect to. */
    private readonly hostOf: (server: ExchangeServer) => Host | undefined = () => undefined,
  ) {}

  async handle(request: ParsedRequest): Promise<unknown> {
    const { organization, registry } = this;
    switch (request.request) {
      case "status":
        return this.status();
      case "add-fault":
        return organization.faults.add(this.named(request.fault));
      case "clear-faults":
        return organization.faults.clear();
      case "stop-server": {
        const server = organization.require(request.server);
        server.online = false;
        registry.expire(server.state.name);
        return this.hostOf(server)?.stop();
      }
      case "start-server": {
        const server = organization.require(request.server);
        server.restart();
        return this.hostOf(server)?.start();
      }
      case "set-service":
        organization.require(request.server).setService(request.service, request.state);
        return organization.save();
      case "set-clock":
        organization.require(request.server).clockOffset = request.milliseconds;
        return;
      case "recycle":
        return organization.require(request.server).recycle(request.pool);
      case "expire-shells":
        return registry.expire(request.server && organization.require(request.server).state.name);
      case "set-culture": {
        const { state } = organization.require(request.server);
        state.culture = request.culture;
        state.timeZone = request.timeZone ?? state.timeZone;
        state.words = request.words ?? state.words;
        return organization.save();
      }
      case "set-roles":
        organization.state.administrators[request.user.toLowerCase()] = request.roles;
        return organization.save();
      case "set-arrays":
        organization.state.arrays = request.arrays;
        return organization.save();
      case "set-organization": {
        const { state } = organization;
        state.configurationShape = request.configurationShape ?? state.configurationShape;
        state.proxyTo = request.proxyTo ?? state.proxyTo;
        state.maximumShells = request.maximumShells ?? state.maximumShells;
        state.pickUpDelay = request.pickUpDelay ?? state.pickUpDelay;
        return organization.save();
      }
      case "settle":
        return this.settle(organization.require(request.server));
      case "invoke":
        return invoke(organization, registry, request);
    }
  }

  /** A fault for a server that is not there would never happen, and nobody would notice. */
  private named(fault: Fault): Fault {
    if (!("server" in fault) || fault.server === undefined) return fault;
    return { ...fault, server: this.organization.require(fault.server).state.name };
  }

  /** Waits until what is stored is what Kerberos works with. */
  private async settle(server: ExchangeServer): Promise<void> {
    const running = server.state.services.MSExchangeServiceHost === "Running";
    if (running) server.pickUp();
    await this.hostOf(server)?.settled();
  }

  private status(): LabStatus {
    return {
      servers: this.organization.servers.map((server) => ({
        name: server.state.name,
        fqdn: server.fqdn,
        product: server.state.product,
        online: server.online,
        services: server.state.services,
        credentials: server.credentials.all.map((credential) => ({
          account: qualifiedUserName(credential),
          whenAddedUtc: credential.whenAddedUtc.toISOString(),
        })),
        pickedUp: server.kerberosCredentials.length,
        shells: this.registry.count(server.state.name),
      })),
      writes: this.organization.writes,
      faults: this.organization.faults.list().map((fault) => ({ ...fault })),
    };
  }
}
