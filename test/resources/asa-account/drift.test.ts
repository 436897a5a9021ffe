import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "mocha";
import { dc1, sambaTool } from "../../../lab/domain-controller";
import type { ProviderError } from "../../../provider/error";
import { asaAccount } from "../../../provider/resources/asa-account";
import type { AsaAccountInputs } from "../../../provider/resources/asa-account/schema";
import { complete } from "../program";
import { accountWorld } from "./world";

describe("AsaAccount: drift", () => {
  const world = accountWorld();

  const drifts: [what: string, change: () => Promise<void>, property: keyof AsaAccountInputs, shown: () => unknown][] =
    [
      ["another description", () => world.byHand("description", "by hand"), "description", () => "by hand"],
      ["no description", () => world.byHand("description", undefined), "description", () => undefined],
      ["disabled", () => world.byHand("userAccountControl", "4098"), "enabled", () => false],
      [
        "other encryption types",
        () => world.byHand("msDS-SupportedEncryptionTypes", "4"),
        "encryptionTypes",
        () => ["rc4"],
      ],
      [
        "an old encryption type in place of a new one",
        () => world.byHand("msDS-SupportedEncryptionTypes", "20"),
        "encryptionTypes",
        () => ["rc4", "aes256"],
      ],
      [
        "no encryption types",
        () => world.byHand("msDS-SupportedEncryptionTypes", undefined),
        "encryptionTypes",
        () => [],
      ],
      [
        "encryption types of 0, which is not set",
        () => world.byHand("msDS-SupportedEncryptionTypes", "0"),
        "encryptionTypes",
        () => [],
      ],
      [
        "moved",
        () =>
          world.forest.admin.modifyDN(
            world.asa.state.distinguishedName,
            `CN=${world.name},CN=Users,${world.forest.domain}`,
          ),
        "organizationalUnit",
        () => `CN=Users,${world.forest.domain}`,
      ],
      [
        "renamed",
        () => world.forest.admin.modifyDN(world.asa.state.distinguishedName, `CN=${world.name}x`),
        "name",
        () => world.name,
      ],
      [
        "another sAMAccountName",
        () => world.byHand("sAMAccountName", `${world.name}x$`),
        "name",
        () => `${world.name}x`,
      ],
    ];
  const asItShouldBe = { description: "as it should be", encryptionTypes: ["aes128", "aes256"] };
  for (const [what, change, property, shown] of drifts) {
    it(`is seen at refresh and repaired at up: ${what}`, async () => {
      await world.up(asItShouldBe);
      const { id } = world.asa;
      const before = await world.found();
      await change();
      assert.equal(await world.refresh(), true);
      assert.deepEqual(world.asa.inputs[property], shown());
      assert.deepEqual(await world.up(asItShouldBe), [property]);
      const repaired = await world.found();
      for (const attribute of [
        "dn",
        "description",
        "userAccountControl",
        "msDS-SupportedEncryptionTypes",
        "pwdLastSet",
      ]) {
        assert.deepEqual(repaired[attribute], before[attribute], attribute);
      }
      assert.equal(world.asa.id, id);
      await world.refresh();
      assert.equal(await world.up(asItShouldBe), "same");
    });
  }

  it("of the place is told from a place that the program leaves to the domain", async () => {
    const given = { name: world.name, replication: false };
    await world.asa.up(given, world.program);
    await world.refresh();
    assert.equal(world.asa.inputs.organizationalUnit, undefined);
    const { distinguishedName } = world.asa.state;
    const { organizationalUnit } = world.forest;
    await world.forest.admin.modifyDN(distinguishedName, `CN=${world.name},${organizationalUnit}`);
    await world.refresh();
    assert.equal(world.asa.inputs.organizationalUnit, organizationalUnit);
    assert.deepEqual(await world.asa.up(given, world.program), ["organizationalUnit"]);
    assert.equal((await world.found()).dn, distinguishedName);
    await world.destroy();
  });

  it("is not taken for an account that is gone where the connection serves another domain", async () => {
    await world.up();
    const state = { ...world.asa.state, qualifiedName: `FABRIKAM\\${world.name}$` };
    const [id, refused] = [
      randomUUID(),
      { code: "refused", message: /FABRIKAM\\\S+ is not in corp\.tailspintoys\.com/ },
    ];
    await assert.rejects(asaAccount.read(id, state, world.program), refused);
    await assert.rejects(asaAccount.delete(id, state, world.program), refused);
  });

  it("is seen when the account is gone", async () => {
    await world.up();
    await world.forest.admin.del(world.asa.state.distinguishedName);
    const news = complete<AsaAccountInputs>(asaAccount, world.given({ enabled: false }));
    await assert.rejects(
      asaAccount.update(world.asa.id, world.asa.state, news, world.program),
      /is gone\. Run pulumi refresh/,
    );
    assert.equal(await world.refresh(), false);
    await world.nextRun();
    assert.equal(await world.up(), "created");
  });

  // As for a user account in a domain where Authenticated Users were taken out of "Pre-Windows 2000 Compatible Access".
  for (const [attribute, guid] of [
    ["userAccountControl", "bf967a68-0de6-11d0-a285-00aa003049e2"],
    ["pwdLastSet", "bf967a0a-0de6-11d0-a285-00aa003049e2"],
  ]) {
    it(`is not made up where ${attribute} cannot be read`, async () => {
      const user = { accountType: "user", password: "Ordinary-User-1!", enabled: false };
      await world.up(user);
      const dn = world.asa.state.distinguishedName;
      await sambaTool(dc1, ["dsacl", "set", `--objectdn=${dn}`, `--sddl=(OD;;RP;${guid};;AU)`]);
      for (const work of [world.refresh(), world.up({ ...user, enabled: true })]) {
        await assert.rejects(work, (error: ProviderError) => {
          assert.equal(error.code, "directory-rights", error.message);
          assert.ok(error.message.includes(`${attribute} of ${dn} cannot be read. Grant`), error.message);
          return true;
        });
      }
    });
  }

  it("of what the program says nothing about is left alone", async () => {
    await world.up();
    await world.byHand("description", "by hand");
    await world.refresh();
    assert.equal(await world.up(), "same");
    await world.up({ enabled: false });
    assert.equal((await world.found()).description, "by hand");
  });
});
