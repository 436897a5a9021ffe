import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { provideCertificate } from "../../lab/certificates";
import { mustRun, runCommand, waitUntil } from "../../lab/command";
import { corp, dc1, hostName } from "../../lab/domain-controller";
import { labFolder } from "../../lab/folders";
import { addresses } from "../../lab/network-namespace";
import { password } from "../../lab/passwords";
import { delegatedUser } from "../../lab/people";
import { ProviderError } from "../../provider/error";
import { listExchangeServers } from "../../provider/exchange/exchange-servers";
import { openSessions } from "../../provider/exchange/open-sessions";
import { ExchangeOrganization } from "../../provider/exchange/organization";
import { openWsmanSession } from "../../provider/powershell/wsman";
import { servicePrincipalName } from "../../provider/resources/service-principal-name";
import { resolveSettings, type Settings } from "../../provider/settings";
import { replicate } from "../checks/breaking";
import { nameServer } from "../directory/name-server";
import { tell } from "../exchange-lab/support/clients";
import { Program, Resource } from "../resources/program";
import { logOn, request } from "../stack/exchange/clients-under-load";
import { fullNames, Site } from "../stack/exchange/site";
import { settle } from "../support/exchange";
import { Chain } from "./chain";
import { fault } from "./table";
import { Wire } from "./wire";

const parts = ["account", "deployment", "spn"] as const;
const [mail, autodiscover] = ["mail", "autodiscover"].map((host) => `http/${host}.${corp.dnsName}`);
const [firstHost = "", secondHost = ""] = fullNames;

/** Real servers, real tickets, real requests through the balancer: what gets 200 before the fault gets 200 under it and after it. */
describe("an up when something around it fails", function () {
  this.timeout(120_000);
  let site: Site;
  let chain: Chain;
  const earlier = join(labFolder, "faults-earlier.ccache");
  const anew = join(labFolder, "faults-anew.ccache");
  const closing: (() => unknown)[] = [];

  const settings = (environment: NodeJS.ProcessEnv = process.env) =>
    resolveSettings("default", { config: () => undefined, environment });

  async function up(wire: Wire, overrides: Partial<Settings> = {}, cancel?: (run: Program) => void) {
    const run = new Program(settings(), overrides);
    cancel?.(run);
    try {
      await wire.run(() => chain.up(run, parts));
      return undefined;
    } catch (thrown) {
      return ProviderError.from(thrown);
    } finally {
      await run.end();
    }
  }
  async function fails(wire: Wire, overrides?: Partial<Settings>, cancel?: (run: Program) => void): Promise<string> {
    return (await up(wire, overrides, cancel))?.message ?? assert.fail("nothing failed");
  }
  /** Users with tickets of before the fault, and users who log on now. */
  async function served(): Promise<void> {
    assert.deepEqual(await request(earlier, 4), ["200", "200", "200", "200"]);
    await logOn(anew);
    assert.deepEqual(await request(anew, 4), ["200", "200", "200", "200"]);
  }
  async function converges(): Promise<void> {
    const error = await up(new Wire());
    assert.equal(error, undefined);
    await settle();
    await served();
    const quiet = new Wire();
    const run = new Program(settings());
    assert.deepEqual(await quiet.run(() => chain.up(run, parts)), ["same", "same", "same"]);
    await run.end();
    assert.deepEqual(quiet.calls, []);
  }
  const credentials = () => Promise.all(["cas-1", "cas-2"].map((server) => site.newest(server)));

  before(async function () {
    site = await Site.enter(this, "Faults");
    const { forest, unit } = site;
    chain = new Chain(
      { forest: { uniqueName: () => "FAULTS", organizationalUnit: unit, admin: forest.client, domain: corp.baseDn } },
      ["cas-1", "cas-2"],
    );
    chain.more = { spn: { spn: mail } };
    assert.equal(await up(new Wire()), undefined);
    await settle();
    await logOn(earlier);
    assert.deepEqual(await request(earlier, 2), ["200", "200"]);
  });
  after(async () => {
    if (site === undefined) return;
    await tell({ request: "set-organization", maximumShells: 18, proxyTo: "same" });
    await site.leave();
  });
  beforeEach(async () => {
    chain.trigger += 1;
    // A ticket for the service as clients have it now.
    await logOn(earlier);
    await request(earlier, 2);
  });
  afterEach(async () => {
    await tell({ request: "clear-faults" });
    for (const close of closing.splice(0)) await close();
  });

  const without = (unreachable: Wire["unreachable"]) => Object.assign(new Wire(), { unreachable });

  fault(
    {
      name: "a domain controller is down",
      how: "found by DNS; it is the PDC emulator",
      expected: "another one is read from, and a roll says that it needs the PDC emulator",
    },
    async () => {
      // The other one knows what there is.
      await replicate();
      const had = await credentials();
      const wire = without(({ host, port }) => host === hostName(dc1) && port !== 80);
      const message = await fails(wire, { domainController: undefined });
      assert.match(message, /PDC emulator.*dc1\.corp\.tailspintoys\.com refused the connection/);
      assert.deepEqual(await credentials(), had);
      await served();
      await converges();
    },
  );

  fault(
    {
      name: "all domain controllers are down",
      how: "none takes a connection",
      expected: "each is named, and no server is touched",
    },
    async () => {
      const had = await credentials();
      const wire = without(({ port }) => Number(port) === 636);
      const message = await fails(wire, { domainController: undefined });
      assert.match(message, /No domain controller of corp\.tailspintoys\.com answers\./);
      assert.match(message, /dc1\.corp\.\S+ refused .*dc2\.corp|dc2\.corp\.\S+ refused .*dc1\.corp/);
      assert.deepEqual(await credentials(), had);
      await served();
      await converges();
    },
  );

  fault(
    {
      name: "the Global Catalog is down",
      how: "its port takes no connection while a name is added",
      expected: "it is named, and no name is added that another account could have",
    },
    async () => {
      const spn = new Resource(servicePrincipalName);
      const inputs = { account: chain.qualifiedName, spn: autodiscover, deployment: chain.deployment.id };
      const run = new Program(settings());
      const wire = without(({ port }) => Number(port) === 3269);
      await assert.rejects(
        wire.run(() => spn.up(inputs, run)),
        /dc1\.corp\.tailspintoys\.com refused the connection to port 3269/,
      );
      await run.end();
      assert.equal((await chain.entry())?.servicePrincipalName, mail);
      await served();
      const again = new Program(settings());
      await spn.up(inputs, again);
      await spn.destroy(again);
      await again.end();
      await converges();
    },
  );

  fault(
    {
      name: "a server is out of shells",
      how: "for this account, by sessions of other runs",
      expected: "the server is named, and what ends such sessions",
    },
    async () => {
      const others = new ExchangeOrganization(openSessions(settings()), 1);
      closing.push(() => others.close());
      await listExchangeServers(others.endpoint(secondHost));
      await tell({ request: "set-organization", maximumShells: 1 });
      const had = await credentials();
      const message = await fails(new Wire());
      assert.match(message, /nothing was changed:\s+cas-2\.corp\S*: .*number of connections allowed/);
      assert.match(message, /Restart-WebAppPool|end by themselves/);
      assert.deepEqual(await credentials(), had);
      await served();
      await tell({ request: "set-organization", maximumShells: 18 });
      await others.close();
      await converges();
    },
  );

  fault(
    {
      name: "a server is slow",
      how: "each of its commands takes half a second more",
      expected: "the roll takes longer",
    },
    async () => {
      await tell({ request: "add-fault", fault: { fault: "delay", server: "cas-2", milliseconds: 500 } });
      const [error] = await Promise.all([up(new Wire()), served()]);
      assert.equal(error, undefined);
      await tell({ request: "clear-faults" });
      await settle();
      await served();
      await converges();
    },
  );

  fault(
    {
      name: "a server hangs",
      how: "in its push, until the run is cancelled",
      expected: "the directory is not changed, and the next up rolls",
    },
    async () => {
      const stamp = async () => (await chain.entry())?.pwdLastSet;
      const had = await stamp();
      const [first] = await credentials();
      await tell({
        request: "add-fault",
        fault: { fault: "hang", server: "cas-2", cmdlet: "Set-ClientAccessService" },
      });
      const message = await fails(new Wire(), {}, (run) => {
        void site.until(async () => (await site.newest("cas-1")) !== first).then(() => run.cancel());
      });
      assert.match(message, /cas-2\.corp\.tailspintoys\.com.*cancelled/s);
      assert.equal(await stamp(), had);
      await tell({ request: "clear-faults" });
      await settle();
      await served();
      await converges();
    },
  );

  fault(
    {
      name: "another server answers",
      how: "the front end hands sessions on to the next server",
      expected: "not those that name theirs, as ours do",
    },
    async () => {
      await tell({ request: "set-organization", proxyTo: "next" });
      const had = await credentials();
      assert.equal(await up(new Wire()), undefined);
      assert.ok((await credentials()).every((newest, index) => newest !== had[index]));
      await tell({ request: "set-organization", proxyTo: "same" });
      await converges();
    },
  );

  fault(
    {
      name: "the ticket expires",
      how: "of a run that logs on with a ticket cache, between two servers",
      expected: "the server is named and kinit; with a new ticket the same run goes on",
    },
    async () => {
      const cache = join(labFolder, "faults-short.ccache");
      const input = `${password(`${delegatedUser}@${corp.dnsName}`)}\n`;
      const ticket = (...more: string[]) =>
        mustRun("kinit", [...more, "-c", cache, `${delegatedUser}@${corp.realm}`], { input });
      const { EXCHANGE_KERBEROS_USERNAME: _, EXCHANGE_KERBEROS_PASSWORD: __, ...others } = process.env;
      const { KRB5CCNAME: ccache } = process.env;
      process.env.KRB5CCNAME = `FILE:${cache}`;
      closing.push(() => {
        process.env.KRB5CCNAME = ccache;
      });
      await ticket();
      const exchange = new ExchangeOrganization(openSessions(settings(others)), 1);
      closing.push(() => exchange.close());
      await listExchangeServers(exchange.endpoint(firstHost));
      await ticket("-l", "1s");
      await waitUntil(
        "the ticket has expired",
        async () => (await runCommand("klist", ["-s", "-c", cache])).status !== 0,
      );
      await assert.rejects(listExchangeServers(exchange.endpoint(secondHost)), (error: ProviderError) => {
        assert.equal(error.code, "kerberos", error.message);
        assert.match(error.message, /expired.*kinit/i);
        return true;
      });
      await served();
      await ticket();
      for (const host of fullNames) assert.ok((await listExchangeServers(exchange.endpoint(host))).length > 0);
      await converges();
    },
  );

  /** A server of TLS with a certificate that has just run out. */
  async function expired(address: string, port: number): Promise<Server> {
    const { certificate, key } = await provideCertificate("expired", [`*.${corp.dnsName}`], 0);
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return server;
  }

  fault(
    {
      name: "a certificate has expired",
      how: "of a domain controller, and of an Exchange server over HTTPS",
      expected: "it is named, nothing is sent, and it is never accepted",
    },
    async () => {
      await expired("127.0.0.1", 636);
      const dns = await nameServer([{ type: "A", name: hostName(dc1), data: "127.0.0.1" }]);
      closing.push(() => dns.close());
      const had = await credentials();
      const message = await fails(new Wire(), { dnsServers: [dns.address] });
      assert.match(message, /The certificate of dc1\.corp\.tailspintoys\.com:636 has expired/);
      assert.deepEqual(await credentials(), had);

      const server = await expired(addresses.exchangeServer(1), 0);
      const { port } = server.address() as { port: number };
      const session = openWsmanSession({
        url: `https://${firstHost}:${port}/PowerShell/`,
        identity: { kind: "cache" },
        ca: readFileSync(settings().caFile ?? "", "utf8"),
      });
      await assert.rejects(session, /The certificate of cas-1\.corp\.tailspintoys\.com, port \d+, has expired/);
      await served();
      await converges();
    },
  );
});
