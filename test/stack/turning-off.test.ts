import assert from "node:assert/strict";
import { corp } from "../../lab/domain-controller";
import { labStatus } from "../../lab/exchange/control/client";
import { exchangeControlSocket } from "../../lab/exchange/up";
import { exchangeUnit } from "../../lab/people";
import { MailClient, tell } from "../exchange-lab/support/clients";
import { dump, exchangeEnvironment, settle } from "../support/exchange";
import { requireLab } from "../support/lab";
import { Stack, succeeded } from "../support/stack";
import { ForestByHand } from "./forest-by-hand";

const full = (name: string) => `${name}.${corp.dnsName}`;
const account = (name: string) => ({ name, organizationalUnit: exchangeUnit, replication: false });
const site = (name: string, asa: string, servers: string[], hosts: string[]) => ({
  name,
  account: account(asa),
  servers: servers.map(full),
  hostNames: hosts.map(full),
});
const first = site("ADSite1", "OFFASA1", ["cas-1", "cas-2"], ["mail", "autodiscover"]);
const second = site("ADSite2", "OFFASA2", ["cas-3"], ["mailsdc", "autodiscoversdc"]);
const withoutSecondServer = { ...first, servers: first.servers.slice(0, 1) };

function program(sites: readonly object[], { name = "exchange", description = "made by the program", more = "" } = {}) {
  return `
    const sites = ${JSON.stringify(sites)};
    for (const site of sites) site.account.description = ${JSON.stringify(description)};
    const outlook = {
      outlookAnywhere: { internal: "Negotiate" },
      mapi: { exactly: ["Ntlm", "Negotiate"] },
      recycleApplicationPools: true,
    };
    new ek.ExchangeKerberos("${name}", { method: "cmdlet", sites, outlook }, {
      transforms: [({ type, props, opts }) => type.endsWith(":AsaAccount")
        ? { props, opts: { ...opts, ignoreChanges: ["description"] } }
        : undefined],
      ${more}
    });`;
}

describe("turning Kerberos off", function () {
  this.timeout(180_000);
  const client = new MailClient();
  let forest: ForestByHand;
  let stack: Stack;
  let asItWas: unknown;

  before(async function () {
    requireLab(this);
    forest = await ForestByHand.open();
    asItWas = await dump(forest);
    const environment = await exchangeEnvironment();
    stack = await Stack.create("turning-off", program([first, second]), { environment });
    succeeded(await stack.up());
    await settle();
    await client.logOn();
  });
  after(async () => {
    if (forest === undefined) return;
    await stack?.destroy();
    await stack?.remove();
    await forest.close();
  });

  /** The status of one server's answer under the load-balanced name. */
  const ask = async (host: string, server: string): Promise<number> => {
    const connect = ["--connect-to", `::${full(server)}:`];
    const answer = await client.get(`https://${full(host)}/mapi/`, "--negotiate", "-u", ":", ...connect);
    assert.equal(answer.server, server.toUpperCase());
    return answer.status;
  };
  const credentialsOf = async (server: string) => {
    const { servers } = await labStatus(exchangeControlSocket);
    return servers.find(({ name }) => name.toLowerCase() === server)?.credentials.map((one) => one.account);
  };
  const kinds = async () => {
    const types = (await stack.resources()).map(({ type }) => type);
    return new Set(types.filter((type) => /exchangeKerberos:/.test(type)).map((type) => type.split(":").at(-1)));
  };

  it("finds Kerberos on, everywhere", async () => {
    assert.equal(await ask("mail", "cas-1"), 200);
    assert.equal(await ask("mail", "cas-2"), 200);
    assert.equal(await ask("mailsdc", "cas-3"), 200);
  });

  it("is not what a new name of the component does: children follow its alias, transforms reach them", async () => {
    const renamed = { name: "kerberos", more: 'aliases: [{ name: "exchange" }],', description: "ignored" };
    stack.write(program([first, second], renamed));
    assert.match(succeeded(await stack.up("--expect-no-changes")), /unchanged/);
    const children = (await stack.resources()).filter(({ type }) => type.includes("exchangeKerberos:"));
    for (const { urn } of children) assert.match(urn, /::kerberos/);
    stack.write(program([first, second], { name: "kerberos", more: "protect: true, retainOnDelete: true," }));
    succeeded(await stack.up());
    const state: unknown[] = JSON.parse(await stack.stateText()).deployment.resources;
    const flags = state.filter((one) =>
      String(Reflect.get(one as object, "type")).includes("dynamic/exchangeKerberos:"),
    );
    assert.ok(flags.length > 8);
    for (const one of flags as { protect?: boolean; retainOnDelete?: boolean }[]) {
      assert.deepEqual([one.protect, one.retainOnDelete], [true, true]);
    }
    stack.write(program([first, second], { name: "kerberos", more: "protect: false, retainOnDelete: false," }));
    succeeded(await stack.up());
  });

  it("is not what names in another case do", async () => {
    const shout = (names: readonly string[]) => names.map((name) => name.toUpperCase());
    const shouted = { ...first, servers: shout(first.servers), hostNames: shout(first.hostNames) };
    stack.write(program([shouted, second], { name: "kerberos" }));
    assert.match(succeeded(await stack.up("--expect-no-changes")), /unchanged/);
  });

  it("is not what a site does that is split off: the preview tells which name goes to its new account", async () => {
    const rest = { ...first, servers: first.servers.slice(0, 1), hostNames: first.hostNames.slice(0, 1) };
    const split = site("ADSite3", "OFFASA3", ["cas-2"], ["autodiscover"]);
    stack.write(program([rest, split, second], { name: "kerberos" }));
    const shown = succeeded(await stack.preview());
    const names = [...shown.matchAll(/ServicePrincipalName kerberos-(\S+) +update/g)].map(([, name]) => name);
    assert.deepEqual(names, split.hostNames, shown);
  });

  it("is not what another name of a site does, where its children have the old one as alias", async () => {
    const sites = [first, { ...second, name: "West" }];
    stack.write(program(sites, { name: "kerberos" }));
    const { status, stdout } = await stack.preview();
    assert.notEqual(status, 0);
    assert.match(stdout, /OFFASA2\$ is taken by .* under its former name, give that as an alias/);
    const alias = `({ name, props, opts }) => name.startsWith("kerberos-West-")
      ? { props, opts: { ...opts, aliases: [{ name: name.replace("West", "ADSite2") }] } }
      : undefined`;
    stack.write(program(sites, { name: "kerberos", more: `transforms: [${alias}],` }));
    assert.match(succeeded(await stack.preview("--expect-no-changes")), /unchanged/);
  });

  const rewritten = (sites: readonly object[]) => {
    stack.write(program(sites, { name: "kerberos" }));
    return stack.up();
  };

  it("on one server leaves the others on Kerberos", async () => {
    succeeded(await rewritten([withoutSecondServer, second]));
    await settle();
    assert.deepEqual(await credentialsOf("cas-2"), []);
    assert.equal(await ask("mail", "cas-1"), 200);
    assert.equal(await ask("mail", "cas-2"), 401);
    assert.equal(await ask("mailsdc", "cas-3"), 200);
    const { offers } = await client.get(`https://${full("cas-2")}/mapi/`, "--basic");
    assert.deepEqual(offers, ["Negotiate", "NTLM", "Bearer"], "as it was before the stack");
  });

  it("in one site leaves the other on Kerberos", async () => {
    succeeded(await rewritten([withoutSecondServer]));
    await settle();
    assert.deepEqual(await credentialsOf("cas-3"), []);
    await client.logOn();
    assert.match(await client.ticket(`http/${full("mailsdc")}`), /not found in Kerberos database/);
    assert.equal(await forest.find("OFFASA2$"), undefined);
    assert.equal(await ask("mail", "cas-1"), 200);
  });

  it("stops where a step fails, and nothing later is undone; the next destroy goes on from there", async () => {
    await tell({
      request: "add-fault",
      fault: { fault: "fail", server: "cas-1", cmdlet: "Set-MapiVirtualDirectory", times: 1 },
    });
    assert.notEqual((await stack.destroy()).status, 0);
    await tell({ request: "clear-faults" });
    assert.deepEqual(
      await kinds(),
      new Set([...["ExchangeKerberos", "AsaAccount", "AsaDeployment", "ServicePrincipalName", "OutlookAuthSetting"]]),
    );
    assert.equal(await ask("mail", "cas-1"), 200, "Outlook's step failed, so Kerberos still works");
    assert.match(succeeded(await stack.destroy()), /Clients keep their tickets until they restart/);
    await settle();
  });

  it("leaves everything as it was before", async () => {
    assert.deepEqual(await dump(forest), asItWas);
  });

  it("leaves a client that knows only NTLM its way in, and offers nobody a ticket that no server opens", async () => {
    await client.logOn();
    for (const host of ["mail", "autodiscover"]) {
      assert.match(await client.ticket(`http/${full(host)}`), /not found in Kerberos database/);
      // Nobody can log on with NTLM in the lab; that the server goes on with it shows in its challenge.
      const { status, offers } = await client.get(`https://${full(host)}/mapi/`, "--basic");
      assert.equal(status, 401);
      assert.ok(offers.includes("NTLM") && offers.includes("Negotiate"), String(offers));
    }
  });
});
