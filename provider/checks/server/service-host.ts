import { readServiceHealth } from "../../exchange/service-health";
import { heading } from "../check";
import { fail, pass, unknown } from "../finding";
import { serverCheck } from "./on-servers";

const service = "MSExchangeServiceHost";

export const serverServiceHost = serverCheck(
  "server-service-host",
  "Microsoft Exchange Service Host is running",
  heading.serviceHost,
  async (server, subject) => {
    const { fqdn } = server;
    const { running, stopped } = await readServiceHealth(server.shell, server, subject.signal);
    const among = (names: readonly string[]) => names.some((name) => name.toLowerCase() === service.toLowerCase());
    if (among(stopped)) {
      const seen = `${service} is not running: the server cannot read tickets for the account.`;
      return fail(fqdn, seen, `Start-Service ${service}, on the server.`, fqdn);
    }
    if (among(running)) return pass(fqdn, "running.", fqdn);
    const seen = `Test-ServiceHealth does not speak of ${service}.`;
    return unknown(fqdn, seen, `Get-Service ${service}, on the server.`, fqdn);
  },
);
