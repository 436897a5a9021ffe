import type { Call } from "../cmdlets/cmdlet";
import { CmdletError } from "../cmdlets/cmdlet-error";
import type { Value } from "../cmdlets/value";
import type { ExchangeServer } from "../model/server";
import { RestrictedShell } from "../shell/restricted-shell";
import { ShellRefused, type ShellRegistry } from "../shell/shell-registry";

/** A server could not be reached, or its cmdlet failed. */
export class SessionError extends Error {
  override readonly name = "SessionError";
}

/** The script's own sessions, one to each server: the second hop of whoever started it from afar. */
export class TargetSessions {
  private readonly shells = new Map<ExchangeServer, { readonly shell: RestrictedShell; readonly gone: AbortSignal }>();

  constructor(
    private readonly call: Call,
    private readonly registry: ShellRegistry,
  ) {}

  /** @throws SessionError in the words that the script prints. */
  async run(server: ExchangeServer, name: string, parameters: Record<string, Value>): Promise<Value[]> {
    const output: Value[] = [];
    const errors: CmdletError[] = [];
    try {
      const { shell, gone } = this.open(server);
      const { signal } = this.call;
      await shell.run(
        [
          {
            name,
            script: false,
            arguments: Object.entries(parameters).map(([parameter, value]) => ({ name: parameter, value })),
          },
        ],
        {
          output: (value) => output.push(value),
          error: (error) => errors.push(error),
          warning: () => {},
          verbose: () => {},
          host: () => {},
        },
        // A server that goes down takes what is under way with it.
        signal === undefined ? gone : AbortSignal.any([signal, gone]),
      );
    } catch (thrown) {
      if (thrown instanceof CmdletError || thrown instanceof ShellRefused) throw new SessionError(thrown.message);
      throw thrown;
    }
    if (errors[0] !== undefined) throw new SessionError(errors[0].message);
    return output;
  }

  close(): void {
    for (const { shell } of this.shells.values()) shell.close();
    this.shells.clear();
  }

  private open(server: ExchangeServer): { readonly shell: RestrictedShell; readonly gone: AbortSignal } {
    const known = this.shells.get(server);
    if (known !== undefined && server.online) return known;
    const failed = `[${server.fqdn}] Connecting to remote server ${server.fqdn} failed with the following error message :`;
    if (!server.online)
      throw new SessionError(`${failed} The client cannot connect to the destination specified in the request.`);
    const { organization, user, logOn } = this.call.session;
    if (logOn === undefined) throw new SessionError(`${failed} Access is denied.`);
    const shell = new RestrictedShell(organization, this.registry, {
      entry: server,
      user,
      logOn,
      query: `serializationLevel=Full;TargetServer=${server.fqdn}`,
    });
    const gone = new AbortController();
    shell.onExpired(() => gone.abort());
    const opened = { shell, gone: gone.signal };
    this.shells.set(server, opened);
    return opened;
  }
}
