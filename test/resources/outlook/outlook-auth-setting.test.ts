import assert from "node:assert/strict";
import { PsObject } from "../../../provider/powershell/psrp";
import { unknown } from "../../../provider/resources/handler";
import { outlookAuthSetting } from "../../../provider/resources/outlook-auth-setting";
import type { OutlookInputs, OutlookOutputs } from "../../../provider/resources/outlook-auth-setting/schema";
import { administrator } from "../../exchange-lab/support/model";
import { completed } from "../../support/pipeline-result";
import { complete, preview, Resource } from "../program";
import { ExchangeProgram } from "./exchange-program";

const server = "cas-1.corp.tailspintoys.com";
const article = { server, outlookAnywhere: { internal: "Negotiate" }, mapi: { exactly: ["Ntlm", "Negotiate"] } };

describe("OutlookAuthSetting", () => {
  let program: ExchangeProgram;
  let outlook: Resource<OutlookInputs, OutlookOutputs>;
  beforeEach(() => {
    program = new ExchangeProgram({ "cas-1": {}, "cas-2": {} });
    outlook = new Resource(outlookAuthSetting);
  });
  const outlookAnywhere = () => program.directories().outlookAnywhere;
  const refusals = (given: object) => preview(outlookAuthSetting, given, program);

  it("does the article's step on one server and no other, and undoes it", async () => {
    const before = structuredClone([program.directories("cas-1"), program.directories("cas-2")]);
    await outlook.up(article, program);
    assert.equal(outlook.id, server);
    assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
    assert.deepEqual(program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    assert.deepEqual(program.directories("cas-2"), before[1]);
    await outlook.destroy(program);
    assert.deepEqual([program.directories("cas-1"), program.directories("cas-2")].map(setsOf), before.map(setsOf));
  });

  it("is left as it is where it goes under another name: the new resource has it then", async () => {
    await outlook.up(article, program);
    const renamed = new Resource(outlookAuthSetting);
    await renamed.up({ server, outlookAnywhere: article.outlookAnywhere }, program);
    await outlook.destroy(program);
    assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
    assert.match(program.lines.join("\n"), /keeps internal: another resource of the program has that now/);
    // What the new one does not name goes back.
    assert.deepEqual(
      new Set(program.directories().mapi.iisAuthenticationMethods),
      new Set(["Ntlm", "OAuth", "Negotiate"]),
    );
  });

  it("is left to the new resource in a later run too, where the first one broke off", async () => {
    await outlook.up(article, program);
    const renamed = new Resource(outlookAuthSetting);
    await renamed.up(article, program);
    const later = program.again();
    assert.equal(await renamed.up(article, later), "same");
    const goes = outlook.remember();
    await outlook.destroy(later);
    assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
    assert.deepEqual(program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    // What the new one gives up in such a run is the old one's to put back.
    goes();
    const last = program.again();
    await renamed.up({ server, outlookAnywhere: article.outlookAnywhere }, last);
    await outlook.destroy(last);
    assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
    assert.ok(program.directories().mapi.iisAuthenticationMethods.includes("OAuth"));
  });

  it("goes back to what another resource wants, where one that has made it otherwise goes", async () => {
    await outlook.up(article, program);
    const mistaken = new Resource(outlookAuthSetting);
    await mistaken.up({ server, outlookAnywhere: { internal: "Basic" } }, program);
    const later = program.again();
    assert.equal(await outlook.up(article, later), "same");
    await mistaken.destroy(later);
    assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
  });

  it("says at preview what will change, and that the plain list drops OAuth", async () => {
    assert.deepEqual(await refusals(article), []);
    assert.deepEqual(program.writes, []);
    const said = program.lines.join("\n");
    assert.match(said, /CAS-1\\Rpc \(Default Web Site\): internal Ntlm -> Negotiate/);
    assert.match(said, /CAS-1\\mapi \(Default Web Site\): methods Ntlm, OAuth, Negotiate -> Ntlm, Negotiate/);
    assert.match(said, /warning: CAS-1\\mapi .* loses OAuth.*include/);
  });

  it("keeps OAuth of a hybrid deployment, and says nothing of it", async () => {
    program.directories().mapi.iisAuthenticationMethods = ["Ntlm", "OAuth"];
    await outlook.up({ server, mapi: { include: ["Negotiate"] } }, program);
    assert.deepEqual(program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "OAuth", "Negotiate"]);
    assert.doesNotMatch(program.lines.join("\n"), /loses OAuth/);
  });

  it("asks nobody where the program has not changed, and compares lists as sets", async () => {
    const given = (...list: string[]) => ({ server, mapi: { exactly: list } });
    await outlook.up(given("Ntlm", "Negotiate"), program);
    program.forget();
    assert.equal(await outlook.up(given("Negotiate", "Ntlm"), program), "same");
    assert.deepEqual(program.sent, []);
  });

  it("gives back what is not named any more, and keeps what it first found", async () => {
    program.directories().mapi.iisAuthenticationMethods = ["Ntlm"];
    await outlook.up({ ...article, mapi: { include: ["Negotiate", "OAuth"] } }, program);
    const changed = await outlook.up({ server, mapi: { include: ["Negotiate"] } }, program);
    assert.deepEqual(changed, ["outlookAnywhere", "mapi"]);
    assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Ntlm");
    assert.deepEqual(program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    await outlook.up({ server, mapi: { exactly: ["OAuth"] } }, program);
    await outlook.destroy(program);
    assert.deepEqual(program.directories().mapi.iisAuthenticationMethods, ["Ntlm"]);
  });

  it("says what somebody else has set meanwhile, and leaves it", async () => {
    await outlook.up(article, program);
    outlookAnywhere().internalClientAuthenticationMethod = "Basic";
    program.forget();
    await outlook.destroy(program);
    assert.match(program.lines.join("\n"), /internal is Basic, which somebody else has set\. .* it was Ntlm/);
    assert.deepEqual(program.writes, ["Set-MapiVirtualDirectory"]);
  });

  it("moves to another server: the first one gets back what it had", async () => {
    await outlook.up(article, program);
    const moved = { ...article, server: "CAS-2.corp.tailspintoys.com" };
    assert.deepEqual(await outlook.up(moved, program), ["server"]);
    assert.equal(program.directories("cas-1").outlookAnywhere.internalClientAuthenticationMethod, "Ntlm");
    assert.equal(program.directories("cas-2").outlookAnywhere.internalClientAuthenticationMethod, "Negotiate");
    assert.equal(outlook.id, "cas-2.corp.tailspintoys.com");
  });

  describe("application pools", () => {
    const both = { "cas-1": {}, "cas-2": {} };
    const effective = (name = "cas-1") => program.lab.organization.require(name).effective;

    it("are named where they have to recycle, until somebody lets the program do it", async () => {
      await outlook.up(article, program);
      assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Ntlm");
      const warning = program.lines.find((line) => line.includes("Restart-WebAppPool")) ?? assert.fail();
      for (const pool of outlook.state.poolsToRecycle) assert.ok(warning.includes(pool), warning);
      assert.equal(outlook.state.poolsToRecycle.length, 4);
      program.forget();
      const changed = await outlook.up({ ...article, recycleApplicationPools: true }, program);
      assert.deepEqual(changed, ["recycleApplicationPools"]);
      assert.deepEqual(program.writes, Array(4).fill("Restart-WebAppPool"));
      assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Negotiate");
      assert.deepEqual(outlook.state.poolsToRecycle, []);
    });

    it("recycle only where something changed, one server after the other", async () => {
      const servers = Object.keys(both);
      let recycling = 0;
      program.detour = (command, go) => {
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
        resources.map((one, index) => one.up({ ...given, server: `${servers[index]}.corp.tailspintoys.com` }, program)),
      );
      const hosts = program.sent.filter(({ shell }) => shell === "management").map(({ host }) => host);
      assert.deepEqual(hosts, [...hosts].sort(), "the servers took turns");
      for (const name of servers)
        assert.deepEqual(effective(name).mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
      const restarted = program.writes.filter((name) => name === "Restart-WebAppPool");
      assert.equal(restarted.length, 4, "those of MAPI alone, two a server");
    });

    it("of a directory that was right already are left alone", async () => {
      outlookAnywhere().internalClientAuthenticationMethod = "Negotiate";
      await outlook.up({ ...article, recycleApplicationPools: true }, program);
      const recycled = program.sent.flatMap(({ command: { name, parameters } }) =>
        name === "Restart-WebAppPool" ? [parameters?.Name] : [],
      );
      assert.deepEqual(recycled, ["MSExchangeMapiFrontEndAppPool", "MSExchangeMapiMailboxAppPool"]);
    });

    it("recycle after destroy too", async () => {
      await outlook.up({ ...article, recycleApplicationPools: true }, program);
      await outlook.destroy(program);
      assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Ntlm");
    });

    it("are named at destroy where the program does not let it recycle any more, also if nothing else had changed", async () => {
      await outlook.up({ ...article, recycleApplicationPools: true }, program);
      assert.deepEqual(await outlook.up(article, program), ["recycleApplicationPools"]);
      assert.equal(await outlook.up(article, program), "same");
      program.forget();
      await outlook.destroy(program);
      assert.ok(!program.writes.includes("Restart-WebAppPool"), program.writes.join(", "));
      assert.ok(program.lines.some((line) => line.includes("Restart-WebAppPool")));
    });

    it("recycle at the next destroy where that failed after all was put back", async () => {
      await outlook.up({ ...article, recycleApplicationPools: true }, program);
      program.lab.organization.faults.add({ fault: "fail", cmdlet: "Restart-WebAppPool", times: 1 });
      await assert.rejects(
        outlook.destroy(program),
        /^ProviderError: Application pools of cas-1\S+ are still to recycle\. .*could not recycle .*Restart-WebAppPool MSExchangeMapi.* on cas-1\S+, and forget/,
      );
      assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Ntlm");
      assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Negotiate");
      program.forget();
      await outlook.destroy(program);
      assert.deepEqual(program.writes, Array(4).fill("Restart-WebAppPool"));
      assert.equal(effective().outlookAnywhere.internalClientAuthenticationMethod, "Ntlm");
    });

    it("recycle there too where only one setting of the directory was the stack's", async () => {
      const iis = { include: ["Negotiate"] };
      const wanted = { server, outlookAnywhere: { internal: "Negotiate", iis }, recycleApplicationPools: true };
      await outlook.up(wanted, program);
      program.lab.organization.faults.add({ fault: "fail", cmdlet: "Restart-WebAppPool", times: 1 });
      await assert.rejects(outlook.destroy(program), /still to recycle/);
      program.forget();
      await outlook.destroy(program);
      assert.deepEqual(program.writes, Array(2).fill("Restart-WebAppPool"));
    });

    it("are left alone at destroy where the stack had changed nothing", async () => {
      const wanted = { ...article, recycleApplicationPools: true };
      await outlook.up(wanted, program);
      const second = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);
      await second.up(wanted, program.again());
      program.forget();
      await second.destroy(program.again());
      assert.deepEqual(program.writes, []);
    });

    it("recycle, or are named, where all that they wait for is another resource's now", async () => {
      for (const recycleApplicationPools of [true, false]) {
        const old = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);
        await old.up(article, program);
        assert.equal(old.state.poolsToRecycle.length, 4);
        old.outputs = { ...old.state, recycleApplicationPools };
        const next = program.again();
        await new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting).up(article, next);
        program.forget();
        next.forget();
        await old.destroy(next);
        assert.deepEqual(next.writes, recycleApplicationPools ? Array(4).fill("Restart-WebAppPool") : []);
        assert.equal(
          next.lines.some((line) => line.includes("Restart-WebAppPool")),
          !recycleApplicationPools,
        );
        assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Negotiate");
        program.directories().outlookAnywhere.internalClientAuthenticationMethod = "Ntlm";
        program.directories().mapi.iisAuthenticationMethods = ["Ntlm", "OAuth", "Negotiate"];
      }
    });

    it("are still to recycle where that failed, and the next up does only that", async () => {
      const given = { ...article, recycleApplicationPools: true };
      program.lab.organization.faults.add({ fault: "fail", cmdlet: "Restart-WebAppPool", times: 1 });
      await assert.rejects(outlook.up(given, program), /could not recycle MSExchangeRpcProxyFrontEndAppPool on cas-1/);
      assert.equal(outlook.state.poolsToRecycle.length, 4);
      program.forget();
      await outlook.up(given, program);
      assert.deepEqual(program.writes, Array(4).fill("Restart-WebAppPool"));
    });
  });

  describe("what Exchange would not take", () => {
    const cases: Record<string, { arrange: () => void; given: object; property: string; reason: RegExp }> = {
      "Basic without SSL": {
        arrange: () => Object.assign(outlookAnywhere(), { internalClientsRequireSsl: false, sslOffloading: true }),
        given: { outlookAnywhere: { internal: "Basic" } },
        property: "outlookAnywhere",
        reason: /Basic for internal clients .* -InternalClientsRequireSsl \$true/,
      },
      "a directory without SSL that is not offloaded": {
        arrange: () => Object.assign(outlookAnywhere(), { externalClientsRequireSsl: false }),
        given: { outlookAnywhere: { internal: "Negotiate" } },
        property: "outlookAnywhere",
        reason: /neither offloaded nor required of external clients.* -ExternalClientsRequireSsl \$true/,
      },
      "a directory without any host name": {
        arrange: () => Object.assign(outlookAnywhere(), { internalHostname: "", externalHostname: "" }),
        given: { outlookAnywhere: { internal: "Negotiate" } },
        property: "outlookAnywhere",
        reason: /neither an internal nor an external host name/,
      },
    };
    for (const [title, { arrange, given, property, reason }] of Object.entries(cases)) {
      it(`is refused at preview: ${title}`, async () => {
        arrange();
        const [refusal] = await refusals({ server, ...given });
        assert.equal(refusal?.property, property);
        assert.match(refusal?.reason ?? "", reason);
        assert.match(refusal?.reason ?? "", /CAS-1\\Rpc \(Default Web Site\)/);
        // Exchange itself, asked without us, says no as well.
        const { errors } = await program
          .connection()
          .exchange.endpoint(server)
          .invoke([
            {
              name: "Set-OutlookAnywhere",
              parameters: {
                Identity: "CAS-1\\Rpc (Default Web Site)",
                InternalClientAuthenticationMethod: String(Object.values(given)[0]?.internal),
              },
            },
          ]);
        assert.equal(errors.length, 1);
      });
    }

    it("is refused at preview where only one kind of directory is wanted otherwise than before", async () => {
      await outlook.up(article, program);
      Object.assign(outlookAnywhere(), { internalClientsRequireSsl: false, sslOffloading: true });
      const wanted = { ...article, outlookAnywhere: { internal: "Basic" } };
      const [refusal] = await preview(outlookAuthSetting, wanted, program, outlook.inputs);
      assert.match(refusal?.reason ?? "", /Basic for internal clients/);
    });

    it("also where Extended Protection would keep every client out", async () => {
      Object.assign(outlookAnywhere(), {
        sslOffloading: true,
        extendedProtection: { tokenChecking: "Require", flags: [], spnList: [] },
      });
      const [refusal] = await refusals({ server, outlookAnywhere: { internal: "Negotiate" } });
      assert.match(refusal?.reason ?? "", /Extended Protection .* ExtendedProtectionSPNList/);
      outlookAnywhere().extendedProtection.spnList.push("HTTP/mail.corp.tailspintoys.com");
      assert.deepEqual(await refusals({ server, outlookAnywhere: { internal: "Negotiate" } }), []);
    });

    it("is nothing to worry about where nothing has to change", async () => {
      Object.assign(outlookAnywhere(), { externalClientsRequireSsl: false });
      assert.deepEqual(await refusals({ server, outlookAnywhere: { internal: "Ntlm" } }), []);
    });

    it("keeps what was there from being put back, and says what to mend", async () => {
      outlookAnywhere().internalClientAuthenticationMethod = "Basic";
      await outlook.up({ server, outlookAnywhere: { internal: "Negotiate" } }, program);
      Object.assign(outlookAnywhere(), { internalClientsRequireSsl: false, sslOffloading: true });
      await assert.rejects(outlook.destroy(program), /RequireSsl \$true.* then run pulumi destroy again/);
      outlookAnywhere().internalClientsRequireSsl = true;
      await outlook.destroy(program);
      assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Basic");
    });
  });

  describe("refuses with the reason", () => {
    const cases: Record<string, { given: object; property: string; reason: RegExp }> = {
      "include and exactly together": {
        given: { server, mapi: { include: ["Negotiate"], exactly: ["Ntlm"] } },
        property: "mapi",
        reason: /either include: .* or exactly/,
      },
      "a method that does not exist": {
        given: { server, mapi: { include: ["Kerberos"] } },
        property: "mapi",
        reason: /Basic, Ntlm, Negotiate, OAuth/,
      },
      "an empty list": { given: { server, mapi: { exactly: [] } }, property: "mapi.exactly", reason: /at least one/ },
      "nothing at all": { given: { server }, property: "outlookAnywhere", reason: /outlookAnywhere, mapi or both/ },
      "an empty object": {
        given: { server, outlookAnywhere: {} },
        property: "outlookAnywhere",
        reason: /at least one/,
      },
      "a short name": { given: { ...article, server: "cas-1" }, property: "server", reason: /full name/ },
      "a load-balanced name": {
        given: { ...article, server: "mail.corp.tailspintoys.com" },
        property: "server",
        reason: /is not an Exchange server.* Its servers are cas-1\.corp.*load-balanced name/,
      },
    };
    for (const [title, { given, property, reason }] of Object.entries(cases)) {
      it(title, async () => {
        const [refusal] = await refusals(given);
        assert.equal(refusal?.property, property);
        assert.match(refusal?.reason ?? "", reason);
        assert.deepEqual(program.writes, []);
      });
    }

    it("Exchange 2010", async () => {
      program = new ExchangeProgram({ "cas-1": { product: "2010" } });
      const [refusal] = await refusals(article);
      assert.match(refusal?.reason ?? "", /cas-1\.corp.* runs Exchange 2010/);
    });

    it("a server that is down, and an administrator without the role", async () => {
      program.lab.organization.state.administrators[administrator] = ["View-Only Configuration"];
      await assert.rejects(outlook.up(article, program), { code: "command-missing" });
      assert.equal(outlook.outputs, undefined, "nothing was written, so there is nothing to remember");
      program.lab.organization.require("cas-1").online = false;
      const [refusal] = await refusals(article);
      assert.equal(refusal?.property, "server");
    });
  });

  it("waits for what is unknown", async () => {
    assert.deepEqual(await refusals({ ...article, server: unknown }), []);
    assert.deepEqual(await refusals({ server, mapi: unknown }), []);
    assert.deepEqual(program.sent, []);
    await outlook.up(article, program);
    const { outputs } = outlook;
    const news = { ...(outlook.inputs as OutlookInputs), mapi: unknown } as const;
    const { changed } = await outlookAuthSetting.diff(outlook.id, outputs ?? assert.fail(), news, program);
    assert.deepEqual(changed, ["mapi"]);
  });

  it("remembers what it wrote when a later step fails, goes on from there, and undoes all of it", async () => {
    program.lab.organization.faults.add({ fault: "fail", cmdlet: "Set-MapiVirtualDirectory", times: 1 });
    await assert.rejects(outlook.up(article, program), { code: "powershell-failed" });
    assert.deepEqual(
      outlook.state.directories.map(({ identity }) => identity),
      ["CAS-1\\Rpc (Default Web Site)"],
    );
    program.forget();
    const { incomplete, outputs } = await outlookAuthSetting.update(
      outlook.id,
      outlook.state,
      outlook.inputs as OutlookInputs,
      program,
    );
    assert.equal(incomplete, undefined);
    assert.deepEqual(program.writes, ["Set-MapiVirtualDirectory"]);
    await outlookAuthSetting.delete(outlook.id, outputs, program);
    assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Ntlm");
    assert.ok(program.directories().mapi.iisAuthenticationMethods.includes("OAuth"));
  });

  it("does not forget what was there before when a change of the program fails", async () => {
    await outlook.up(article, program);
    program.lab.organization.faults.add({ fault: "fail", cmdlet: "Set-OutlookAnywhere", times: 1 });
    await assert.rejects(outlook.up({ ...article, outlookAnywhere: { internal: "Basic" } }, program));
    await outlook.destroy(program);
    assert.equal(outlookAnywhere().internalClientAuthenticationMethod, "Ntlm");
  });

  it("stays in state where Exchange does not take back what was there before, and the next destroy does it", async () => {
    await outlook.up(article, program);
    program.lab.organization.faults.add({ fault: "fail", cmdlet: "Set-MapiVirtualDirectory", times: 1 });
    await assert.rejects(outlook.destroy(program), /could not change CAS-1\\mapi/);
    assert.deepEqual(program.directories().mapi.iisAuthenticationMethods, ["Ntlm", "Negotiate"]);
    await outlook.destroy(program);
    assert.ok(program.directories().mapi.iisAuthenticationMethods.includes("OAuth"));
    assert.ok(!program.lines.some((line) => line.includes("somebody else")), "it was the stack's alone");
  });

  describe("on a server with", () => {
    const sites = new Map<string, readonly string[]>();
    const identityOf = (site: string) => `CAS-1\\mapi (${site})`;

    /** More directories than the model has: each web site's list is kept here. */
    function serve(...names: string[]): void {
      sites.clear();
      for (const name of names) sites.set(identityOf(name), ["Ntlm"]);
      program.detour = ({ name, parameters = {} }) => {
        if (name === "Set-MapiVirtualDirectory") {
          const identity = String(parameters.Identity);
          assert.ok(sites.has(identity), identity);
          sites.set(identity, parameters.IISAuthenticationMethods as string[]);
        } else if (name !== "Get-MapiVirtualDirectory") return undefined;
        const output = name.startsWith("Set") ? [] : [...sites].map(([identity, list]) => objectOf(identity, list));
        return Promise.resolve({ ...completed, output });
      };
    }
    const objectOf = (identity: string, list: readonly string[]) =>
      new PsObject({ text: identity, adapted: { Identity: identity, IISAuthenticationMethods: list } });
    const given = { server, mapi: { include: ["Negotiate"] } };

    it("several front-end directories: all of them, each by itself", async () => {
      serve("Default Web Site", "Partners");
      sites.set(identityOf("Partners"), ["Ntlm", "Negotiate"]);
      await outlook.up(given, program);
      for (const list of sites.values()) assert.deepEqual(list, ["Ntlm", "Negotiate"]);
      assert.equal(program.writes.length, 1);
      sites.set(identityOf("Partners"), ["Ntlm"]);
      await outlook.refresh(program);
      assert.deepEqual(outlook.inputs.mapi, { include: [] });
      await outlook.up(given, program);
      assert.deepEqual(sites.get(identityOf("Partners")), ["Ntlm", "Negotiate"]);
      await outlook.destroy(program);
      assert.deepEqual([...sites.values()], [["Ntlm"], ["Ntlm", "Negotiate"]]);
    });

    it("a directory that came later: it shows as drift", async () => {
      serve("Default Web Site");
      await outlook.up(given, program);
      sites.set(identityOf("Partners"), ["Ntlm"]);
      await outlook.refresh(program);
      assert.deepEqual(await outlook.up(given, program), ["mapi"]);
      assert.deepEqual(sites.get(identityOf("Partners")), ["Ntlm", "Negotiate"]);
    });

    it("back-end directories in the answer: they are left alone", async () => {
      serve("Exchange Back End", "Default Web Site");
      await outlook.up(given, program);
      assert.deepEqual([...sites.values()], [["Ntlm"], ["Ntlm", "Negotiate"]]);
    });

    it("one that shows no methods: nothing is added to what cannot be seen, and the whole list can be given", async () => {
      serve("Default Web Site");
      sites.set(identityOf("Default Web Site"), []);
      const [refusal] = await refusals(given);
      assert.equal(refusal?.property, "mapi");
      assert.match(refusal?.reason ?? "", /CAS-1\\mapi .* shows no IISAuthenticationMethods.* Give exactly/);
      await outlook.up({ server, mapi: { exactly: ["Ntlm", "OAuth", "Negotiate"] } }, program);
      assert.deepEqual([...sites.values()], [["Ntlm", "OAuth", "Negotiate"]]);
      sites.set(identityOf("Default Web Site"), ["Ntlm", "OAuth"]);
      const other = new Resource<OutlookInputs, OutlookOutputs>(outlookAuthSetting);
      await other.up({ server, mapi: { exactly: ["Ntlm", "Negotiate"] } }, program);
      // The same where it comes to that after the preview, and when it is to be put back.
      program.forget();
      sites.set(identityOf("Default Web Site"), []);
      const later = program.again();
      later.detour = program.detour;
      await other.destroy(later);
      assert.match(later.lines.join("\n"), /methods is none, which somebody else has set\. It stays/);
      assert.deepEqual([...sites.values()], [[]]);
      const inputs = complete<OutlookInputs>(outlookAuthSetting, given);
      await assert.rejects(outlookAuthSetting.create(inputs, program), /shows no IISAuthenticationMethods/);
      assert.deepEqual(program.writes, []);
    });

    it("none: refused at preview, gone at refresh, nothing to do at destroy", async () => {
      serve();
      const [refusal] = await refusals(given);
      assert.equal(refusal?.property, "mapi");
      assert.match(refusal?.reason ?? "", /no directory of MAPI over HTTP/);
      serve("Default Web Site");
      await outlook.up(given, program);
      serve();
      program.forget();
      const { state } = outlook;
      assert.equal(await outlook.refresh(program), false);
      await outlookAuthSetting.delete(outlook.id, state, program);
      assert.deepEqual(program.writes, []);
    });
  });
});

/** The order of methods means nothing. */
function setsOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, part) => (Array.isArray(part) ? [...part].sort() : part));
}
