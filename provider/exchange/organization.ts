import { Limiter } from "../directory/concurrency";
import type { PowerShellSession } from "../powershell/pipeline";
import type { RemoteShell } from "./remote-shell";

/** How sessions are opened; each call gives a new one. */
export interface SessionFactory {
  /** A server's own restricted endpoint, pinned to that server. */
  endpoint(server: string): Promise<PowerShellSession>;
  /** A full-language shell on an Exchange server, or on a host with the management tools. */
  managementShell(host: string): Promise<PowerShellSession>;
}

/**
 * The Exchange servers of one connection. A session is opened when first used, one a server, shared by all resources,
 * and opened anew before a command when it was found dead.
 */
export class ExchangeOrganization {
  private readonly sessions = new Map<string, Promise<PowerShellSession>>();
  private readonly limiter: Limiter;

  /** @param maxParallelServers servers that are worked with at the same time */
  constructor(
    private readonly factory: SessionFactory,
    maxParallelServers: number,
  ) {
    this.limiter = new Limiter(maxParallelServers);
  }

  endpoint(server: string): RemoteShell {
    return this.shell(server, "endpoint", () => this.factory.endpoint(server));
  }

  managementShell(host: string): RemoteShell {
    return this.shell(host, "management", () => this.factory.managementShell(host));
  }

  /** Does the same on several servers, a limited number at a time; one that fails does not keep the others from it. */
  onEach<S, T>(servers: readonly S[], work: (server: S) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
    return Promise.allSettled(servers.map((server) => this.limiter.run(() => work(server))));
  }

  async close(): Promise<void> {
    const opened = [...this.sessions.values()];
    this.sessions.clear();
    await Promise.allSettled(opened.map(async (session) => (await session).close()));
  }

  private shell(host: string, kind: string, open: () => Promise<PowerShellSession>): RemoteShell {
    const session = () => this.session(`${kind} ${host.toLowerCase()}`, open);
    return { host, invoke: async (pipeline, options) => (await session()).invoke(pipeline, options) };
  }

  private async session(key: string, open: () => Promise<PowerShellSession>): Promise<PowerShellSession> {
    const found = this.sessions.get(key);
    if (found !== undefined) {
      const session = await found;
      if (session.usable) return session;
      if (this.sessions.get(key) === found) this.sessions.delete(key);
    }
    const opened = this.sessions.get(key) ?? open();
    this.sessions.set(key, opened);
    // A failure is for those who wait now; the next command tries again.
    opened.catch(() => {
      if (this.sessions.get(key) === opened) this.sessions.delete(key);
    });
    return opened;
  }
}
