import type { ServerOptions } from "../../../lab/exchange/model/server";
import { ModelSession } from "../../../lab/exchange/model-session";
import { FullLanguageShell } from "../../../lab/exchange/shell/full-language-shell";
import { ExchangeOrganization } from "../../../provider/exchange/organization";
import type { Command, PowerShellSession } from "../../../provider/powershell/pipeline";
import type { Connection } from "../../../provider/resources/connection";
import type { Context } from "../../../provider/resources/handler";
import { settingsSchema } from "../../../provider/settings";
import { administrator, organizationOf } from "../../exchange-lab/support/model";

type Invoke = PowerShellSession["invoke"];
/** Stands between the handler and the lab's model, and may answer instead of it. */
export type Detour = (command: Command, go: Invoke, host: string) => ReturnType<Invoke> | undefined;

/** Runs of Pulumi against the lab's Exchange model, without a directory: what was said, and every command that was sent. */
export class ExchangeProgram implements Context {
  readonly lines: string[] = [];
  readonly sent: { host: string; shell: "endpoint" | "management"; command: Command }[] = [];
  readonly signal = new AbortController().signal;
  readonly lab: ReturnType<typeof organizationOf>;
  detour: Detour | undefined;
  private exchange: ExchangeOrganization;

  /** @param servers what there is, or that of a run before */
  constructor(servers: Record<string, ServerOptions> | ExchangeProgram["lab"] = { "cas-1": {} }) {
    this.lab = "organization" in servers ? (servers as ExchangeProgram["lab"]) : organizationOf(servers);
    this.exchange = this.reach();
  }

  private reach(): ExchangeOrganization {
    const { organization, registry, connect } = this.lab;
    // A name that is no server's is the load balancer's, behind which any server answers.
    const entry = (host: string) => organization.find(host) ?? organization.require("cas-1");
    return new ExchangeOrganization(
      {
        endpoint: async (host) =>
          this.watched(
            "endpoint",
            new ModelSession(host, connect(entry(host).fqdn, `TargetServer=${entry(host).fqdn}`)),
          ),
        managementShell: async (host) =>
          this.watched(
            "management",
            new ModelSession(
              host,
              new FullLanguageShell(organization, registry, { entry: entry(host), user: administrator }),
            ),
          ),
      },
      10,
    );
  }

  connection(): Connection {
    const settings = settingsSchema.parse({ domain: "corp.tailspintoys.com" });
    const directory = undefined as unknown as Connection["directory"];
    return { settings, directory, exchange: this.exchange, close: async () => {} };
  }

  progress(line: string): void {
    this.lines.push(line);
  }

  /** Another run of Pulumi on the same servers: it knows nothing of this one. */
  again(): ExchangeProgram {
    return new ExchangeProgram(this.lab);
  }

  /** What comes next is another run; what was said and sent before stays to be looked at. */
  nextRun(): void {
    this.exchange = this.reach();
  }

  /** What changed anything on any server. */
  get writes(): string[] {
    return this.sent.map(({ command }) => command.name).filter((name) => /^(Set|Restart)-/.test(name));
  }

  /** The directories as the model stores them. */
  directories(server = "cas-1") {
    return this.lab.organization.require(server).state.virtualDirectories;
  }

  forget(): void {
    this.lines.length = 0;
    this.sent.length = 0;
  }

  private watched(shell: "endpoint" | "management", session: ModelSession): PowerShellSession {
    return {
      host: session.host,
      get usable() {
        return session.usable;
      },
      close: () => session.close(),
      invoke: (pipeline, options) => {
        const [command] = pipeline;
        this.sent.push({ host: session.host, shell, command });
        const go: Invoke = (...given) => session.invoke(...given);
        return this.detour?.(command, go, session.host) ?? go(pipeline, options);
      },
    };
  }
}
