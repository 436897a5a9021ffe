import type { ExchangeServer } from "../../exchange/exchange-servers";
import type { RemoteShell } from "../../exchange/remote-shell";
import { readServiceHealth } from "../../exchange/service-health";
import { type Finding, heading } from "../check";
import { fail, pass, unknown } from "../finding";
import { serverCheck } from "./on-servers";

const service = "MSExchangeServiceHost";

export const serverServiceHost = serverCheck(
  "server-service-host",
  "Microsoft Exchange Service Host is running",
  heading.serviceHost,
  (server, subject) => serviceHostOf(server.shell, server, subject.signal),
);

/** Whether the service runs that hands the credential to those who read tickets. */
export async function serviceHostOf(
  shell: RemoteShell,
  server: ExchangeServer,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const { fqdn } = server;
  const { running, stopped } = await readServiceHealth(shell, server, signal);
  const among = (names: readonly string[]) => names.some((name) => name.toLowerCase() === service.toLowerCase());
  if (among(stopped)) {
    const seen = `${service} is not running: the server cannot read tickets for the account.`;
    return fail(fqdn, seen, `Start-Service ${service}, on the server.`, fqdn);
  }
  if (among(running)) return pass(fqdn, "running.", fqdn);
  const seen = `Test-ServiceHealth does not speak of ${service}.`;
  return unknown(fqdn, seen, `Get-Service ${service}, on the server.`, fqdn);
}
