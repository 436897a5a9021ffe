import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { corp } from "../../../lab/domain-controller";
import { exchangeFolder } from "../../../lab/exchange/up";
import { labFolder } from "../../../lab/folders";
import { tell } from "../../exchange-lab/support/clients";
import { settle } from "../../support/exchange";
import { Stack, succeeded } from "../../support/stack";
import { logOn, request } from "./clients-under-load";
import { fullNames, Site, servers, spns } from "./site";

describe("a program whose resources get other names, without aliases", function () {
  this.timeout(180_000);
  let site: Site;
  let stack: Stack;
  const cache = join(labFolder, "moved-on.ccache");
  const [mail = "", autodiscover = ""] = spns;
  const third = `http/third.${corp.dnsName}`;

  const source = (deployment: string, names: Readonly<Record<string, string>>, more = "") => `
    const account = new ek.AsaAccount("asa", {
      name: "MOVEDON", organizationalUnit: ${JSON.stringify(site.unit)}, replication: false });
    const deployment = new ek.AsaDeployment("${deployment}", {
      account: account.qualifiedName, servers: ${JSON.stringify(fullNames)}, method: "cmdlet" });
    const names = Object.entries(${JSON.stringify(names)}).map(([name, spn]) => new ek.ServicePrincipalName(name, {
      account: account.qualifiedName, spn, deployment: deployment.id }));
    const outlook = new ek.OutlookAuthSetting("outlook of ${deployment}", {
      server: ${JSON.stringify(fullNames[0])}, outlookAnywhere: { internal: "Negotiate" } }, { dependsOn: names });
    ${more}`;
  /** What an \`up\` comes to an end with that deletes nothing any more. */
  const failing = `new ek.ServicePrincipalName("fails", {
    account: "TAILSPIN\\\\NOBODY$", spn: "http/nobody.example.com", allowBeforeDeployment: true }, { dependsOn: [outlook] });`;

  before(async function () {
    site = await Site.enter(this, "Moved on");
    stack = await Stack.create("moved-on", source("first", { a: mail, b: autodiscover, c: third }));
    succeeded(await stack.up());
  });
  after(async () => {
    await stack?.remove();
    if (site !== undefined) await setOutlookMethod("Ntlm");
    await site?.leave();
  });

  const names = async () => [(await site.forest.find("MOVEDON$"))?.servicePrincipalName ?? []].flat().sort();
  const outlookMethod = () => {
    const organization = JSON.parse(readFileSync(join(exchangeFolder, "organization.json"), "utf8"));
    return organization.servers[0].virtualDirectories.outlookAnywhere.internalClientAuthenticationMethod;
  };
  /** As an administrator would. What a resource found before the stack is forgotten with it: the new one found ours. */
  const setOutlookMethod = (method: string) => {
    const parameters = { Identity: "CAS-1\\Rpc (Default Web Site)", InternalClientAuthenticationMethod: method };
    const commands = [{ name: "Set-OutlookAnywhere", parameters }];
    return tell({ request: "invoke", server: "cas-1", user: "Administrator@corp.tailspintoys.com", commands });
  };
  const allIsThere = async () => {
    assert.deepEqual(await names(), [autodiscover, mail, third].sort());
    assert.equal(outlookMethod(), "Negotiate");
    await settle();
    await logOn(cache);
    assert.deepEqual([...new Set(await request(cache, 6))], ["200"]);
  };

  it("lets its clients in all the same, and every name stays on the account", async () => {
    await allIsThere();
    stack.write(source("second", { a: autodiscover, b: mail, d: third }));
    const said = succeeded(await stack.up());
    assert.match(said, /http\/third\S* stays on CN=MOVEDON.*: another resource of the program has it now/);
    assert.match(said, /MOVEDON\$ stays on cas-1\S*, cas-2\S*: another resource of the program deploys it there now/);
    assert.match(said, /keeps internal: another resource of the program has that now/);
    await allIsThere();
    succeeded(await stack.up("--expect-no-changes"));
    succeeded(await stack.refresh("--expect-no-changes"));
  });

  it("does so too where the run that made the new ones broke off, and the next one deletes the old ones", async () => {
    const renamed = { e: autodiscover, f: mail, g: third };
    stack.write(source("third", renamed, failing));
    const { status, stdout } = await stack.up();
    assert.notEqual(status, 0);
    assert.match(stdout, /There is no account TAILSPIN.NOBODY\$/);
    assert.doesNotMatch(stdout, /- .*ServicePrincipalName \S+ deleted/);
    stack.write(source("third", renamed));
    assert.match(succeeded(await stack.up()), /- 5 deleted/);
    await allIsThere();
    succeeded(await stack.up("--expect-no-changes"));
  });

  it("does so too where Pulumi is told to replace them, and refuses that for the account", async () => {
    const urns = (await stack.resources()).map(({ urn }) => urn);
    const replace = (type: string) =>
      stack.up(...urns.filter((urn) => urn.includes(`:${type}::`)).flatMap((urn) => ["--replace", urn]));
    for (const [type, count] of [
      ["ServicePrincipalName", 3],
      ["AsaDeployment", 1],
      ["OutlookAuthSetting", 1],
    ] as const) {
      assert.match(succeeded(await replace(type)), new RegExp(`\\+-${count} replaced`), type);
      await allIsThere();
    }
    const { status, stdout } = await replace("AsaAccount");
    assert.notEqual(status, 0);
    assert.match(stdout, /MOVEDON/);
    await allIsThere();
    succeeded(await stack.up("--expect-no-changes"));
  });

  it("takes all of it off on destroy, as what is there is its own", async () => {
    succeeded(await stack.destroy());
    assert.equal(await site.forest.find("MOVEDON$"), undefined);
    for (const server of servers) assert.equal(await site.newest(server), "");
    assert.equal(outlookMethod(), "Negotiate");
  });
});
