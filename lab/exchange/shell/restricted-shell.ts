import { findCmdlet } from "../cmdlets/catalog";
import type { ExchangeSession, Streams } from "../cmdlets/cmdlet";
import { runPipeline } from "../cmdlets/run-pipeline";
import type { LogOn } from "../model/account-directory";
import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";
import { type Shell, type ShellCommand, scriptsNotAllowed } from "./shell";
import { ShellRefused, type ShellRegistry } from "./shell-registry";

export interface Connection {
  /** The server whose address the client used. */
  readonly entry: ExchangeServer;
  /** User principal name. */
  readonly user: string;
  /** Query of the connection URI: `serializationLevel=Full;TargetServer=…`, parts separated by semicolons. */
  readonly query?: string | undefined;
  readonly logOn?: LogOn | undefined;
}

/** The `Microsoft.Exchange` endpoint: commands by name with parameters, nothing else. */
export class RestrictedShell implements Shell {
  readonly session: ExchangeSession;
  private readonly leave: () => void;
  private readonly expiryListeners: (() => void)[] = [];

  /** @throws ShellRefused when the user has no management role, or too many shells. */
  constructor(organization: Organization, registry: ShellRegistry, connection: Connection) {
    if (organization.rolesOf(connection.user).size === 0) {
      throw new ShellRefused(
        `[Server=${connection.entry.state.name}] [FailureCategory=AuthZ-CmdletAccessDeniedException] The user "${connection.user}" isn't assigned to any management roles.`,
      );
    }
    const options = parseQuery(connection.query ?? "");
    const server = backEnd(organization, connection.entry, options.get("targetserver") ?? "");
    this.session = {
      organization,
      server,
      user: connection.user,
      logOn: connection.logOn,
      fullSerialization:
        organization.state.configurationShape === "object" ||
        (organization.state.configurationShape === "ask" &&
          options.get("serializationlevel")?.toLowerCase() === "full"),
    };
    this.leave = registry.admit(server.state.name, connection.user.toLowerCase(), () => {
      for (const listener of this.expiryListeners) listener();
    });
  }

  get runsOn(): string {
    return this.session.server.fqdn;
  }

  async run(commands: readonly ShellCommand[], streams: Streams, signal?: AbortSignal): Promise<void> {
    if (commands.some(({ script }) => script)) throw scriptsNotAllowed();
    const { organization, server, user } = this.session;
    const roles = organization.rolesOf(user);
    const resolve = (name: string) => findCmdlet(name, server.state.product, roles);
    await runPipeline(commands, streams, { session: this.session, roles, resolve, signal });
  }

  close(): void {
    this.leave();
  }

  onExpired(listener: () => void): void {
    this.expiryListeners.push(listener);
  }
}

function parseQuery(query: string): Map<string, string> {
  return new Map(
    decodeURIComponent(query.replace(/^\?/, ""))
      .split(/[;&]/)
      .filter((part) => part.includes("="))
      .map((part) => [part.slice(0, part.indexOf("=")).toLowerCase(), part.slice(part.indexOf("=") + 1)]),
  );
}

/** The front end proxies by version, so a session may run elsewhere unless it names its server. */
function backEnd(organization: Organization, entry: ExchangeServer, target: string): ExchangeServer {
  const { proxyTo } = organization.state;
  if (target !== "" && proxyTo !== "next-always") {
    const pinned = organization.find(target);
    if (pinned?.online) return pinned;
    throw new ShellRefused(
      `[ClientAccessServer=${entry.state.name}] [FailureCategory=Cafe-SendFailure] Target server "${target}" can't be reached.`,
    );
  }
  if (proxyTo === "same") return entry;
  const others = organization.servers.filter((server) => server !== entry && server.online);
  return others[0] ?? entry;
}
