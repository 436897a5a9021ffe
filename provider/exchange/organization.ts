import { Limiter } from "../directory/concurrency";
import type { PowerShellSession } from "../powershell/pipeline";
import { SessionPool } from "../powershell/session-pool";
import type { SharedShell } from "./remote-shell";

/** How sessions are opened; each call gives a new one. */
export interface SessionFactory {
  /** A server's own restricted endpoint, pinned to that server. */
  endpoint(server: string): Promise<PowerShellSession>;
  /**
   * A full-language shell on an Exchange server, or on a host with the management tools.
   * @param there whether it has to be on that very host, whose IIS or files are worked with
   */
  managementShell(host: string, there: boolean): Promise<PowerShellSession>;
}

/** Below the 18 that Exchange's default policy allows one account, as others may work under it too. */
const fewSessions = 16;

/** The Exchange servers of one connection: one session a server, shared by all resources. */
export class ExchangeOrganization {
  private readonly sessions: SessionPool;
  private readonly limiter: Limiter;

  /** @param maxParallelServers servers that are worked with at the same time */
  constructor(
    private readonly factory: SessionFactory,
    maxParallelServers: number,
  ) {
    this.limiter = new Limiter(maxParallelServers);
    this.sessions = new SessionPool({ maxSessions: Math.max(fewSessions, maxParallelServers) });
  }

  endpoint(host: string): SharedShell {
    return this.shell(`endpoint ${host.toLowerCase()}`, host, () => this.factory.endpoint(host));
  }

  managementShell(host: string): SharedShell {
    return this.shell(`management ${host.toLowerCase()}`, host, () => this.factory.managementShell(host, false));
  }

  /** A full-language shell on that very server. */
  serverShell(host: string): SharedShell {
    return this.shell(`server ${host.toLowerCase()}`, host, () => this.factory.managementShell(host, true));
  }

  /** Does the same on several servers, a limited number at a time; one that fails does not keep the others from it. */
  onEach<S, T>(servers: readonly S[], work: (server: S) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
    return Promise.allSettled(servers.map((server) => this.limiter.run(() => work(server))));
  }

  /** Stops what runs, and closes every session. Never throws. */
  close(): Promise<void> {
    return this.sessions.close();
  }

  private shell(key: string, host: string, open: () => Promise<PowerShellSession>): SharedShell {
    const target = { key, host, open };
    return {
      host,
      invoke: (pipeline, options) => this.sessions.invoke(target, pipeline, options),
      inTurn: (what, work, signal) => this.sessions.inTurn(target, what, work, signal),
    };
  }
}
