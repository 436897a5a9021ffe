import { findCmdlet } from "../cmdlets/catalog";
import type { Cmdlet, ExchangeSession, Streams } from "../cmdlets/cmdlet";
import { CmdletError } from "../cmdlets/cmdlet-error";
import { runPipeline } from "../cmdlets/run-pipeline";
import type { Value } from "../cmdlets/value";
import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";
import { rollParameters } from "../roll-script/parameters";
import { roll } from "../roll-script/roll";
import { installPath, managementCommands } from "./management-commands";
import type { Connection } from "./restricted-shell";
import type { Shell, ShellCommand } from "./shell";
import { ShellRefused, type ShellRegistry } from "./shell-registry";

const rollScriptPath = `${installPath}Scripts\\RollAlternateServiceAccountPassword.ps1`;
const remoteExchangePath = `${installPath}bin\\RemoteExchange.ps1`;

/**
 * An administrator's PowerShell on the server itself, as far as anyone here needs one: commands of Windows, scripts by
 * their paths, and Exchange's cmdlets after `RemoteExchange.ps1` and `Connect-ExchangeServer`.
 */
export class FullLanguageShell implements Shell {
  private readonly variables = new Map<string, Value>([
    ["exinstall", installPath],
    ["exscripts", `${installPath}Scripts`],
    ["exbin", `${installPath}bin`],
    ["lastexitcode", 0],
  ]);
  private readonly commands: readonly Cmdlet[];
  private readonly server: ExchangeServer;
  /** What the Exchange cmdlets run on, once they are loaded. */
  private exchange: ExchangeServer | undefined;
  private managementShell = false;

  /** @throws ShellRefused when the user is no administrator of the server. */
  constructor(
    private readonly organization: Organization,
    private readonly registry: ShellRegistry,
    private readonly connection: Connection,
  ) {
    this.server = connection.entry;
    if (organization.rolesOf(connection.user).size === 0) {
      throw new ShellRefused(`Access is denied: "${connection.user}" may not log on to ${this.server.fqdn}.`);
    }
    this.commands = [...managementCommands(this.server, this.variables), ...this.scripts()];
  }

  get runsOn(): string {
    return this.server.fqdn;
  }

  async run(commands: readonly ShellCommand[], streams: Streams, signal?: AbortSignal): Promise<void> {
    const [first, ...others] = commands;
    if (first?.script) {
      // The one script that the lab can read is the name of a variable.
      const value = this.variables.get(/^\s*\$(?:global:)?(\w+)\s*$/i.exec(first.name)?.[1]?.toLowerCase() ?? "");
      if (value !== undefined && others.length === 0) return streams.output(value);
      throw new CmdletError("This shell of the lab reads no scripts: send commands with parameters.", {
        category: "NotImplemented",
        errorId: "LabReadsNoScripts",
        terminating: true,
      });
    }
    const roles = this.organization.rolesOf(this.connection.user);
    const session: ExchangeSession = {
      organization: this.organization,
      server: this.exchange ?? this.server,
      user: this.connection.user,
      logOn: this.connection.logOn,
      fullSerialization: true,
    };
    const resolve = (name: string) => this.resolve(name, session);
    await runPipeline(commands, streams, { session, roles, resolve, signal });
  }

  close(): void {}

  onExpired(): void {}

  private resolve(name: string, session: ExchangeSession): Cmdlet | undefined {
    const asked = name.toLowerCase();
    const own = this.commands.find((command) => command.name.toLowerCase() === asked);
    if (own !== undefined || this.exchange === undefined) return own;
    return findCmdlet(name, session.server.state.product, this.organization.rolesOf(this.connection.user));
  }

  private scripts(): Cmdlet[] {
    const script = { className: "System.Management.Automation.ExternalScriptInfo", roles: [], changes: true } as const;
    return [
      {
        ...script,
        name: rollScriptPath,
        parameters: rollParameters,
        run: async (call) => {
          const local = { ...call, session: { ...call.session, server: this.server } };
          const exitCode = await roll(local, this.registry);
          const misreported = this.organization.faults.misreportedExitCode(this.server.state.name);
          this.variables.set("lastexitcode", misreported ?? exitCode);
        },
      },
      {
        ...script,
        name: remoteExchangePath,
        changes: false,
        parameters: {},
        run: () => {
          this.managementShell = true;
        },
      },
      {
        ...script,
        name: "Connect-ExchangeServer",
        changes: false,
        parameters: {
          ServerFqdn: { type: { kind: "text" }, position: 0 },
          Auto: { type: { kind: "switch" } },
          ClientApplication: { type: { kind: "text" } },
        },
        run: (call) => {
          if (!this.managementShell)
            throw new CmdletError("Run RemoteExchange.ps1 first.", {
              category: "InvalidOperation",
              errorId: "NotLoaded",
              terminating: true,
            });
          const name = call.parameters.text("ServerFqdn");
          this.exchange = name === undefined ? this.server : this.organization.require(name);
        },
      },
    ];
  }
}
