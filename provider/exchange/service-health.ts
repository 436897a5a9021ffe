import { ProviderError } from "../error";
import type { ExchangeServer } from "./exchange-servers";
import { textsOf } from "./front-end-directories";
import { outputDespiteErrors, type RemoteShell } from "./remote-shell";

/** Windows services that a server's roles need, by their short names. */
export interface ServiceHealth {
  readonly running: readonly string[];
  readonly stopped: readonly string[];
}

/**
 * As Test-ServiceHealth says; it only looks, and is there in the restricted endpoint too. By its documentation it writes an
 * error for each service that should run and does not, which its output names as well.
 */
export async function readServiceHealth(
  shell: RemoteShell,
  server: ExchangeServer,
  signal?: AbortSignal,
): Promise<ServiceHealth> {
  const command = { name: "Test-ServiceHealth", parameters: { Server: server.fqdn } };
  const deed = { what: `look at the services of ${server.fqdn}`, signal };
  const roles = await outputDespiteErrors(shell, [command], deed);
  if (roles.length === 0) {
    throw new ProviderError("powershell-failed", `${shell.host}: Test-ServiceHealth says nothing of ${server.fqdn}.`);
  }
  return {
    running: roles.flatMap((role) => textsOf(role, "ServicesRunning")),
    stopped: roles.flatMap((role) => textsOf(role, "ServicesNotRunning")),
  };
}
