import assert from "node:assert/strict";
import { Client } from "ldapts";
import { describe, it } from "mocha";
import { findAccount } from "../../../provider/directory/accounts";
import type { ProviderError } from "../../../provider/error";
import { asaAccount } from "../../../provider/resources/asa-account";
import type { AsaAccountInputs } from "../../../provider/resources/asa-account/schema";
import { unknown } from "../../../provider/resources/handler";
import { complete, Program, Resource } from "../program";
import { accountWorld } from "./world";

describe("AsaAccount", () => {
  const world = accountWorld();

  it("makes a computer with everything the article asks for, in one write", async () => {
    assert.equal(await world.up({ description: "Alternate Service Account credentials for Exchange" }), "created");
    const entry = await world.found();
    assert.equal(entry.userAccountControl, "4096");
    assert.equal(entry["msDS-SupportedEncryptionTypes"], "28");
    assert.equal(entry.description, "Alternate Service Account credentials for Exchange");
    assert.equal(entry.dn, `CN=${world.name},${world.forest.organizationalUnit}`);
    assert.equal(entry["msDS-KeyVersionNumber"], "1");
    assert.equal(entry.uSNCreated, entry.uSNChanged, "it was written more than once");
    const { passwordLastSet, objectSid, ...rest } = world.asa.state;
    assert.match(objectSid, /^S-1-5-21-\d+-\d+-\d+-\d+$/);
    assert.ok(Math.abs(Date.parse(passwordLastSet) - Date.now()) < 60_000);
    assert.deepEqual(rest, {
      connection: "default",
      name: world.name,
      accountType: "computer",
      organizationalUnit: world.forest.organizationalUnit,
      description: "Alternate Service Account credentials for Exchange",
      enabled: true,
      encryptionTypes: ["rc4", "aes128", "aes256"],
      replication: false,
      adopt: false,
      qualifiedName: `TAILSPIN\\${world.name}$`,
      distinguishedName: `CN=${world.name},${world.forest.organizationalUnit}`,
      samAccountName: `${world.name}$`,
      keyVersion: 1,
      adopted: false,
      defaultContainer: `CN=Computers,${world.forest.domain}`,
      replicated: true,
    });
  });

  it("makes a user", async () => {
    await world.up({ accountType: "user", encryptionTypes: ["aes128", "aes256"], enabled: false });
    const entry = await world.found(world.name);
    assert.equal(entry.userAccountControl, "514");
    assert.equal(entry["msDS-SupportedEncryptionTypes"], "24");
    assert.equal(world.asa.state.qualifiedName, `TAILSPIN\\${world.name}`);
  });

  it("puts accounts where the domain keeps them when no unit is given", async () => {
    for (const [accountType, container] of [
      ["computer", "Computers"],
      ["user", "Users"],
    ]) {
      const one = new Resource(asaAccount);
      await one.up({ name: world.forest.uniqueName(), accountType, replication: false }, world.program);
      assert.match(one.state.distinguishedName, new RegExp(`,CN=${container},${world.forest.domain}$`));
      assert.equal(await one.refresh(world.program), true);
      await one.destroy(world.program);
    }
  });

  it("writes nothing where nothing has changed", async () => {
    await world.up({ description: "x" });
    const before = await world.writes();
    assert.equal(await world.up({ description: "x" }), "same");
    assert.equal(await world.refresh(), true);
    assert.equal(await world.up({ description: "x" }), "same");
    const { outputs } = await asaAccount.update(
      world.asa.id,
      world.asa.state,
      complete(asaAccount, world.given({ description: "x" })),
      world.program,
    );
    assert.deepEqual(JSON.parse(JSON.stringify(outputs)), world.asa.state);
    assert.equal(await world.writes(), before);
  });

  it("asks the directory nothing in a preview without changes", async () => {
    await world.up();
    const offline = new Program(world.forest.settings, { domainController: "127.0.0.1" });
    assert.equal(await world.asa.up(world.given(), offline), "same");
  });

  it("changes description, enabled, types and place without a new object or password", async () => {
    await world.up({ description: "x" });
    const { id } = world.asa;
    const { passwordLastSet } = world.asa.state;
    assert.deepEqual(await world.up({ description: "y", enabled: false, encryptionTypes: ["aes256"] }), [
      "description",
      "enabled",
      "encryptionTypes",
    ]);
    const entry = await world.found();
    assert.equal(entry.userAccountControl, "4098");
    assert.equal(entry.description, "y");
    assert.equal(entry["msDS-SupportedEncryptionTypes"], "16");
    assert.deepEqual(
      await world.asa.up(
        { name: world.name, enabled: false, encryptionTypes: ["aes256"], replication: false },
        world.program,
      ),
      ["organizationalUnit", "description"],
    );
    const moved = await world.found();
    assert.equal(moved.dn, `CN=${world.name},CN=Computers,${world.forest.domain}`);
    assert.equal(moved.description, undefined);
    assert.equal(world.asa.id, id);
    assert.equal(world.asa.state.passwordLastSet, passwordLastSet);
    await world.destroy();
  });

  it("replaces it for another type or another name", async () => {
    await world.up();
    const olds = world.asa.state;
    const diff = (more: object) =>
      asaAccount.diff(
        world.asa.id,
        olds,
        { ...complete<AsaAccountInputs>(asaAccount, world.given()), ...more },
        world.program,
      );
    assert.deepEqual(await diff({ accountType: "user" }), { changed: ["accountType"], replace: ["accountType"] });
    assert.deepEqual(await diff({ name: "OTHER" }), { changed: ["name"], replace: ["name"] });
    assert.deepEqual(await diff({ name: unknown }), { changed: ["name"], replace: ["name"] });
    assert.deepEqual(await diff({ name: world.name.toLowerCase() }), { changed: [], replace: [] });
    assert.deepEqual((await diff({ encryptionTypes: unknown, description: unknown })).replace, []);
    const { id } = world.asa;
    await world.up({ accountType: "user" });
    assert.notEqual(world.asa.id, id);
    assert.equal(await findAccount(world.forest.open(), `${world.name}$`), undefined);
  });

  it("keeps flags of the account that are not its own", async () => {
    await world.up();
    const passwordNeverExpires = 0x10000;
    await world.byHand("userAccountControl", String(4096 + passwordNeverExpires));
    await world.up({ enabled: false });
    assert.equal((await world.found()).userAccountControl, String(4098 + passwordNeverExpires));
    await world.up({ enabled: true });
    assert.equal((await world.found()).userAccountControl, String(4096 + passwordNeverExpires));
  });

  it("keeps bits of the encryption types that are not its own", async () => {
    await world.up();
    await world.byHand("msDS-SupportedEncryptionTypes", String(0x7003c));
    await world.refresh();
    assert.equal(await world.up(), "same", "foreign bits are not drift");
    await world.up({ encryptionTypes: ["aes128", "aes256"] });
    assert.equal((await world.found())["msDS-SupportedEncryptionTypes"], String(0x70038));
  });

  describe("password", () => {
    const password = "Correct-Horse-Battery-Staple-1!";
    const logsOn = async (secret: string) => {
      const client = new Client({
        url: `ldaps://${world.forest.settings.domainController}`,
        tlsOptions: { rejectUnauthorized: false },
      });
      try {
        await client.bind(`TAILSPIN\\${world.name}$`, secret);
        return true;
      } catch {
        return false;
      } finally {
        await client.unbind();
      }
    };

    it("is set when given, never kept, and set anew only when it changes", async () => {
      await world.up({ password });
      assert.ok(await logsOn(password));
      assert.ok(!JSON.stringify(world.asa.state).includes(password));
      const before = await world.writes();
      assert.equal(await world.up({ password }), "same");
      assert.equal(await world.up(), "same", "left out, it stays");
      assert.equal(await world.writes(), before);
      assert.deepEqual(await world.up({ password: `${password}2` }), ["password"]);
      assert.ok(await logsOn(`${password}2`));
      assert.equal(await world.up({ password: `${password}2` }), "same");
      assert.deepEqual(await world.up({ password: `${password}2`, enabled: false }), ["enabled"]);
      assert.equal(world.asa.state.keyVersion, 2);
      assert.deepEqual(
        (
          await asaAccount.diff(
            world.asa.id,
            world.asa.state,
            { ...complete<AsaAccountInputs>(asaAccount, world.given({ enabled: false })), password: unknown },
            world.program,
          )
        ).changed,
        ["password"],
      );
    });

    it("that a policy refuses is told from other failures", async () => {
      // Samba holds only users to its policy.
      await assert.rejects(world.up({ accountType: "user", password: "short" }), (error: ProviderError) => {
        assert.equal(error.code, "directory-policy");
        assert.doesNotMatch(error.message, /short[^a-z]/);
        return true;
      });
      assert.equal(await findAccount(world.forest.open(), world.name), undefined);
    });
  });

  describe("delete", () => {
    it("takes away the account wherever it is, and is content when it is gone", async () => {
      await world.up();
      const { id, state } = world.asa;
      await world.forest.admin.modifyDN(state.distinguishedName, `CN=${world.name}y,CN=Users,${world.forest.domain}`);
      await world.destroy();
      assert.equal(await findAccount(world.forest.open(), `${world.name}$`), undefined);
      await asaAccount.delete(id, state, world.program);
    });

    it("leaves what others have put below it", async () => {
      await world.up();
      const child = `CN=child,${world.asa.state.distinguishedName}`;
      await world.forest.admin.add(child, { objectClass: "serviceConnectionPoint" });
      await assert.rejects(world.destroy(), (error: ProviderError) => {
        assert.equal(error.code, "refused");
        assert.ok(error.message.includes(child));
        return true;
      });
      await world.found();
    });

    it("does not take another account that has got its name", async () => {
      await world.up();
      await world.forest.admin.del(world.asa.state.distinguishedName);
      await world.forest.admin.add(world.asa.state.distinguishedName, {
        objectClass: "computer",
        sAMAccountName: `${world.name}$`,
      });
      await world.destroy();
      await world.found();
    });
  });

  it("names the right that an ordinary user is missing", async () => {
    const user = world.forest.uniqueName();
    await new Resource(asaAccount).up(
      world.given({ name: user, accountType: "user", password: "Ordinary-User-1!" }),
      world.program,
    );
    await world.up();
    const ordinary = new Program(world.forest.settings, {
      username: `${user}@${world.forest.settings.domain}`,
      password: "Ordinary-User-1!",
    });
    const other = world.forest.uniqueName();
    await assert.rejects(
      new Resource(asaAccount).up(world.given({ name: other }), ordinary),
      (error: ProviderError) => {
        assert.equal(error.code, "directory-rights");
        assert.match(error.message, /has not the right to\. Grant it "Create Computer objects" on OU=/);
        return true;
      },
    );
    const rejected = async (more: object, right: RegExp) =>
      assert.rejects(world.asa.up(world.given(more), ordinary), (error: ProviderError) => {
        assert.equal(error.code, "directory-rights", error.message);
        assert.match(error.message, right);
        return true;
      });
    await rejected({ enabled: false }, /Grant it "Write userAccountControl" on CN=/);
    await rejected({ password: "Another-Password-9!" }, /Grant it "Reset password" on CN=/);
    await assert.rejects(world.asa.destroy(ordinary), /Grant it "Delete" on CN=/);
    await ordinary.end();
  });
});
