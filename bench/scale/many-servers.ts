import { createServer } from "node:http";
import { join } from "node:path";
import { manyServersDomain } from "../../lab/dns";
import { corp } from "../../lab/domain-controller";
import { KerberosAcceptor } from "../../lab/exchange/kerberos/acceptor";
import { Organization } from "../../lab/exchange/model/organization";
import { RestrictedShell } from "../../lab/exchange/shell/restricted-shell";
import { RunspacePool } from "../../lab/exchange/shell/runspace-pool";
import { ShellRegistry } from "../../lab/exchange/shell/shell-registry";
import { exchangeFolder } from "../../lab/exchange/up";
import { WsmanEndpoint } from "../../lab/exchange/wsman/endpoint";
import { ShellService } from "../../lab/exchange/wsman/shell-service";
import { addresses } from "../../lab/network-namespace";
import { delegatedUser } from "../../lab/people";
import { FakeDirectory } from "../../test/exchange-lab/support/fake-directory";

/** Full name of one of the servers. */
export const nameOf = (number: number) => `server-${number}.${manyServersDomain}`;

/**
 * `ts-node bench/scale/many-servers.ts COUNT`: PowerShell endpoints of so many servers on one address, told apart by the name
 * in a request, all with the key of `cas-1`. Whoever started it gets, for each message, what came since the one before.
 */
function serve(count: number): void {
  // The replay cache would write to disk and sync for every request.
  process.env.KRB5RCACHENAME = "none:";
  const organization = Organization.load(
    undefined,
    {
      domain: manyServersDomain,
      netbiosName: corp.netbiosName,
      domainController: `dc1.${corp.dnsName}`,
      administrators: [`${delegatedUser}@${corp.dnsName}`],
    },
    // Logons at a clean-up would be those of a server, and cost nothing where it is a machine of its own.
    new FakeDirectory(),
  );
  organization.state.pickUpDelay = 0;
  const registry = new ShellRegistry(organization);
  const acceptor = new KerberosAcceptor(join(exchangeFolder, "servers", "cas-1", "machine.keytab"));
  let calls: Record<string, number> = {};
  const counted = (kind: string) => {
    calls[kind] = (calls[kind] ?? 0) + 1;
  };
  class CountedShell extends RestrictedShell {
    override run(...[commands, ...others]: Parameters<RestrictedShell["run"]>): Promise<void> {
      for (const { name } of commands) counted(name);
      return super.run(commands, ...others);
    }
  }

  const endpoints = new Map<string, WsmanEndpoint>();
  for (let number = 1; number <= count; number++) {
    const server = organization.addServer(`server-${number}`);
    const service = new ShellService({ name: server.state.name, fqdn: server.fqdn }, (user, query, listener) => {
      counted("sessions opened");
      const shell = new CountedShell(organization, registry, { entry: server, user, query });
      shell.onExpired(listener.expired);
      return new RunspacePool(shell, "full", listener.send, listener.finished);
    });
    endpoints.set(server.fqdn, new WsmanEndpoint(acceptor, service, server.fqdn));
  }
  const listener = createServer({ keepAliveTimeout: 180_000 }, (request, response) => {
    const endpoint = endpoints.get((request.headers.host ?? "").toLowerCase());
    if (endpoint === undefined) response.writeHead(404).end();
    else endpoint.listener(request, response);
  });
  process.on("message", () => {
    process.send?.(calls);
    calls = {};
  });
  process.on("disconnect", () => process.exit());
  listener.listen(80, addresses.manyServers, () => process.send?.({}));
}

if (require.main === module) serve(Number(process.argv[2]));
