import assert from "node:assert/strict";
import { Attribute, Change, Client } from "ldapts";
import { after, afterEach, before, describe, it } from "mocha";
import { dc1, sambaTool } from "../../lab/domain-controller";
import { findAccount } from "../../provider/directory/accounts";
import type { ProviderError } from "../../provider/error";
import { asaAccount } from "../../provider/resources/asa-account";
import type { AsaAccountInputs, AsaAccountOutputs } from "../../provider/resources/asa-account/schema";
import { unknown } from "../../provider/resources/handler";
import { enterForest, type Forest } from "../directory/forest";
import { complete, Program, preview, Resource } from "./program";

describe("AsaAccount", () => {
  let forest: Forest;
  let program: Program;
  let name: string;
  let asa: Resource<AsaAccountInputs, AsaAccountOutputs>;

  before(async function () {
    forest = await enterForest(this);
  });
  beforeEach(() => {
    program = new Program(forest.settings);
    name = forest.uniqueName();
    asa = new Resource(asaAccount);
  });
  afterEach(() => program?.end());
  after(() => forest?.close());

  const given = (more: object = {}) => ({
    name,
    organizationalUnit: forest.organizationalUnit,
    replication: false,
    ...more,
  });

  async function found(samAccountName: string): Promise<Record<string, string | string[]>> {
    const { searchEntries } = await forest.admin.search(forest.domain, {
      filter: `(sAMAccountName=${samAccountName})`,
      attributes: ["*", "msDS-KeyVersionNumber"],
    });
    assert.equal(searchEntries.length, 1, `there are ${searchEntries.length} ${samAccountName}`);
    return searchEntries[0] as unknown as Record<string, string | string[]>;
  }

  async function byHand(dn: string, type: string, value: string | undefined): Promise<void> {
    const values = value === undefined ? [] : [value];
    await forest.admin.modify(dn, new Change({ operation: "replace", modification: new Attribute({ type, values }) }));
  }

  /** Changes with every write to the object, and with nothing else. */
  const writes = async () => (await found(`${name}$`)).uSNChanged;

  it("makes a computer with everything the article asks for, in one write", async () => {
    assert.equal(
      await asa.up(given({ description: "Alternate Service Account credentials for Exchange" }), program),
      "created",
    );
    const entry = await found(`${name}$`);
    assert.equal(entry.userAccountControl, "4096");
    assert.equal(entry["msDS-SupportedEncryptionTypes"], "28");
    assert.equal(entry.description, "Alternate Service Account credentials for Exchange");
    assert.equal(entry.dn, `CN=${name},${forest.organizationalUnit}`);
    assert.equal(entry["msDS-KeyVersionNumber"], "1");
    assert.equal(entry.uSNCreated, entry.uSNChanged, "it was written more than once");
    const { passwordLastSet, objectSid, ...rest } = asa.state;
    assert.match(objectSid, /^S-1-5-21-\d+-\d+-\d+-\d+$/);
    assert.ok(Math.abs(Date.parse(passwordLastSet) - Date.now()) < 60_000);
    assert.deepEqual(rest, {
      connection: "default",
      name,
      accountType: "computer",
      organizationalUnit: forest.organizationalUnit,
      description: "Alternate Service Account credentials for Exchange",
      enabled: true,
      encryptionTypes: ["rc4", "aes128", "aes256"],
      replication: false,
      adopt: false,
      qualifiedName: `TAILSPIN\\${name}$`,
      distinguishedName: `CN=${name},${forest.organizationalUnit}`,
      samAccountName: `${name}$`,
      keyVersion: 1,
      adopted: false,
      defaultContainer: `CN=Computers,${forest.domain}`,
      replicated: true,
    });
  });

  it("makes a user", async () => {
    await asa.up(given({ accountType: "user", encryptionTypes: ["aes128", "aes256"], enabled: false }), program);
    const entry = await found(name);
    assert.equal(entry.userAccountControl, "514");
    assert.equal(entry["msDS-SupportedEncryptionTypes"], "24");
    assert.equal(asa.state.qualifiedName, `TAILSPIN\\${name}`);
  });

  it("puts accounts where the domain keeps them when no unit is given", async () => {
    for (const [accountType, container] of [
      ["computer", "Computers"],
      ["user", "Users"],
    ]) {
      const one = new Resource(asaAccount);
      await one.up({ name: forest.uniqueName(), accountType, replication: false }, program);
      assert.match(one.state.distinguishedName, new RegExp(`,CN=${container},${forest.domain}$`));
      assert.equal(await one.refresh(program), true);
      await one.destroy(program);
    }
  });

  it("writes nothing where nothing has changed", async () => {
    await asa.up(given({ description: "x" }), program);
    const before = await writes();
    assert.equal(await asa.up(given({ description: "x" }), program), "same");
    assert.equal(await asa.refresh(program), true);
    assert.equal(await asa.up(given({ description: "x" }), program), "same");
    const { outputs } = await asaAccount.update(
      asa.id,
      asa.state,
      complete(asaAccount, given({ description: "x" })),
      program,
    );
    assert.deepEqual(JSON.parse(JSON.stringify(outputs)), asa.state);
    assert.equal(await writes(), before);
  });

  it("asks the directory nothing in a preview without changes", async () => {
    await asa.up(given(), program);
    const offline = new Program(forest.settings, { domainController: "127.0.0.1" });
    assert.equal(await asa.up(given(), offline), "same");
  });

  it("changes description, enabled, types and place without a new object or password", async () => {
    await asa.up(given({ description: "x" }), program);
    const { id } = asa;
    const { passwordLastSet } = asa.state;
    assert.deepEqual(await asa.up(given({ description: "y", enabled: false, encryptionTypes: ["aes256"] }), program), [
      "description",
      "enabled",
      "encryptionTypes",
    ]);
    const entry = await found(`${name}$`);
    assert.equal(entry.userAccountControl, "4098");
    assert.equal(entry.description, "y");
    assert.equal(entry["msDS-SupportedEncryptionTypes"], "16");
    assert.deepEqual(await asa.up({ name, enabled: false, encryptionTypes: ["aes256"], replication: false }, program), [
      "organizationalUnit",
      "description",
    ]);
    const moved = await found(`${name}$`);
    assert.equal(moved.dn, `CN=${name},CN=Computers,${forest.domain}`);
    assert.equal(moved.description, undefined);
    assert.equal(asa.id, id);
    assert.equal(asa.state.passwordLastSet, passwordLastSet);
    await asa.destroy(program);
  });

  it("replaces it for another type or another name", async () => {
    await asa.up(given(), program);
    const olds = asa.state;
    const diff = (more: object) =>
      asaAccount.diff(asa.id, olds, { ...complete<AsaAccountInputs>(asaAccount, given()), ...more }, program);
    assert.deepEqual(await diff({ accountType: "user" }), { changed: ["accountType"], replace: ["accountType"] });
    assert.deepEqual(await diff({ name: "OTHER" }), { changed: ["name"], replace: ["name"] });
    assert.deepEqual(await diff({ name: unknown }), { changed: ["name"], replace: ["name"] });
    assert.deepEqual(await diff({ name: name.toLowerCase() }), { changed: [], replace: [] });
    assert.deepEqual((await diff({ encryptionTypes: unknown, description: unknown })).replace, []);
    const { id } = asa;
    await asa.up(given({ accountType: "user" }), program);
    assert.notEqual(asa.id, id);
    assert.equal(await findAccount(forest.open(), `${name}$`), undefined);
  });

  it("keeps bits of the encryption types that are not its own", async () => {
    await asa.up(given(), program);
    await byHand(asa.state.distinguishedName, "msDS-SupportedEncryptionTypes", String(0x7003c));
    await asa.refresh(program);
    assert.equal(await asa.up(given(), program), "same", "foreign bits are not drift");
    await asa.up(given({ encryptionTypes: ["aes128", "aes256"] }), program);
    assert.equal((await found(`${name}$`))["msDS-SupportedEncryptionTypes"], String(0x70038));
  });

  describe("drift", () => {
    const drifts: [
      what: string,
      change: () => Promise<void>,
      property: keyof AsaAccountInputs,
      shown: () => unknown,
    ][] = [
      [
        "another description",
        () => byHand(asa.state.distinguishedName, "description", "by hand"),
        "description",
        () => "by hand",
      ],
      [
        "no description",
        () => byHand(asa.state.distinguishedName, "description", undefined),
        "description",
        () => undefined,
      ],
      ["disabled", () => byHand(asa.state.distinguishedName, "userAccountControl", "4098"), "enabled", () => false],
      [
        "other encryption types",
        () => byHand(asa.state.distinguishedName, "msDS-SupportedEncryptionTypes", "4"),
        "encryptionTypes",
        () => ["rc4"],
      ],
      [
        "no encryption types",
        () => byHand(asa.state.distinguishedName, "msDS-SupportedEncryptionTypes", undefined),
        "encryptionTypes",
        () => [],
      ],
      [
        "encryption types of 0, which is not set",
        () => byHand(asa.state.distinguishedName, "msDS-SupportedEncryptionTypes", "0"),
        "encryptionTypes",
        () => [],
      ],
      [
        "moved",
        () => forest.admin.modifyDN(asa.state.distinguishedName, `CN=${name},CN=Users,${forest.domain}`),
        "organizationalUnit",
        () => `CN=Users,${forest.domain}`,
      ],
      ["renamed", () => forest.admin.modifyDN(asa.state.distinguishedName, `CN=${name}x`), "name", () => name],
      [
        "another sAMAccountName",
        () => byHand(asa.state.distinguishedName, "sAMAccountName", `${name}x$`),
        "name",
        () => `${name}x`,
      ],
    ];
    for (const [what, change, property, shown] of drifts) {
      it(`is seen at refresh and repaired at up: ${what}`, async () => {
        await asa.up(given({ description: "as it should be" }), program);
        const { id } = asa;
        const before = await found(`${name}$`);
        await change();
        assert.equal(await asa.refresh(program), true);
        assert.deepEqual(asa.inputs[property], shown());
        assert.deepEqual(await asa.up(given({ description: "as it should be" }), program), [property]);
        const repaired = await found(`${name}$`);
        for (const attribute of [
          "dn",
          "description",
          "userAccountControl",
          "msDS-SupportedEncryptionTypes",
          "pwdLastSet",
        ]) {
          assert.deepEqual(repaired[attribute], before[attribute], attribute);
        }
        assert.equal(asa.id, id);
        await asa.refresh(program);
        assert.equal(await asa.up(given({ description: "as it should be" }), program), "same");
      });
    }

    it("is seen when the account is gone", async () => {
      await asa.up(given(), program);
      await forest.admin.del(asa.state.distinguishedName);
      const news = complete<AsaAccountInputs>(asaAccount, given({ enabled: false }));
      await assert.rejects(asaAccount.update(asa.id, asa.state, news, program), /is gone\. Run pulumi refresh/);
      assert.equal(await asa.refresh(program), false);
      assert.equal(await asa.up(given(), program), "created");
    });

    // As for a user account in a domain where Authenticated Users were taken out of "Pre-Windows 2000 Compatible Access".
    for (const [attribute, guid] of [
      ["userAccountControl", "bf967a68-0de6-11d0-a285-00aa003049e2"],
      ["pwdLastSet", "bf967a0a-0de6-11d0-a285-00aa003049e2"],
    ]) {
      it(`is not made up where ${attribute} cannot be read`, async () => {
        const user = { accountType: "user", password: "Ordinary-User-1!", enabled: false };
        await asa.up(given(user), program);
        const dn = asa.state.distinguishedName;
        await sambaTool(dc1, ["dsacl", "set", `--objectdn=${dn}`, `--sddl=(OD;;RP;${guid};;AU)`]);
        for (const work of [asa.refresh(program), asa.up(given({ ...user, enabled: true }), program)]) {
          await assert.rejects(work, (error: ProviderError) => {
            assert.equal(error.code, "directory-rights", error.message);
            assert.ok(error.message.includes(`${attribute} of ${dn} cannot be read. Grant`), error.message);
            return true;
          });
        }
      });
    }

    it("of what the program says nothing about is left alone", async () => {
      await asa.up(given(), program);
      await byHand(asa.state.distinguishedName, "description", "by hand");
      await asa.refresh(program);
      assert.equal(await asa.up(given(), program), "same");
      await asa.up(given({ enabled: false }), program);
      assert.equal((await found(`${name}$`)).description, "by hand");
    });
  });

  describe("password", () => {
    const password = "Correct-Horse-Battery-Staple-1!";
    const logsOn = async (secret: string) => {
      const client = new Client({
        url: `ldaps://${forest.settings.domainController}`,
        tlsOptions: { rejectUnauthorized: false },
      });
      try {
        await client.bind(`TAILSPIN\\${name}$`, secret);
        return true;
      } catch {
        return false;
      } finally {
        await client.unbind();
      }
    };

    it("is set when given, never kept, and set anew only when it changes", async () => {
      await asa.up(given({ password }), program);
      assert.ok(await logsOn(password));
      assert.ok(!JSON.stringify(asa.state).includes(password));
      const before = await writes();
      assert.equal(await asa.up(given({ password }), program), "same");
      assert.equal(await asa.up(given(), program), "same", "left out, it stays");
      assert.equal(await writes(), before);
      assert.deepEqual(await asa.up(given({ password: `${password}2` }), program), ["password"]);
      assert.ok(await logsOn(`${password}2`));
      assert.equal(asa.state.keyVersion, 2);
      assert.equal(await asa.up(given({ password: `${password}2` }), program), "same");
      assert.deepEqual(
        (
          await asaAccount.diff(
            asa.id,
            asa.state,
            { ...complete<AsaAccountInputs>(asaAccount, given()), password: unknown },
            program,
          )
        ).changed,
        ["password"],
      );
    });

    it("that a policy refuses is told from other failures", async () => {
      // Samba holds only users to its policy.
      await assert.rejects(
        asa.up(given({ accountType: "user", password: "short" }), program),
        (error: ProviderError) => {
          assert.equal(error.code, "directory-policy");
          assert.doesNotMatch(error.message, /short[^a-z]/);
          return true;
        },
      );
      assert.equal(await findAccount(forest.open(), name), undefined);
    });
  });

  describe("an account that is there", () => {
    const existing = (more: Record<string, string | string[]> = {}) =>
      forest.admin.add(`CN=${name},${forest.organizationalUnit}`, {
        objectClass: "computer",
        sAMAccountName: `${name}$`,
        userAccountControl: "4096",
        ...more,
      });

    it("is refused without adopt, with its distinguished name", async () => {
      await existing();
      await assert.rejects(asa.up(given(), program), (error: Error) => {
        assert.ok(
          error.message.startsWith(`name: The name ${name}$ is taken by CN=${name},${forest.organizationalUnit}.`),
        );
        return true;
      });
      await assert.rejects(asaAccount.create(complete(asaAccount, given()), program), /is taken by/);
    });

    it("is adopted with its password, told of its changes, and left on destroy", async () => {
      await existing({
        description: "old",
        "msDS-SupportedEncryptionTypes": "36",
        dNSHostName: "real.corp.tailspintoys.com",
      });
      const before = await found(`${name}$`);
      const preview = new Program(forest.settings);
      await asaAccount.check(complete(asaAccount, { name, adopt: true, enabled: false }), {}, preview);
      assert.equal((await writes()) ?? "", before.uSNChanged, "a preview does not write");
      const report = `CN=${name},${forest.organizationalUnit}: enabled: true → false; encryption types: rc4 → rc4, aes128, aes256; its password stays`;
      assert.deepEqual(preview.lines[0], `would adopt ${report}`);
      assert.match(preview.lines[1] ?? "", /looks like the account of a real computer \(real\.corp/);
      await preview.end();

      await asa.up({ name, adopt: true, enabled: false, replication: false }, program);
      assert.ok(program.lines.includes(`adopted ${report}`), program.lines.join("\n"));
      const entry = await found(`${name}$`);
      assert.equal(entry.pwdLastSet, before.pwdLastSet);
      assert.equal(entry.dn, before.dn, "it stays where it is");
      assert.equal(entry.description, "old");
      assert.equal(entry["msDS-SupportedEncryptionTypes"], String(36 | 28));
      assert.equal(asa.state.adopted, true);
      assert.equal(await asa.up({ name, adopt: true, enabled: false, replication: false }, program), "same");
      await asa.refresh(program);
      assert.equal(await asa.up({ name, adopt: true, enabled: false, replication: false }, program), "same");
      // Servers use the password that it has: nor is one set that the program gives only later.
      const password = "Later-Password-1";
      await assert.rejects(
        asa.up({ name, adopt: true, enabled: false, replication: false, password }, program),
        /An account that is adopted keeps its password/,
      );
      assert.equal((await found(`${name}$`)).pwdLastSet, before.pwdLastSet);
      await asa.destroy(program);
      await found(`${name}$`);
    });

    it("stays where the resource that made it goes, and another of the program has adopted it", async () => {
      await asa.up(given(), program);
      const renamed = new Resource(asaAccount);
      const next = new Program(forest.settings);
      await renamed.up({ ...given(), adopt: true }, next);
      const goes = asa.remember();
      await asa.destroy(next);
      assert.match(next.lines.join("\n"), /stays: another resource of the program has it now/);
      // Where the first run broke off before it: the new one is in the state then, and not made any more.
      goes();
      const later = new Program(forest.settings);
      assert.equal(await renamed.up({ ...given(), adopt: true }, later), "same");
      await asa.destroy(later);
      goes();
      const renamedConnection = new Program(forest.settings);
      await renamed.up({ ...given(), adopt: true, connection: "again" }, renamedConnection);
      await asa.destroy(renamedConnection);
      for (const run of [later, next, renamedConnection]) await run.end();
      await found(`${name}$`);
    });

    it("is warned of when it is in privileged groups, nested ones too", async () => {
      await existing({ "msDS-SupportedEncryptionTypes": "28" });
      const group = `CN=${name} nested,${forest.organizationalUnit}`;
      await forest.admin.add(group, { objectClass: "group", member: `CN=${name},${forest.organizationalUnit}` });
      await forest.admin.modify(
        `CN=Domain Admins,CN=Users,${forest.domain}`,
        new Change({ operation: "add", modification: new Attribute({ type: "member", values: [group] }) }),
      );
      await asa.up({ name, adopt: true, replication: false }, program);
      const warning = program.lines.find((line) => line.startsWith("warning"));
      assert.match(warning ?? "", /is in .*Domain Admins.*needs no more than Domain Computers/);
    });

    it("of another class is refused with the reason", async () => {
      const add = (attributes: Record<string, string>) =>
        forest.admin.add(`CN=${name},${forest.organizationalUnit}`, attributes);
      await add({ objectClass: "group", sAMAccountName: `${name}$` });
      await assert.rejects(
        asa.up(given({ adopt: true }), program),
        /is of the class group; an alternate service account is/,
      );
      await assert.rejects(asaAccount.create(complete(asaAccount, given({ adopt: true })), program), /class group/);
      await forest.admin.del(`CN=${name},${forest.organizationalUnit}`);
      await add({ objectClass: "user", sAMAccountName: `${name}$` });
      await assert.rejects(asa.up(given({ adopt: true }), program), /is a user, and accountType says computer/);
    });

    it("that is a managed service account is refused with the reason", async () => {
      await forest.admin.add(`CN=${name},${forest.organizationalUnit}`, {
        objectClass: "msDS-GroupManagedServiceAccount",
        sAMAccountName: `${name}$`,
        "msDS-ManagedPasswordInterval": "30",
      });
      await assert.rejects(
        asa.up(given({ adopt: true }), program),
        /group managed service account.*Microsoft does not support/,
      );
    });

    it("that is a domain controller is refused", async () => {
      await assert.rejects(asa.up({ name: "DC1", adopt: true }, program), /is a domain controller/);
    });

    it("with the same name but another sAMAccountName stands in the way, by its distinguished name", async () => {
      await forest.admin.add(`CN=${name},${forest.organizationalUnit}`, { objectClass: "contact" });
      await assert.rejects(asa.up(given(), program), (error: ProviderError) => {
        assert.equal(error.code, "directory-conflict");
        assert.ok(error.message.includes(`CN=${name},${forest.organizationalUnit}`));
        return true;
      });
    });

    it("is not mistaken for a stranger's before it is replaced", async () => {
      await asa.up(given(), program);
      const next = new Program(forest.settings);
      assert.deepEqual(await preview(asaAccount, given(), next, asa.inputs), []);
      assert.deepEqual(await preview(asaAccount, given(), next), []);
      await next.end();
    });
  });

  describe("delete", () => {
    it("takes away the account wherever it is, and is content when it is gone", async () => {
      await asa.up(given(), program);
      const { id, state } = asa;
      await forest.admin.modifyDN(state.distinguishedName, `CN=${name}y,CN=Users,${forest.domain}`);
      await asa.destroy(program);
      assert.equal(await findAccount(forest.open(), `${name}$`), undefined);
      await asaAccount.delete(id, state, program);
    });

    it("leaves what others have put below it", async () => {
      await asa.up(given(), program);
      const child = `CN=child,${asa.state.distinguishedName}`;
      await forest.admin.add(child, { objectClass: "serviceConnectionPoint" });
      await assert.rejects(asa.destroy(program), (error: ProviderError) => {
        assert.equal(error.code, "refused");
        assert.ok(error.message.includes(child));
        return true;
      });
      await found(`${name}$`);
    });

    it("does not take another account that has got its name", async () => {
      await asa.up(given(), program);
      await forest.admin.del(asa.state.distinguishedName);
      await forest.admin.add(asa.state.distinguishedName, { objectClass: "computer", sAMAccountName: `${name}$` });
      await asa.destroy(program);
      await found(`${name}$`);
    });
  });

  it("names the right that an ordinary user is missing", async () => {
    const user = forest.uniqueName();
    await new Resource(asaAccount).up(
      given({ name: user, accountType: "user", password: "Ordinary-User-1!" }),
      program,
    );
    await asa.up(given(), program);
    const ordinary = new Program(forest.settings, {
      username: `${user}@${forest.settings.domain}`,
      password: "Ordinary-User-1!",
    });
    const other = forest.uniqueName();
    await assert.rejects(new Resource(asaAccount).up(given({ name: other }), ordinary), (error: ProviderError) => {
      assert.equal(error.code, "directory-rights");
      assert.match(error.message, /has not the right to\. Grant it "Create Computer objects" on OU=/);
      return true;
    });
    const rejected = async (more: object, right: RegExp) =>
      assert.rejects(asa.up(given(more), ordinary), (error: ProviderError) => {
        assert.equal(error.code, "directory-rights", error.message);
        assert.match(error.message, right);
        return true;
      });
    await rejected({ enabled: false }, /Grant it "Write userAccountControl" on CN=/);
    await rejected({ password: "Another-Password-9!" }, /Grant it "Reset password" on CN=/);
    await assert.rejects(asa.destroy(ordinary), /Grant it "Delete" on CN=/);
    await ordinary.end();
  });
});
