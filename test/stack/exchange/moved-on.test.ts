import assert from "node:assert/strict";
import { join } from "node:path";
import { corp } from "../../../lab/domain-controller";
import { labFolder } from "../../../lab/folders";
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

  const source = (deployment: string, names: Readonly<Record<string, string>>) => `
    const account = new ek.AsaAccount("asa", {
      name: "MOVEDON", organizationalUnit: ${JSON.stringify(site.unit)}, replication: false });
    const deployment = new ek.AsaDeployment("${deployment}", {
      account: account.qualifiedName, servers: ${JSON.stringify(fullNames)}, method: "cmdlet" });
    for (const [name, spn] of Object.entries(${JSON.stringify(names)})) {
      new ek.ServicePrincipalName(name, { account: account.qualifiedName, spn, deployment: deployment.id });
    }`;

  before(async function () {
    site = await Site.enter(this, "Moved on");
    stack = await Stack.create("moved-on", source("deployment", { a: mail, b: autodiscover, c: third }));
    succeeded(await stack.up());
  });
  after(async () => {
    await stack?.remove();
    await site?.leave();
  });

  const names = async () => [(await site.forest.find("MOVEDON$"))?.servicePrincipalName ?? []].flat().sort();
  const clients = async () => {
    await settle();
    await logOn(cache);
    return [...new Set(await request(cache, 6))];
  };

  it("lets its clients in all the same, and every name stays on the account", async () => {
    assert.deepEqual(await clients(), ["200"]);
    stack.write(source("another", { a: autodiscover, b: mail, d: third }));
    const said = succeeded(await stack.up());
    assert.match(said, /http\/third\S* stays on CN=MOVEDON.*: another resource of the program has it now/);
    assert.match(said, /MOVEDON\$ stays on cas-1\S*, cas-2\S*: another resource of the program deploys it there now/);
    assert.deepEqual(await names(), [autodiscover, mail, third].sort());
    assert.deepEqual(await clients(), ["200"]);
    succeeded(await stack.up("--expect-no-changes"));
    succeeded(await stack.refresh("--expect-no-changes"));
  });

  it("takes all of it off on destroy, as what is there is its own", async () => {
    succeeded(await stack.destroy());
    assert.equal(await site.forest.find("MOVEDON$"), undefined);
    for (const server of servers) assert.equal(await site.newest(server), "");
  });
});
