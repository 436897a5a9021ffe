import assert from "node:assert/strict";
import { join } from "node:path";
import { labFolder } from "../../../lab/folders";
import { tell } from "../../exchange-lab/support/clients";
import { settle } from "../../support/exchange";
import { Stack, succeeded } from "../../support/stack";
import { changesIn } from "../forest-by-hand";
import { logOn, request } from "./clients-under-load";
import { fullNames, Site, servers, spns } from "./site";

for (const method of ["script", "cmdlet"] as const) {
  describe(`account, password and names under pulumi up, by ${method}`, function () {
    this.timeout(180_000);
    let site: Site;
    let stack: Stack;
    const cache = join(labFolder, "lifecycle.ccache");
    const name = `LIFE-${method}`.toUpperCase();

    const source = (trigger: string) => `
      const account = new ek.AsaAccount("asa", {
        name: "${name}", organizationalUnit: ${JSON.stringify(site.unit)}, replication: false });
      const deployment = new ek.AsaDeployment("deployment", {
        account: account.qualifiedName, servers: ${JSON.stringify(fullNames)}, method: "${method}",
        rotation: { trigger: "${trigger}", maxPasswordAgeDays: 30 } });
      for (const spn of ${JSON.stringify(spns)}) {
        new ek.ServicePrincipalName(spn, { account: account.qualifiedName, spn, deployment: deployment.id });
      }
      exports.deployed = deployment.deployed;`;

    before(async function () {
      site = await Site.enter(this, `Life ${method}`);
      stack = await Stack.create(`life-${method}`, source("one"));
    });
    after(async () => {
      await stack?.remove();
      await site?.leave();
    });

    /** Statuses of requests with new tickets, once servers work with what they have. */
    const clients = async () => {
      await settle();
      await logOn(cache);
      return [...new Set(await request(cache, 6))];
    };
    const deployment = async () =>
      (await stack.resources()).find(({ type }) => type.endsWith(":AsaDeployment")) ?? assert.fail("not in the state");
    const newest = () => Promise.all(servers.map((server) => site.newest(server)));

    it("previews without a write, and lets clients in when it is up", async () => {
      const before = changesIn(site.unit);
      assert.match(succeeded(await stack.preview()), /\+ 5 to create/);
      assert.equal(changesIn(site.unit), before);
      assert.deepEqual(await newest(), ["", ""]);
      assert.deepEqual(await clients(), ["401"]);
      succeeded(await stack.up());
      assert.deepEqual(await clients(), ["200"]);
      const { id, outputs } = await deployment();
      assert.match(id ?? "", /^[0-9a-f-]{36}@cas-1\.corp\.tailspintoys\.com$/);
      const states = outputs?.deployed as { condition: string }[];
      assert.deepEqual(
        states.map(({ condition }) => condition),
        ["deployed", "deployed"],
      );
    });

    it("needs no server for a preview and an up without changes", async () => {
      const before = [changesIn(site.unit), await newest()];
      for (const server of servers) await tell({ request: "stop-server", server });
      try {
        succeeded(await stack.preview("--expect-no-changes"));
        succeeded(await stack.up("--expect-no-changes"));
      } finally {
        for (const server of servers) await tell({ request: "start-server", server });
      }
      succeeded(await stack.refresh("--expect-no-changes"));
      assert.deepEqual([changesIn(site.unit), await newest()], before);
    });

    it("says at the preview that the password rolls, and rolls it at up", async () => {
      const before = await newest();
      stack.write(source("two"));
      const preview = succeeded(await stack.preview());
      assert.match(preview, /the password rolls, as the trigger is now "two"/);
      assert.deepEqual(await newest(), before);
      succeeded(await stack.up());
      const after = await newest();
      assert.ok(after.every((one, index) => one !== before[index]));
      assert.deepEqual(await clients(), ["200"]);
      succeeded(await stack.preview("--expect-no-changes"));
    });

    it("keeps what a failed roll reached, says which server it was, and goes on from there", async () => {
      stack.write(source("three"));
      const cmdlet = method === "script" ? "Set-ClientAccessServer" : "Set-ClientAccessService";
      await tell({
        request: "add-fault",
        fault: { fault: "fail", server: "cas-2", cmdlet, times: 1, message: "Out of disk." },
      });
      const failed = await stack.up();
      assert.notEqual(failed.status, 0);
      assert.match(failed.stdout, /cas-2.*Out of disk\./is);
      const states = (await deployment()).outputs?.deployed as { condition: string }[];
      assert.deepEqual(
        states.map(({ condition }) => condition),
        ["unconfirmed", "deployed"],
      );
      assert.deepEqual(await clients(), ["200"]);
      succeeded(await stack.up());
      assert.deepEqual(await clients(), ["200"]);
      succeeded(await stack.preview("--expect-no-changes"));
    });

    it("rolls for one of two stacks at a time, and tells the other who is at it", async () => {
      const account = `TAILSPIN\\${name}$`;
      const other = (trigger: string) => `
        new ek.AsaDeployment("other", { account: ${JSON.stringify(account)}, servers: ${JSON.stringify(fullNames)},
          method: "${method}", adopt: true, rotation: { trigger: "${trigger}" } });`;
      const second = await Stack.create(`life-${method}-second`, other("a"));
      try {
        succeeded(await second.up());
        second.write(other("b"));
        stack.write(source("four"));
        // Long enough that the two meet for certain.
        await tell({ request: "add-fault", fault: { fault: "delay", milliseconds: 1500 } });
        const both = [stack.up(), second.up()];
        const outcomes = await Promise.all(both);
        await tell({ request: "clear-faults" });
        const refused = outcomes.filter(({ status }) => status !== 0);
        assert.equal(refused.length, 1, outcomes.map(({ stdout }) => stdout).join("\n"));
        assert.match(
          refused[0]?.stdout ?? "",
          /is being rolled by process \d+ on \S+ Wait until it is done|has rolled the password of \S+ just now/,
        );
        assert.deepEqual(await clients(), ["200"]);
        // Who was refused finds, once it looks, that the other has rolled.
        for (const one of [stack, second]) {
          succeeded(await one.refresh());
          succeeded(await one.up());
          succeeded(await one.preview("--expect-no-changes"));
          succeeded(await stack.refresh());
        }
        assert.deepEqual(await clients(), ["200"]);
        // What it has adopted stays.
        const before = await newest();
        succeeded(await second.destroy());
        assert.deepEqual(await newest(), before);
      } finally {
        await tell({ request: "clear-faults" });
        await second.remove();
      }
    });

    it("shows at refresh what was taken off a server by hand, and brings it back", async () => {
      await tell({
        request: "invoke",
        server: "cas-2",
        user: "Administrator@corp.tailspintoys.com",
        commands: [
          {
            name: "Set-ClientAccessService",
            parameters: { Identity: "cas-2", RemoveAlternateServiceAccountCredentials: true },
          },
        ],
      });
      succeeded(await stack.refresh());
      const preview = succeeded(await stack.preview("--diff"));
      assert.match(preview, /\+.*cas-2\.corp\.tailspintoys\.com/);
      succeeded(await stack.up());
      assert.deepEqual(await clients(), ["200"]);
    });

    it("takes all of it away at destroy, in the article's order", async () => {
      succeeded(await stack.destroy());
      assert.deepEqual(await newest(), ["", ""]);
      assert.equal(await site.forest.find(`${name}$`), undefined);
      assert.deepEqual(await clients(), ["401"]);
    });
  });
}
