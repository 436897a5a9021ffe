import assert from "node:assert/strict";
import { outlookAuthSetting } from "../../../provider/resources/outlook-auth-setting";
import { administrator } from "../../exchange-lab/support/model";
import { preview } from "../program";
import { ExchangeProgram } from "./exchange-program";
import { article, outlookWorld, server } from "./world";

describe("OutlookAuthSetting, what it refuses", () => {
  const world = outlookWorld();

  describe("what Exchange would not take", () => {
    const cases: Record<string, { arrange: () => void; given: object; property: string; reason: RegExp }> = {
      "Basic without SSL": {
        arrange: () =>
          Object.assign(world.outlookAnywhere(), { internalClientsRequireSsl: false, sslOffloading: true }),
        given: { outlookAnywhere: { internal: "Basic" } },
        property: "outlookAnywhere",
        reason: /Basic for internal clients .* -InternalClientsRequireSsl \$true/,
      },
      "a directory without SSL that is not offloaded": {
        arrange: () => Object.assign(world.outlookAnywhere(), { externalClientsRequireSsl: false }),
        given: { outlookAnywhere: { internal: "Negotiate" } },
        property: "outlookAnywhere",
        reason: /neither offloaded nor required of external clients.* -ExternalClientsRequireSsl \$true/,
      },
      "a directory without any host name": {
        arrange: () => Object.assign(world.outlookAnywhere(), { internalHostname: "", externalHostname: "" }),
        given: { outlookAnywhere: { internal: "Negotiate" } },
        property: "outlookAnywhere",
        reason: /neither an internal nor an external host name/,
      },
    };
    for (const [title, { arrange, given, property, reason }] of Object.entries(cases)) {
      it(`is refused at preview: ${title}`, async () => {
        arrange();
        const [refusal] = await world.refusals({ server, ...given });
        assert.equal(refusal?.property, property);
        assert.match(refusal?.reason ?? "", reason);
        assert.match(refusal?.reason ?? "", /CAS-1\\Rpc \(Default Web Site\)/);
        // Exchange itself, asked without us, says no as well.
        const { errors } = await world.program
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
      await world.up(article);
      Object.assign(world.outlookAnywhere(), { internalClientsRequireSsl: false, sslOffloading: true });
      const wanted = { ...article, outlookAnywhere: { internal: "Basic" } };
      const [refusal] = await preview(outlookAuthSetting, wanted, world.program, world.outlook.inputs);
      assert.match(refusal?.reason ?? "", /Basic for internal clients/);
    });

    it("also where Extended Protection would keep every client out", async () => {
      Object.assign(world.outlookAnywhere(), {
        sslOffloading: true,
        extendedProtection: { tokenChecking: "Require", flags: [], spnList: [] },
      });
      const [refusal] = await world.refusals({ server, outlookAnywhere: { internal: "Negotiate" } });
      assert.match(refusal?.reason ?? "", /Extended Protection .* ExtendedProtectionSPNList/);
      world.outlookAnywhere().extendedProtection.spnList.push("HTTP/mail.corp.tailspintoys.com");
      assert.deepEqual(await world.refusals({ server, outlookAnywhere: { internal: "Negotiate" } }), []);
    });

    it("is nothing to worry about where nothing has to change", async () => {
      Object.assign(world.outlookAnywhere(), { externalClientsRequireSsl: false });
      assert.deepEqual(await world.refusals({ server, outlookAnywhere: { internal: "Ntlm" } }), []);
    });

    it("keeps what was there from being put back, and says what to mend", async () => {
      world.outlookAnywhere().internalClientAuthenticationMethod = "Basic";
      await world.up({ server, outlookAnywhere: { internal: "Negotiate" } });
      Object.assign(world.outlookAnywhere(), { internalClientsRequireSsl: false, sslOffloading: true });
      await assert.rejects(world.destroy(), /RequireSsl \$true.* then run pulumi destroy again/);
      world.outlookAnywhere().internalClientsRequireSsl = true;
      await world.destroy();
      assert.equal(world.outlookAnywhere().internalClientAuthenticationMethod, "Basic");
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
        const [refusal] = await world.refusals(given);
        assert.equal(refusal?.property, property);
        assert.match(refusal?.reason ?? "", reason);
        assert.deepEqual(world.program.writes, []);
      });
    }

    it("a setting that another new resource of the program sets on that server", async () => {
      const ask = (given: object) => preview(outlookAuthSetting, given, world.program);
      assert.deepEqual(await ask({ server, outlookAnywhere: { internal: "Negotiate" } }), []);
      assert.deepEqual(await ask({ server, outlookAnywhere: { external: "Negotiate" }, mapi: article.mapi }), []);
      assert.deepEqual(await ask({ ...article, server: "cas-2.corp.tailspintoys.com" }), []);
      const [refusal] = await ask({ ...article, server: "CAS-1.corp.tailspintoys.com" });
      assert.equal(refusal?.property, "outlookAnywhere");
      assert.match(
        refusal?.reason ?? "",
        /Another OutlookAuthSetting of this program sets outlookAnywhere\.internal, mapi of cas-1\S+ already/,
      );
    });

    it("nothing of that where both were there before, or one is replaced", async () => {
      for (const olds of [article, article, { ...article, server: "cas-2.corp.tailspintoys.com" }, {}]) {
        assert.deepEqual(await preview(outlookAuthSetting, article, world.program, olds as object), []);
      }
    });

    it("Exchange 2010", async () => {
      world.program = new ExchangeProgram({ "cas-1": { product: "2010" } });
      const [refusal] = await world.refusals(article);
      assert.match(refusal?.reason ?? "", /cas-1\.corp.* runs Exchange 2010/);
    });

    it("a server that is down, and an administrator without the role", async () => {
      world.program.lab.organization.state.administrators[administrator] = ["View-Only Configuration"];
      await assert.rejects(world.up(article), { code: "command-missing" });
      assert.equal(world.outlook.outputs, undefined, "nothing was written, so there is nothing to remember");
      world.program.lab.organization.require("cas-1").online = false;
      world.program.nextRun();
      const [refusal] = await world.refusals(article);
      assert.equal(refusal?.property, "server");
    });
  });
});
