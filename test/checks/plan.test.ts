import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { planProgram } from "../../cli/plan-program";
import { planText } from "../../cli/plan-text";
import { ModelSession } from "../../lab/exchange/model-session";
import { type Disagreement, type HeldName, type NamePlan, planNames } from "../../provider/checks/plan";
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

  const mail: HeldName = {
    ...{ hostName: full("mail"), servicePrincipalName: `http/${full("mail")}`, kind: "needed", holders: ["CN=ASA"] },
    ...{ sites: ["A", "B"], services: ["Mapi", "Oab"], servers: ["cas-1", "cas-2"], balanced: true },
  };
  const small = { domain, account: "CORP\\ASA$", silent: [], names: [mail], disagreements: [], sites: [] };

  it("is a table of what is needed, of what is not, and of servers that disagree", () => {
    const odd = { server: "cas-1", site: "A", service: "Mapi", scope: "internal" } as const;
    const names: HeldName[] = [
      mail,
      { ...mail, hostName: "exch", servicePrincipalName: "http/exch", balanced: false, holders: [] },
      { ...mail, hostName: "cas-1", kind: "server-name" },
    ];
    const disagreements = [
      { ...odd, name: undefined, others: "mail" },
      ...Array<Disagreement>(21).fill({ ...odd, name: "old", others: undefined }),
    ];
    const lines = planText({ ...small, names, disagreements }).split("\n");
    const few = lines.filter((line, index) => line !== lines[index - 1]);
    assert.deepEqual(
      few.map((line) => line.replace(/ {2,}/g, " | ")),
      [
        "Service principal names for the account, by site",
        "SPN | site | servers | services | held by | remark",
        `http/${full("mail")} | A, B | 2 | Mapi, Oab | CN=ASA`,
        "http/exch | A, B | 2 (not load-balanced) | Mapi, Oab | nobody | a short name",
        ...["", "Names that need none", "name | site | why | held by"],
        "cas-1 | A, B | a server's own name: the server answers for it itself | CN=ASA",
        ...["", "Servers that disagree with the others of their site"],
        "server | service | clients | has | most servers of its site have",
        "cas-1 | Mapi | internal | none | mail",
        "cas-1 | Mapi | internal | old | none",
        ...["and 2 more (--json lists all)", "", "2 SPNs, 0 sites, account CORP\\ASA$"],
      ],
    );
    assert.equal(
      planText({ ...small, names: [] }),
      "Service principal names for the account, by site\nnone\n\n0 SPNs, 0 sites, account CORP\\ASA$",
    );
  });

  it("makes a program that takes over the account that servers hold, and leaves out sites without names", () => {
    const sites = [
      { site: "A", servers: ["cas-1"], hostNames: [full("mail")] },
      { site: "B", servers: ["cas-2"], hostNames: [] },
    ];
    const factsOf = (account: string | undefined) => {
      const program = planProgram({ ...small, account, sites });
      assert.ok(!program.includes("organizationalUnit") && !program.includes('"B"'), program);
      return /\{\n( {2}adopt: true,\n)? {2}account: \{\n {4}name: "(.*)",\n {4}accountType: "(.*)"/
        .exec(program)
        ?.slice(1);
    };
    assert.deepEqual(factsOf("CORP\\ASA$"), ["  adopt: true,\n", "ASA", "computer"]);
    assert.deepEqual(factsOf("CORP\\asa"), ["  adopt: true,\n", "asa", "user"]);
    assert.deepEqual(factsOf(undefined), [undefined, "EXCH2016ASA", "computer"]);
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
