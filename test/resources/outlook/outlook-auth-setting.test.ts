import assert from "node:assert/strict";
import { ProviderError } from "../../../provider/error";
import { unknown } from "../../../provider/resources/handler";
import { outlookAuthSetting } from "../../../provider/resources/outlook-auth-setting";
import type { OutlookInputs } from "../../../provider/resources/outlook-auth-setting/schema";
import { Resource } from "../program";
import { article, outlookWorld, server } from "./world";

describe("OutlookAuthSetting", () => {
  const world = outlookWorld();

  it("does the article's step on one server and no other, and undoes it", async () => {
    const before = structuredClone([world.program.directories("cas-1"), world.program.directories("cas-2")]);
    await world.up(article);
    assert.equal(world.outlook.id, server);
    assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
    assert.deepEqual(world.program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    assert.deepEqual(world.program.directories("cas-2"), before[1]);
    await world.destroy();
    assert.deepEqual(
      [world.program.directories("cas-1"), world.program.directories("cas-2")].map(setsOf),
      before.map(setsOf),
    );
  });

  it("is left as it is where it goes under another name: the new resource has it then", async () => {
    await world.up(article);
    world.program = world.program.again();
    const renamed = new Resource(outlookAuthSetting);
    await renamed.up({ server, outlookAnywhere: article.outlookAnywhere }, world.program);
    // One that has something else of the same directory takes nothing from that one.
    await new Resource(outlookAuthSetting).up({ server, outlookAnywhere: { external: "Ntlm" } }, world.program);
    await world.destroy();
    assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
    assert.match(world.program.lines.join("\n"), /keeps internal: another resource of the program has that now/);
    // What the new one does not name goes back.
    assert.deepEqual(
      new Set(world.program.directories().mapi.iisAuthenticationMethods),
      new Set(["Ntlm", "OAuth", "Negotiate"]),
    );
  });

  it("is left to the new resource in a later run too, where the first one broke off", async () => {
    await world.up(article);
    const renamed = new Resource(outlookAuthSetting);
    await renamed.up(article, world.program.again());
    const later = world.program.again();
    assert.equal(await renamed.up(article, later), "same");
    const goes = world.outlook.remember();
    await world.outlook.destroy(later);
    assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
    assert.deepEqual(world.program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    // What the new one gives up in such a run is the old one's to put back.
    goes();
    const last = world.program.again();
    await renamed.up({ server, outlookAnywhere: article.outlookAnywhere }, last);
    await world.outlook.destroy(last);
    assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
    assert.ok(world.program.directories().mapi.iisAuthenticationMethods.includes("OAuth"));
  });

  it("goes back to what another resource wants, where one that has made it otherwise goes", async () => {
    await world.up(article);
    const mistaken = new Resource(outlookAuthSetting);
    await mistaken.up({ server, outlookAnywhere: { internal: "Basic" } }, world.program.again());
    const later = world.program.again();
    assert.equal(await world.outlook.up(article, later), "same");
    await mistaken.destroy(later);
    assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
  });

  it("says at preview what will change, and that the plain list drops OAuth", async () => {
    assert.deepEqual(await world.refusals(article), []);
    assert.deepEqual(world.program.writes, []);
    const said = world.program.lines.join("\n");
    assert.match(said, /CAS-1\\Rpc \(Default Web Site\): internal Ntlm -> Negotiate/);
    assert.match(said, /CAS-1\\mapi \(Default Web Site\): methods Ntlm, OAuth, Negotiate -> Ntlm, Negotiate/);
    assert.match(said, /warning: CAS-1\\mapi .* loses OAuth.*include/);
  });

  it("keeps OAuth of a hybrid deployment, and says nothing of it", async () => {
    world.program.directories().mapi.iisAuthenticationMethods = ["Ntlm", "OAuth"];
    await world.up({ server, mapi: { include: ["Negotiate"] } });
    assert.deepEqual(world.program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "OAuth", "Negotiate"]);
    // Nor where there was none to lose.
    world.program.directories("cas-2").mapi.iisAuthenticationMethods = ["Ntlm"];
    const other = new Resource(outlookAuthSetting);
    await other.up({ ...article, server: "cas-2.corp.tailspintoys.com" }, world.program);
    assert.doesNotMatch(world.program.lines.join("\n"), /loses OAuth/);
  });

  it("asks nobody where the program has not changed, and compares lists as sets", async () => {
    const given = (...list: string[]) => ({ server, mapi: { exactly: list } });
    await world.up(given("Ntlm", "Negotiate"));
    world.program.forget();
    assert.equal(await world.up(given("Negotiate", "Ntlm")), "same");
    assert.deepEqual(world.program.sent, []);
  });

  it("sees each change of the program, also one that the server shows nothing of", async () => {
    await world.up({ server, mapi: { include: ["Ntlm", "Negotiate"] } });
    for (const [wanted, changed] of [
      [{ mapi: { exactly: ["Ntlm", "Negotiate"] } }, ["mapi"]],
      [{ outlookAnywhere: { internal: "Ntlm" } }, ["outlookAnywhere", "mapi"]],
      [{ outlookAnywhere: { internal: "Ntlm", iis: { include: ["Ntlm"] } } }, ["outlookAnywhere"]],
    ] as const)
      assert.deepEqual(await world.up({ server, ...wanted }), changed);
  });

  it("gives back what is not named any more, and keeps what it first found", async () => {
    world.program.directories().mapi.iisAuthenticationMethods = ["Ntlm"];
    await world.up({ ...article, mapi: { include: ["Negotiate", "OAuth"] } });
    const changed = await world.up({ server, mapi: { include: ["Negotiate"] } });
    assert.deepEqual(changed, ["outlookAnywhere", "mapi"]);
    assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Ntlm");
    assert.deepEqual(world.program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    await world.up({ server, mapi: { exactly: ["OAuth"] } });
    await world.destroy();
    assert.deepEqual(world.program.directories().mapi.iisAuthenticationMethods, ["Ntlm"]);
  });

  it("says what somebody else has set meanwhile, and leaves it", async () => {
    await world.up(article);
    world.outlookAnywhere().internalClientAuthenticationMethod = "Basic";
    world.program.forget();
    await world.destroy();
    assert.match(world.program.lines.join("\n"), /internal is Basic, which somebody else has set\. .* it was Ntlm/);
    assert.deepEqual(world.program.writes, ["Set-MapiVirtualDirectory"]);
  });

  it("moves to another server: the first one gets back what it had", async () => {
    await world.up(article);
    const moved = { ...article, server: "CAS-2.corp.tailspintoys.com" };
    assert.deepEqual(await world.up(moved), ["server"]);
    assert.equal(world.program.directories("cas-1").outlookAnywhere.internalClientAuthenticationMethod, "Ntlm");
    assert.equal(world.program.directories("cas-2").outlookAnywhere.internalClientAuthenticationMethod, "Negotiate");
    assert.equal(world.outlook.id, "cas-2.corp.tailspintoys.com");
  });

  it("waits for what is unknown", async () => {
    assert.deepEqual(await world.refusals({ ...article, server: unknown }), []);
    assert.deepEqual(await world.refusals({ server, mapi: unknown }), []);
    assert.deepEqual(world.program.sent, []);
    await world.up(article);
    const { outputs } = world.outlook;
    const news = { ...(world.outlook.inputs as OutlookInputs), mapi: unknown } as const;
    const { changed } = await outlookAuthSetting.diff(world.outlook.id, outputs ?? assert.fail(), news, world.program);
    assert.deepEqual(changed, ["mapi"]);
  });

  it("remembers what it wrote when a later step fails, goes on from there, and undoes all of it", async () => {
    world.program.lab.organization.faults.add({ fault: "fail", cmdlet: "Set-MapiVirtualDirectory", times: 1 });
    await assert.rejects(world.up(article), { code: "powershell-failed" });
    assert.deepEqual(
      world.outlook.state.directories.map(({ identity }) => identity),
      ["CAS-1\\Rpc (Default Web Site)"],
    );
    world.program.forget();
    const { incomplete, outputs } = await outlookAuthSetting.update(
      world.outlook.id,
      world.outlook.state,
      world.outlook.inputs as OutlookInputs,
      world.program,
    );
    assert.equal(incomplete, undefined);
    assert.deepEqual(world.program.writes, ["Set-MapiVirtualDirectory"]);
    await outlookAuthSetting.delete(world.outlook.id, outputs, world.program);
    assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Ntlm");
    assert.ok(world.program.directories().mapi.iisAuthenticationMethods.includes("OAuth"));
  });

  it("does not forget what was there before when a change of the program fails", async () => {
    const before = structuredClone(world.program.directories());
    const wanted = { server, outlookAnywhere: { internal: "Basic" }, mapi: { exactly: ["Negotiate"] } };
    for (const failing of ["Set-OutlookAnywhere", "Set-MapiVirtualDirectory"]) {
      // Exchange refuses it; or does it, and its answer is lost.
      for (const lost of [false, true]) {
        world.program.nextRun();
        await world.up(article);
        world.program.detour = (command, go) => {
          if (command.name !== failing) return undefined;
          const failure = new ProviderError(lost ? "timeout" : "powershell-failed", failing);
          return (lost ? go([command]) : Promise.resolve()).then(() => Promise.reject(failure));
        };
        await assert.rejects(world.up(wanted), new RegExp(failing));
        world.program.detour = undefined;
        assert.deepEqual(world.outlook.state.directories.length, 2);
        await world.destroy();
        assert.deepEqual(setsOf(world.program.directories()), setsOf(before), `${failing} ${lost}`);
      }
    }
  });

  it("stays in state where Exchange does not take back what was there before, and the next destroy does it", async () => {
    await world.up(article);
    world.program.lab.organization.faults.add({ fault: "fail", cmdlet: "Set-MapiVirtualDirectory", times: 1 });
    await assert.rejects(world.destroy(), /could not change CAS-1\\mapi/);
    assert.deepEqual(world.program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    await world.destroy();
    assert.ok(world.program.directories().mapi.iisAuthenticationMethods.includes("OAuth"));
    assert.ok(!world.program.lines.some((line) => line.includes("somebody else")), "it was the stack's alone");
  });
});

/** The order of methods means nothing. */
function setsOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, part) => (Array.isArray(part) ? [...part].sort() : part));
}
