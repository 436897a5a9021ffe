import { ProviderError } from "../error";
import type { ExchangeServer } from "./exchange-servers";
import { textsOf } from "./front-end-directories";
import { output, type RemoteShell } from "./remote-shell";

/** Windows services that a server's roles need, by their short names. */
export interface ServiceHealth {
  readonly running: readonly string[];
  readonly stopped: readonly string[];
}

/** As Test-ServiceHealth says; it only looks, and is there in the restricted endpoint too. */
export async function readServiceHealth(
  shell: RemoteShell,
  server: ExchangeServer,
  signal?: AbortSignal,
): Promise<ServiceHealth> {
  const command = { name: "Test-ServiceHealth", parameters: { Server: server.fqdn } };
  const roles = await output(shell, [command], { what: `look at the services of ${server.fqdn}`, signal });
  if (roles.length === 0) {
    throw new ProviderError("powershell-failed", `${shell.host}: Test-ServiceHealth says nothing of ${server.fqdn}.`);
  }
  return {
    running: roles.flatMap((role) => textsOf(role, "ServicesRunning")),
    stopped: roles.flatMap((role) => textsOf(role, "ServicesNotRunning")),
  };
}
