import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { describe, it } from "mocha";
import { dc1, sambaTool, users } from "../../../lab/domain-controller";
import type { ProviderError } from "../../../provider/error";
import { asaAccount } from "../../../provider/resources/asa-account";
import type { AsaAccountInputs } from "../../../provider/resources/asa-account/schema";
import { unknown } from "../../../provider/resources/handler";
import { complete, Program, preview, Resource } from "../program";
import { accountWorld } from "./world";

describe("AsaAccount, an account that is there", () => {
  const world = accountWorld();

  const existing = (more: Record<string, string | string[]> = {}) =>
    world.forest.admin.add(`CN=${world.name},${world.forest.organizationalUnit}`, {
      objectClass: "computer",
      sAMAccountName: `${world.name}$`,
      userAccountControl: "4096",
      ...more,
    });

  it("is refused without adopt, with its distinguished name", async () => {
    await existing();
    await assert.rejects(world.up(), (error: Error) => {
      assert.ok(
        error.message.startsWith(
          `name: The name ${world.name}$ is taken by CN=${world.name},${world.forest.organizationalUnit}.`,
        ),
      );
      return true;
    });
    await assert.rejects(asaAccount.create(complete(asaAccount, world.given()), world.program), /is taken by/);
  });

  it("is adopted with its password, told of its changes, and left on destroy", async () => {
    await existing({ description: "old", "msDS-SupportedEncryptionTypes": "36" });
    const before = await world.found();
    const preview = new Program(world.forest.settings);
    await asaAccount.check(complete(asaAccount, { name: world.name, adopt: true, enabled: false }), {}, preview);
    assert.equal((await world.writes()) ?? "", before.uSNChanged, "a preview does not write");
    const report = `CN=${world.name},${world.forest.organizationalUnit}: enabled: true → false; encryption types: rc4 → rc4, aes128, aes256; its password stays`;
    assert.deepEqual(preview.lines, [`would adopt ${report}`]);
    await preview.end();

    await world.asa.up({ name: world.name, adopt: true, enabled: false, replication: false }, world.program);
    assert.ok(world.program.lines.includes(`adopted ${report}`), world.program.lines.join("\n"));
    const entry = await world.found();
    assert.equal(entry.pwdLastSet, before.pwdLastSet);
    assert.equal(entry.dn, before.dn, "it stays where it is");
    assert.equal(entry.description, "old");
    assert.equal(entry["msDS-SupportedEncryptionTypes"], String(36 | 28));
    assert.equal(world.asa.state.adopted, true);
    assert.equal(
      await world.asa.up({ name: world.name, adopt: true, enabled: false, replication: false }, world.program),
      "same",
    );
    await world.refresh();
    assert.equal(
      await world.asa.up({ name: world.name, adopt: true, enabled: false, replication: false }, world.program),
      "same",
    );
    // Servers use the password that it has: nor is one set that the program gives only later.
    const password = "Later-Password-1";
    await assert.rejects(
      world.asa.up({ name: world.name, adopt: true, enabled: false, replication: false, password }, world.program),
      /An account that is adopted keeps its password/,
    );
    assert.equal((await world.found()).pwdLastSet, before.pwdLastSet);
    await world.nextRun();
    await world.destroy();
    await world.found();
  });

  it("keeps its place and its name in the tree when it is adopted, and moves where it is told to", async () => {
    const dn = `CN=Exchange ASA of ${world.name},${world.forest.organizationalUnit}`;
    await world.forest.admin.add(dn, {
      objectClass: "computer",
      sAMAccountName: `${world.name}$`,
      userAccountControl: "4096",
    });
    const given = { name: world.name, adopt: true, replication: false };
    await world.asa.up(given, world.program);
    await world.refresh();
    assert.equal(world.asa.inputs.organizationalUnit, undefined);
    assert.equal(await world.asa.up(given, world.program), "same");
    assert.deepEqual(await world.asa.up({ ...given, enabled: false }, world.program), ["enabled"]);
    assert.equal((await world.found()).dn, dn);
    const organizationalUnit = `CN=Users,${world.forest.domain}`;
    assert.deepEqual(await world.asa.up({ ...given, organizationalUnit }, world.program), [
      "organizationalUnit",
      "enabled",
    ]);
    assert.equal((await world.found()).dn, `CN=Exchange ASA of ${world.name},${organizationalUnit}`);
    await world.forest.admin.del(`CN=Exchange ASA of ${world.name},${organizationalUnit}`);
  });

  it("stays where the resource that made it goes, and another of the program has adopted it", async () => {
    await world.up();
    const renamed = new Resource(asaAccount);
    const next = new Program(world.forest.settings);
    await renamed.up({ ...world.given(), adopt: true }, next);
    const goes = world.asa.remember();
    await world.asa.destroy(next);
    assert.match(next.lines.join("\n"), /stays: another resource of the program has it now/);
    // Where the first run broke off before it: the new one is in the state then, and not made any more.
    goes();
    const later = new Program(world.forest.settings);
    assert.equal(await renamed.up({ ...world.given(), adopt: true }, later), "same");
    await world.asa.destroy(later);
    goes();
    const renamedConnection = new Program(world.forest.settings);
    await renamed.up({ ...world.given(), adopt: true, connection: "again" }, renamedConnection);
    await world.asa.destroy(renamedConnection);
    for (const run of [later, next, renamedConnection]) await run.end();
    await world.found();
  });

  it("stays where Pulumi is told to replace its resource, delete first, and the replacement is to adopt it", async () => {
    await world.up();
    const before = await world.found();
    const next = new Program(world.forest.settings);
    // As `--replace` and the option `deleteBeforeReplace` have it: checked as if it were new, deleted, made.
    const inputs = { ...world.given(), adopt: true };
    assert.deepEqual(await preview(asaAccount, inputs, next), []);
    assert.match(next.lines.join("\n"), /would adopt .*: nothing to change; its password stays/);
    await world.asa.destroy(next);
    const { outputs } = await asaAccount.create(complete(asaAccount, inputs), next);
    const { objectGUID, pwdLastSet } = await world.found();
    assert.deepEqual([objectGUID, pwdLastSet], [before.objectGUID, before.pwdLastSet]);
    assert.equal(outputs.adopted, true);
    await next.end();
  });

  it("is warned of when it is in privileged groups, nested ones too", async () => {
    await existing({ "msDS-SupportedEncryptionTypes": "28" });
    const group = `CN=${world.name} nested,${world.forest.organizationalUnit}`;
    await world.forest.admin.add(group, {
      objectClass: "group",
      member: `CN=${world.name},${world.forest.organizationalUnit}`,
    });
    await world.forest.admin.modify(
      `CN=Domain Admins,CN=Users,${world.forest.domain}`,
      new Change({ operation: "add", modification: new Attribute({ type: "member", values: [group] }) }),
    );
    await world.asa.up({ name: world.name, adopt: true, replication: false }, world.program);
    const warning = world.program.lines.find((line) => line.startsWith("warning"));
    assert.match(warning ?? "", /is in .*Domain Admins.*needs no more than Domain Computers/);
  });

  it("is warned of where it may not be seen which groups it is in, and where it had no encryption types", async () => {
    await existing();
    const tokenGroups = "b7c69e6d-2cc7-11d2-854e-00a0c983f608";
    const dn = `CN=${world.name},${world.forest.organizationalUnit}`;
    await sambaTool(dc1, ["dsacl", "set", `--objectdn=${dn}`, `--sddl=(OD;;RP;${tokenGroups};;AU)`]);
    await world.asa.up({ name: world.name, adopt: true, replication: false }, world.program);
    // The preview says them, and so does up.
    const warnings = new Set(world.program.lines.filter((line) => line.startsWith("warning")));
    const [groups = "", types = "", ...others] = warnings;
    assert.match(groups, /which groups CN=.* is in may not be seen/);
    assert.match(types, /^warning: CN=.* has had no encryption types\. .* roll it\.$/);
    assert.deepEqual(others, []);
  });

  it("of another class is refused with the reason", async () => {
    const add = (attributes: Record<string, string>) =>
      world.forest.admin.add(`CN=${world.name},${world.forest.organizationalUnit}`, attributes);
    await add({ objectClass: "group", sAMAccountName: `${world.name}$` });
    await assert.rejects(world.up({ adopt: true }), /is of the class group; an alternate service account is/);
    await assert.rejects(
      asaAccount.create(complete(asaAccount, world.given({ adopt: true })), world.program),
      /class group/,
    );
    await world.forest.admin.del(`CN=${world.name},${world.forest.organizationalUnit}`);
    await add({ objectClass: "user", sAMAccountName: `${world.name}$` });
    await world.nextRun();
    await assert.rejects(world.up({ adopt: true }), /is a user, and accountType says computer/);
  });

  it("that is a managed service account is refused with the reason", async () => {
    await world.forest.admin.add(`CN=${world.name},${world.forest.organizationalUnit}`, {
      objectClass: "msDS-GroupManagedServiceAccount",
      sAMAccountName: `${world.name}$`,
      "msDS-ManagedPasswordInterval": "30",
    });
    await assert.rejects(world.up({ adopt: true }), /group managed service account.*Microsoft does not support/);
  });

  it("that is a real computer's is refused at the preview, and stays where it is", async () => {
    await existing({ dNSHostName: "real.corp.tailspintoys.com" });
    const before = await world.writes();
    const real = /is the account of a real computer, real\.corp\.tailspintoys\.com, which a new password would cut off/;
    const inputs: AsaAccountInputs = complete(asaAccount, { name: world.name, adopt: true });
    const [refusal] = await asaAccount.check(inputs, {}, world.program);
    assert.match(refusal?.reason ?? "", real);
    await assert.rejects(asaAccount.create(inputs, world.program), real);
    assert.equal(await world.writes(), before);
  });

  it("that two new resources of the program are to have is refused at preview", async () => {
    const ask = (given: object, olds: object = {}) => preview(asaAccount, world.given(given), world.program, olds);
    assert.deepEqual(await ask({}), []);
    const [refusal] = await ask({ name: world.name.toLowerCase() });
    assert.equal(refusal?.property, "name");
    assert.match(refusal?.reason ?? "", /is that of another AsaAccount of this program\. Use the outputs of that one/);
    // A user of that name has no $ behind it; a replacement asks twice, the second time as if it were new.
    assert.deepEqual(await ask({ accountType: "user" }), []);
    const other = world.forest.uniqueName();
    assert.deepEqual(await ask({ name: other }, world.given()), []);
    assert.deepEqual(await ask({ name: other }), []);
  });

  it("that another resource of the program has is neither to be adopted nor deleted", async () => {
    await world.up();
    const inputs: AsaAccountInputs = complete(asaAccount, world.given());
    const twice = (error: Error) =>
      /is that of another AsaAccount of this program/.test(error.message) && !/adopt|delete/.test(error.message);
    await assert.rejects(asaAccount.create(inputs, world.program), twice);
    const nextRun = new Program(world.forest.settings);
    await asaAccount.diff(world.asa.id, world.asa.state, inputs, nextRun);
    await assert.rejects(asaAccount.create(inputs, nextRun), twice);
    await nextRun.end();
  });

  it("that is a domain controller, or the account of a trust, is refused", async () => {
    const adopted = (name: string) => world.asa.up({ name, adopt: true }, world.program);
    await assert.rejects(adopted("DC1"), /is a domain controller/);
    await assert.rejects(adopted(users.netbiosName), /is the account of a trust/);
  });

  it("with the same name but another sAMAccountName stands in the way, by its distinguished name", async () => {
    await world.forest.admin.add(`CN=${world.name},${world.forest.organizationalUnit}`, { objectClass: "contact" });
    await assert.rejects(world.up(), (error: ProviderError) => {
      assert.equal(error.code, "directory-conflict");
      assert.ok(error.message.includes(`CN=${world.name},${world.forest.organizationalUnit}`));
      return true;
    });
  });

  it("is not mistaken for a stranger's before it is replaced", async () => {
    for (const accountType of ["computer", "user"]) {
      const given = world.given({ accountType, enabled: false });
      await world.up({ accountType, enabled: false });
      const next = new Program(world.forest.settings);
      assert.deepEqual(await preview(asaAccount, given, next, world.asa.inputs), []);
      assert.deepEqual(await preview(asaAccount, given, next), []);
      await next.end();
    }
  });

  it("is looked for once its name and its type are known", async () => {
    await existing();
    for (const one of ["name", "accountType"])
      assert.deepEqual(await preview(asaAccount, { ...world.given(), [one]: unknown }, world.program), [], one);
  });
});
