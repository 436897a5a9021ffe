import assert from "node:assert/strict";
import { outlookAuthSetting } from "../../../provider/resources/outlook-auth-setting";
import type { OutlookInputs, OutlookOutputs } from "../../../provider/resources/outlook-auth-setting/schema";
import { Resource } from "../program";
import { article, outlookWorld, server } from "./world";

describe("OutlookAuthSetting: application pools", () => {
  const world = outlookWorld();

  const both = { "cas-1": {}, "cas-2": {} };
  const effective = (name = "cas-1") => world.program.lab.organization.require(name).effective;

  it("are named where they have to recycle, until somebody lets the program do it", async () => {
    await world.up(article);
    assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Ntlm");
    const warning = world.program.lines.find((line) => line.includes("Restart-WebAppPool")) ?? assert.fail();
    for (const pool of world.outlook.state.poolsToRecycle) assert.ok(warning.includes(pool), warning);
    assert.equal(world.outlook.state.poolsToRecycle.length, 4);
    world.program.forget();
    const changed = await world.up({ ...article, recycleApplicationPools: true });
    assert.deepEqual(changed, ["recycleApplicationPools"]);
    assert.deepEqual(world.program.writes, Array(4).fill("Restart-WebAppPool"));
    assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Negotiate");
    assert.deepEqual(world.outlook.state.poolsToRecycle, []);
  });

  it("recycle only where something changed, one server after the other", async () => {
    const servers = Object.keys(both);
    let recycling = 0;
    world.program.detour = (command, go) => {
      if (command.name !== "Restart-WebAppPool") return undefined;
      recycling += 1;
      assert.equal(recycling, 1, "two servers at once");
      return go([command]).finally(() => {
        recycling -= 1;
      });
    };
    const given = { mapi: { exactly: ["Ntlm", "Negotiate"] }, recycleApplicationPools: true };
    const resources = servers.map(() => new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting));
    await Promise.all(
      resources.map((one, index) =>
        one.up({ ...given, server: `${servers[index]}.corp.tailspintoys.com` }, world.program),
      ),
    );
    const hosts = world.program.sent.filter(({ shell }) => shell === "management").map(({ host }) => host);
    assert.deepEqual(hosts, [...hosts].sort(), "the servers took turns");
    for (const name of servers) assert.deepEqual(effective(name).mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    const restarted = world.program.writes.filter((name) => name === "Restart-WebAppPool");
    assert.equal(restarted.length, 4, "those of MAPI alone, two a server");
  });

  it("of a directory that was right already are left alone", async () => {
    world.outlookAnywhere().internalClientAuthenticationMethod = "Negotiate";
    await world.up({ ...article, recycleApplicationPools: true });
    const recycled = world.program.sent.flatMap(({ command: { name, parameters } }) =>
      name === "Restart-WebAppPool" ? [parameters?.Name] : [],
    );
    assert.deepEqual(recycled, ["MSExchangeMapiFrontEndAppPool", "MSExchangeMapiMailboxAppPool"]);
    world.program.forget();
    await world.destroy();
    assert.deepEqual(world.program.writes, ["Set-MapiVirtualDirectory", ...Array(2).fill("Restart-WebAppPool")]);
  });

  it("are those of the front end alone on a server without mailboxes, which 2013 can have", async () => {
    Object.assign(world.program.lab.organization.require("cas-1").state, { product: "2013", mailbox: false });
    await world.up({ ...article, recycleApplicationPools: true });
    assert.deepEqual(world.outlook.state.poolsToRecycle, []);
    assert.deepEqual(world.program.writes.slice(-2), ["Restart-WebAppPool", "Restart-WebAppPool"]);
    assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Negotiate");
    assert.deepEqual(effective().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
  });

  it("recycle after destroy too", async () => {
    await world.up({ ...article, recycleApplicationPools: true });
    await world.destroy();
    assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Ntlm");
  });

  it("are named at destroy where the program does not let it recycle any more, also if nothing else had changed", async () => {
    await world.up({ ...article, recycleApplicationPools: true });
    assert.deepEqual(await world.up(article), ["recycleApplicationPools"]);
    assert.equal(await world.up(article), "same");
    world.program.forget();
    await world.destroy();
    assert.ok(!world.program.writes.includes("Restart-WebAppPool"), world.program.writes.join(", "));
    assert.ok(world.program.lines.some((line) => line.includes("Restart-WebAppPool")));
  });

  it("recycle at the next destroy where that failed after all was put back", async () => {
    await world.up({ ...article, recycleApplicationPools: true });
    world.program.lab.organization.faults.add({ fault: "fail", cmdlet: "Restart-WebAppPool", times: 1 });
    await assert.rejects(
      world.destroy(),
      /^ProviderError: Application pools of cas-1\S+ are still to recycle\. .*could not recycle .*Restart-WebAppPool MSExchangeMapi.* on cas-1\S+, and forget/,
    );
    assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Ntlm");
    assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Negotiate");
    world.program.forget();
    await world.destroy();
    assert.deepEqual(world.program.writes, Array(4).fill("Restart-WebAppPool"));
    assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Ntlm");
  });

  it("recycle there too where only one setting of the directory was the stack's", async () => {
    const iis = { include: ["Negotiate"] };
    const wanted = { server, outlookAnywhere: { internal: "Negotiate", iis }, recycleApplicationPools: true };
    await world.up(wanted);
    world.program.lab.organization.faults.add({ fault: "fail", cmdlet: "Restart-WebAppPool", times: 1 });
    await assert.rejects(world.destroy(), /still to recycle/);
    world.program.forget();
    await world.destroy();
    assert.deepEqual(world.program.writes, Array(2).fill("Restart-WebAppPool"));
  });

  it("are left alone at destroy where the stack had changed nothing", async () => {
    const wanted = { ...article, recycleApplicationPools: true };
    await world.up(wanted);
    const second = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);
    await second.up(wanted, world.program.again());
    const last = world.program.again();
    await second.destroy(last);
    assert.deepEqual([last.writes, last.lines], [[], []]);
  });

  it("recycle, or are named, where all that they wait for is another resource's now", async () => {
    for (const recycleApplicationPools of [true, false]) {
      const old = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);
      await old.up(article, world.program.again());
      assert.equal(old.state.poolsToRecycle.length, 4);
      old.outputs = { ...old.state, recycleApplicationPools };
      const next = world.program.again();
      await new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting).up(article, next);
      world.program.forget();
      next.forget();
      await old.destroy(next);
      assert.deepEqual(next.writes, recycleApplicationPools ? Array(4).fill("Restart-WebAppPool") : []);
      assert.equal(
        next.lines.some((line) => line.includes("Restart-WebAppPool")),
        !recycleApplicationPools,
      );
      assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
      world.program.directories().outlookAnywhere.internalClientAuthenticationMethod = "Ntlm";
      world.program.directories().mapi.iisAuthenticationMethods = ["Ntlm", "OAuth", "Negotiate"];
    }
  });

  it("are still to recycle where that failed, and the next up does only that", async () => {
    const given = { ...article, recycleApplicationPools: true };
    world.program.lab.organization.faults.add({ fault: "fail", cmdlet: "Restart-WebAppPool", times: 1 });
    await assert.rejects(world.up(given), /could not recycle MSExchangeRpcProxyFrontEndAppPool on cas-1/);
    assert.equal(world.outlook.state.poolsToRecycle.length, 4);
    // After a refresh the engine has nothing unfinished: what is left to do is seen in the state alone.
    await world.refresh();
    world.program.forget();
    assert.deepEqual(await world.up(given), ["recycleApplicationPools"]);
    assert.deepEqual(world.program.writes, Array(4).fill("Restart-WebAppPool"));
    assert.equal(await world.up(given), "same");
  });
});
