import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { planProgram } from "../../cli/plan-program";
import { planText } from "../../cli/plan-text";
import { ModelSession } from "../../lab/exchange/model-session";
import { type NamePlan, planNames } from "../../provider/checks/plan";
import { type ExchangeServer, listExchangeServers } from "../../provider/exchange/exchange-servers";
import { readNamespaces } from "../../provider/exchange/namespaces";
import { organizationOf } from "../exchange-lab/support/model";

const domain = "corp.tailspintoys.com";
const full = (name: string) => `${name}.${domain}`;

/** What is planned for servers of the model, or some of them; `arrange` changes what they give to clients. */
async function planOf(
  servers: Parameters<typeof organizationOf>[0],
  arrange: (organization: ReturnType<typeof organizationOf>["organization"]) => void = () => {},
  wanted: (server: ExchangeServer) => boolean = () => true,
): Promise<NamePlan & { commands: number }> {
  const { connect, organization } = organizationOf(servers);
  arrange(organization);
  const [first] = organization.servers;
  if (first === undefined) throw new Error("no server");
  const session = new ModelSession(first.fqdn, connect(first.fqdn), "full");
  let commands = 0;
  const shell = {
    host: first.fqdn,
    invoke: (...parameters: Parameters<ModelSession["invoke"]>) => {
      commands += 1;
      return session.invoke(...parameters);
    },
  };
  const listed = await listExchangeServers(shell);
  const entry = listed.find(({ fqdn }) => fqdn === first.fqdn);
  if (entry === undefined) throw new Error("the first server is not listed");
  const plan = planNames(listed.filter(wanted), await readNamespaces(shell, entry), listed);
  return { ...plan, commands };
}

const kindOf = ({ names }: NamePlan, name: string) => names.find(({ hostName }) => hostName === full(name))?.kind;

describe("planning of names", () => {
  it("has the names of the article's two sites, each for its own", async () => {
    const second = { site: "ADSite2", namespace: full("mailsdc"), autodiscoverNamespace: full("autodiscoversdc") };
    const plan = await planOf({ "cas-1": {}, "cas-2": {}, "cas-3": second, "cas-4": second });
    const needed = plan.names.filter(({ kind }) => kind === "needed");
    assert.deepEqual(
      needed.map(({ servicePrincipalName, sites }) => [servicePrincipalName, sites]),
      [
        [`http/${full("autodiscover")}`, ["Default-First-Site-Name"]],
        [`http/${full("autodiscoversdc")}`, ["ADSite2"]],
        [`http/${full("mail")}`, ["Default-First-Site-Name"]],
        [`http/${full("mailsdc")}`, ["ADSite2"]],
      ],
    );
    assert.ok(needed.every(({ balanced }) => balanced));
  });

  it("tells names that need no SPN from those that do, and why", async () => {
    const plan = await planOf({ "cas-1": {}, "cas-2": {} }, ({ servers }) => {
      for (const { state } of servers) {
        state.virtualDirectories.mapi.externalUrl = `https://${full("outside")}/mapi`;
        state.virtualDirectories.switched.Owa.internalUrl = `https://${full("webmail")}/owa`;
        state.virtualDirectories.switched.Oab.internalUrl = `https://${state.fqdn}/OAB`;
      }
      const [one] = servers;
      if (one !== undefined)
        one.state.virtualDirectories.switched.WebServices.internalUrl = `https://${full("one")}/EWS`;
    });
    assert.equal(kindOf(plan, "mail"), "needed");
    assert.equal(kindOf(plan, "outside"), "external-only");
    assert.equal(kindOf(plan, "webmail"), "no-kerberos-service");
    assert.equal(kindOf(plan, "cas-1"), "server-name");
    const order = ["needed", "server-name", "external-only", "no-kerberos-service"];
    assert.deepEqual([...new Set(plan.names.map(({ kind }) => kind))], order, "those that need an SPN first");
    // A name that leads to one server alone needs its SPN too: that server answers for it with the account's key.
    const one = plan.names.find(({ hostName }) => hostName === full("one"));
    assert.deepEqual([one?.kind, one?.balanced, one?.servers], ["needed", false, [full("cas-1")]]);
  });

  it("knows a server's own name where nobody asks about that server, as when a new one still leads to an old one", async () => {
    const plan = await planOf(
      { "cas-1": {}, "cas-old": { product: "2010" } },
      ({ servers: [one] }) => {
        if (one !== undefined) one.state.autoDiscoverServiceInternalUri = `https://${full("cas-old")}/autodiscover.xml`;
      },
      ({ product }) => product !== "2010",
    );
    assert.equal(kindOf(plan, "mail"), "needed");
    assert.equal(kindOf(plan, "cas-old"), "server-name");
  });

  it("counts the servers and sites whose clients inside have a name, and none that has no clients of its own", () => {
    const server = (name: string, site: string, clientAccess = true): ExchangeServer => {
      const fqdn = full(name.toLowerCase());
      return { name, fqdn, site, clientAccess, product: "2016", version: "15.1.2375.7", mailbox: true };
    };
    const servers = [server("CAS-2", "B"), server("CAS-1", "A"), server("MBX", "A", false)];
    const uses = [
      ["CAS-2", "mail", "apart"],
      ["CAS-1", "apart", "mail"],
      ["MBX", "backend", "backend"],
    ].map(([name = "", internal = "", external = ""]) => {
      return { server: name, service: "Mapi", internal: full(internal), external: full(external) } as const;
    });
    const own = { server: "CAS-1", service: "Oab", internal: "cas-1", external: undefined } as const;
    assert.deepEqual(
      planNames(servers, [...uses, own], servers).names.map((name) => {
        return [name.hostName, name.kind, name.sites.join(), name.servers.join(), name.balanced];
      }),
      [
        [full("apart"), "needed", "A", full("cas-1"), true],
        [full("mail"), "needed", "B", full("cas-2"), true],
        ["cas-1", "server-name", "A", full("cas-1"), true],
      ],
    );
    const everywhere = uses.map((use) => ({ ...use, internal: full("mail") }));
    assert.deepEqual(planNames(servers, everywhere, servers).names[0]?.sites, ["A", "B"]);
  });

  // Of two servers each is half: then the name that is in use more is the one to go by.
  for (const others of [2, 1]) {
    it(`names the server that disagrees with ${others} others of its site`, async () => {
      const servers = Object.fromEntries(Array.from({ length: 1 + others }, (_, index) => [`cas-${index + 1}`, {}]));
      const plan = await planOf(servers, ({ servers: [odd] }) => {
        if (odd !== undefined) odd.state.virtualDirectories.mapi.internalUrl = `https://${full("old")}/mapi`;
      });
      assert.deepEqual(
        plan.disagreements.map(({ server, service, scope, name, others }) => [server, service, scope, name, others]),
        [[full("cas-1"), "Mapi", "internal", full("old"), full("mail")]],
      );
    });
  }

  it("asks as many commands for 200 servers as for two, and shows 40 names on one page", async () => {
    const servers = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => {
        const site = Math.floor(index / 10) + 1;
        const names = { namespace: full(`mail${site}`), autodiscoverNamespace: full(`autodiscover${site}`) };
        return [`cas-${index + 1}`, { site: `Site${site}`, ...names }];
      }),
    );
    const [large, small] = [await planOf(servers), await planOf({ "cas-1": {}, "cas-2": {} })];
    assert.equal(large.commands, small.commands);
    assert.equal(large.names.length, 40);
    const text = planText({
      domain,
      account: undefined,
      silent: [],
      sites: [],
      names: large.names.map((name) => ({ ...name, holders: [] })),
      disagreements: large.disagreements,
    });
    const lines = text.split("\n");
    assert.ok(lines.length <= 50, String(lines.length));
    for (const line of lines) assert.ok(line.length <= 160, line);
  });

  it("makes no second account where servers that may hold one do not answer", () => {
    const plan = { domain, account: undefined, silent: [full("cas-2")], names: [], disagreements: [], sites: [] };
    assert.match(planText(plan), /account not known, as cas-2\.\S+ did not answer/);
    assert.throws(() => planProgram(plan), { code: "refused", message: /cas-2\S+ did not answer.*--account/ });
    assert.match(planText({ ...plan, silent: [] }), /account not made yet/);
  });

  it("lets no name of a site or a server become code of the program", () => {
    const hostile = `x"] }); process.exit(1); //\n\`\${1}\`\\`;
    const program = planProgram(
      {
        domain,
        account: undefined,
        silent: [],
        names: [],
        disagreements: [],
        sites: [{ site: hostile, servers: [hostile], hostNames: [hostile] }],
      },
      hostile,
    );
    assert.equal(program.split(JSON.stringify(hostile)).length, 5);
    assert.equal(program.replaceAll(JSON.stringify(hostile), "").includes("process.exit"), false);
  });
});
