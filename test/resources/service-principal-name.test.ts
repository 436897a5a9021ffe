import assert from "node:assert/strict";
import { Attribute, Change, Client } from "ldapts";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { administrator, corp, dc1, hostName, users, usersDc } from "../../lab/domain-controller";
import type { ProviderError } from "../../provider/error";
import { asaAccount } from "../../provider/resources/asa-account";
import type { AsaAccountInputs, AsaAccountOutputs } from "../../provider/resources/asa-account/schema";
import { type Unknown, unknown } from "../../provider/resources/handler";
import { servicePrincipalName } from "../../provider/resources/service-principal-name";
import type { SpnInputs, SpnOutputs } from "../../provider/resources/service-principal-name/schema";
import type { Settings } from "../../provider/settings";
import { record } from "../checks/breaking";
import { enterForest, type Forest } from "../directory/forest";
import { complete, Program, preview, Resource } from "./program";

describe("ServicePrincipalName", () => {
  let forest: Forest;
  let program: Program;
  let asa: Resource<AsaAccountInputs, AsaAccountOutputs>;
  let other: Resource<AsaAccountInputs, AsaAccountOutputs>;
  let spn: string;
  const programs: Program[] = [];

  /** Another run of Pulumi: it knows nothing of the one before. */
  function later(overrides: Partial<Settings> = {}): Program {
    const another = new Program(forest.settings, overrides);
    programs.push(another);
    return another;
  }
  let name: Resource<SpnInputs, SpnOutputs>;

  before(async function () {
    forest = await enterForest(this);
    program = new Program(forest.settings);
    asa = new Resource(asaAccount);
    other = new Resource(asaAccount);
    const place = { organizationalUnit: forest.organizationalUnit, replication: false };
    await asa.up({ name: forest.uniqueName(), ...place }, program);
    await other.up({ name: forest.uniqueName(), enabled: false, ...place }, program);
    await program.end();
  });
  beforeEach(() => {
    program = later();
    name = new Resource(servicePrincipalName);
    spn = `http/${forest.uniqueName()}.corp.tailspintoys.com`;
  });
  afterEach(() => Promise.all(programs.splice(0).map((one) => one.end())));
  after(() => forest?.close());

  // Names after a deployment are tested beside AsaDeployment, where there are servers to ask.
  const given = (more: object = {}) => ({
    account: asa.state.qualifiedName,
    spn,
    allowBeforeDeployment: true,
    ...more,
  });

  async function change(operation: "add" | "delete", owner: typeof asa, ...values: string[]): Promise<void> {
    const modification = new Attribute({ type: "servicePrincipalName", values });
    await forest.admin.modify(owner.state.distinguishedName, new Change({ operation, modification }));
  }

  async function namesOf(owner: typeof asa): Promise<string[]> {
    const { searchEntries } = await forest.admin.search(owner.state.distinguishedName, {
      scope: "base",
      attributes: ["servicePrincipalName"],
    });
    return [searchEntries[0]?.servicePrincipalName ?? []].flat().map(String);
  }

  it("adds one value and removes it, and touches no other", async () => {
    const foreign = `http/${forest.uniqueName()}.corp.tailspintoys.com`;
    await change("add", asa, foreign);
    await name.up(given(), program);
    assert.deepEqual((await namesOf(asa)).sort(), [foreign, spn].sort());
    assert.equal(name.id, spn.toLowerCase());
    assert.deepEqual(name.state, {
      connection: "default",
      ...given(),
      allowBeforeDeployment: true,
      takeFrom: [],
      allowShortName: false,
      allowIpAddress: false,
      allowServerName: false,
      accountGuid: asa.id,
      distinguishedName: asa.state.distinguishedName,
      adopted: false,
    });
    await name.destroy(later());
    assert.deepEqual(await namesOf(asa), [foreign]);
    await change("delete", asa, foreign);
  });

  it("writes nothing and asks nothing where nothing has changed", async () => {
    await name.up(given(), program);
    const offline = later({ domainController: "127.0.0.1" });
    assert.equal(await name.up(given(), offline), "same");
    assert.equal(
      await name.up(given({ spn: spn.toUpperCase(), account: asa.state.qualifiedName.toLowerCase() }), offline),
      "same",
    );
    assert.equal(await name.up(given({ deployment: `${asa.id}@cas-1.corp.tailspintoys.com` }), offline), "same");
  });

  it("adopts a name that the account has, whatever its case, and leaves it", async () => {
    await change("add", asa, spn.toUpperCase());
    await name.up(given(), program);
    assert.equal(name.state.adopted, true);
    assert.ok(program.lines.some((line) => line.includes("is adopted, and stays on destroy")));
    await name.refresh(program);
    assert.equal(await name.up(given(), program), "same");
    const last = later();
    await name.destroy(last);
    assert.match(last.lines.at(-1) ?? "", /^warning: .* before the stack, and keeps it/);
    assert.ok((await namesOf(asa)).includes(spn.toUpperCase()));
    await change("delete", asa, spn);
  });

  it("is refused without a deployment, with the article's reason, unless allowed", async () => {
    const refusals = await preview(servicePrincipalName, given({ allowBeforeDeployment: false }), program);
    assert.equal(refusals[0]?.property, "deployment");
    assert.match(refusals[0]?.reason ?? "", /after the credential is on at least one server/);
    const after = given({ allowBeforeDeployment: false, deployment: unknown });
    assert.deepEqual(await preview(servicePrincipalName, after, program), []);
    await name.up(given(), later());
    assert.ok((await namesOf(asa)).includes(spn));
  });

  describe("held by another account", () => {
    beforeEach(() => change("add", other, spn));
    afterEach(async () => {
      if ((await namesOf(other)).includes(spn)) await change("delete", other, spn);
    });
    const held = () => new RegExp(`${spn} is held by ${other.state.distinguishedName} \\(disabled, as ${spn}\\)\\.`);

    it("is refused at preview and at up, with the holder", async () => {
      const [refusal] = await preview(servicePrincipalName, given(), program);
      assert.equal(refusal?.property, "spn");
      assert.match(refusal?.reason ?? "", held());
      assert.ok(refusal?.reason.endsWith(`takeFrom: ["${other.state.distinguishedName}"].`));
      const [unknownAccount] = await preview(
        servicePrincipalName,
        given({ account: unknown, spn }),
        new Program(forest.settings),
      );
      assert.match(unknownAccount?.reason ?? "", held());
      await assert.rejects(
        servicePrincipalName.create(complete(servicePrincipalName, given()), program),
        (error: ProviderError) => {
          assert.equal(error.code, "directory-conflict");
          assert.match(error.message, held());
          return true;
        },
      );
      assert.ok(!(await namesOf(asa)).includes(spn));
    });

    it("is to be taken off that holder alone, where a server has it as HOST", async () => {
      const dn = `CN=${forest.uniqueName()},${forest.organizationalUnit}`;
      await change("delete", other, spn);
      await forest.admin.add(dn, { objectClass: "computer", servicePrincipalName: spn.replace("http/", "HOST/") });
      await change("add", other, spn);
      const [refusal] = await preview(servicePrincipalName, given(), program);
      assert.match(refusal?.reason ?? "", new RegExp(dn));
      assert.match(refusal?.reason ?? "", /\. A HOST\/… is to stay: that computer needs it\. /);
      assert.ok(refusal?.reason.endsWith(`takeFrom: ["${other.state.distinguishedName}"].`), refusal?.reason);
      await forest.admin.del(dn);
    });

    it("is moved from exactly the holder that is named", async () => {
      await assert.rejects(name.up(given({ takeFrom: [`CN=Somebody,${forest.domain}`] }), program), held());
      await name.up(given({ takeFrom: [other.state.distinguishedName.toLowerCase()] }), later());
      assert.ok((await namesOf(asa)).includes(spn));
      assert.ok(!(await namesOf(other)).includes(spn));
    });

    it("is given back when it cannot be had", async () => {
      const limited = forest.uniqueName();
      const dn = `CN=${limited},${forest.organizationalUnit}`;
      await new Resource(asaAccount).up(
        {
          name: limited,
          accountType: "user",
          password: "Ordinary-User-1!",
          replication: false,
          organizationalUnit: forest.organizationalUnit,
        },
        program,
      );
      // May write to the holder only, as an administrator of another department would.
      await forest.grantAll(limited, other.state.distinguishedName);
      const person = later({
        username: `${limited}@${forest.settings.domain}`,
        password: "Ordinary-User-1!",
      });
      await assert.rejects(
        name.up(given({ takeFrom: [other.state.distinguishedName] }), person),
        (error: ProviderError) => {
          assert.equal(error.code, "directory-rights");
          assert.match(error.message, /Grant it "Write servicePrincipalName".* on CN=/);
          assert.ok(error.message.endsWith(`${other.state.distinguishedName} has the name again.`), error.message);
          return true;
        },
      );
      assert.ok((await namesOf(other)).includes(spn), dn);
    });
  });

  it("is refused where a server has it as HOST, unless allowed", async () => {
    const host = `${forest.uniqueName()}.corp.tailspintoys.com`;
    await change("add", other, `HOST/${host}`);
    const wanted = given({ spn: `http/${host}` });
    const [refusal] = await preview(servicePrincipalName, wanted, program);
    assert.match(
      refusal?.reason ?? "",
      new RegExp(`is held by ${other.state.distinguishedName} \\(disabled, as HOST/${host}\\)\\. HOST stands for http`),
    );
    const next = later();
    await name.up({ ...wanted, allowServerName: true }, next);
    // Samba may write it in another case.
    const kept = (await namesOf(other)).map((one) => one.toLowerCase());
    assert.deepEqual(kept, [`host/${host}`.toLowerCase()], "the server keeps its own");
    await change("delete", other, `HOST/${host}`);
  });

  it("warns of a port", async () => {
    await preview(servicePrincipalName, given({ spn: `${spn}:443` }), program);
    assert.match(program.lines[0] ?? "", /^warning: .* has a port/);
  });

  it("warns at preview of a new name that DNS does not lead to the load balancer by itself", async () => {
    const label = forest.uniqueName().toLowerCase();
    const host = `${label}.${corp.dnsName}`;
    const said = async () => {
      // The controller that has the record: the others hear of it when they replicate.
      const run = later({ dnsServers: [dc1.address] });
      assert.deepEqual(await preview(servicePrincipalName, given({ spn: `http/${host}` }), run), []);
      return run.lines;
    };
    assert.deepEqual(await said(), [
      `warning: ${host}: it has no address in DNS. Add an A record that leads to the load balancer.`,
    ]);
    await record("add", label, "A", "10.99.0.80");
    assert.deepEqual(await said(), []);
    await record("delete", label, "A", "10.99.0.80");
    await record("add", label, "CNAME", hostName(dc1));
    try {
      const [line = "", ...others] = await said();
      assert.deepEqual(others, []);
      assert.match(
        line,
        new RegExp(`^warning: ${host}: it is an alias \\(CNAME\\) of ${hostName(dc1)}, so clients ask`),
      );
    } finally {
      await record("delete", label, "CNAME", hostName(dc1));
    }
    assert.deepEqual(await preview(servicePrincipalName, given({ spn: `host/${label}` }), program), []);
    assert.deepEqual(program.lines, [], "nobody looks up a name of another class");
  });

  it("is repaired when it was removed by hand", async () => {
    await name.up(given(), program);
    await change("delete", asa, spn);
    const next = later();
    assert.equal(await name.refresh(next), false);
    assert.equal(await name.up(given(), next), "created");
    assert.ok((await namesOf(asa)).includes(spn));
  });

  it("that was moved by hand is seen, and taken back only from a named holder", async () => {
    await name.up(given(), program);
    await change("delete", asa, spn);
    await change("add", other, spn);
    const next = later();
    assert.equal(await name.refresh(next), false);
    await assert.rejects(name.up(given(), next), /is held by/);
    const third = later();
    assert.equal(await name.up(given({ takeFrom: [other.state.distinguishedName] }), third), "created");
    assert.ok(!(await namesOf(other)).includes(spn));
  });

  it("goes to another account, and is never on both", async () => {
    await name.up(given(), program);
    const next = later();
    assert.deepEqual(await name.up(given({ account: other.state.qualifiedName }), next), ["account"]);
    assert.ok((await namesOf(other)).includes(spn));
    assert.ok(!(await namesOf(asa)).includes(spn));
    assert.equal(name.state.accountGuid, other.id);
    await name.destroy(later());
    assert.ok(!(await namesOf(other)).includes(spn));
  });

  it("takes another name in place of the old one", async () => {
    await name.up(given(), program);
    const next = later();
    assert.deepEqual(await name.up(given({ spn: `${spn}.other` }), next), ["spn"]);
    const names = await namesOf(asa);
    assert.ok(names.includes(`${spn}.other`) && !names.includes(spn));
  });

  it("is gone with its account, and content to be deleted then", async () => {
    const short = new Resource(asaAccount);
    await short.up(
      { name: forest.uniqueName(), replication: false, organizationalUnit: forest.organizationalUnit },
      program,
    );
    await name.up(given({ account: short.state.qualifiedName }), program);
    const { id, state } = name;
    await forest.admin.del(short.state.distinguishedName);
    assert.equal(await name.refresh(program), false);
    await servicePrincipalName.delete(id, state, program);
  });

  for (const [settings, refused] of [
    ["another forest's settings", /^TAILSPIN\\T\d+\$ is not in users\.contoso\.com \(CONTOSO\)\. Name the connection/],
    [
      "another forest's controller",
      /^udc1\.\S+ is a domain controller of users\.contoso\.com, and the connection is for/,
    ],
  ] as const) {
    it(`is not taken for gone, nor its account, by a run with ${settings}`, async () => {
      await name.up(given(), program);
      const { name: user, password } = administrator(users);
      const elsewhere = () =>
        later({
          ...(settings.endsWith("settings") && { domain: users.dnsName }),
          ...{ domainController: hostName(usersDc), username: `${user}@${users.dnsName}`, password },
        });
      for (const resource of [name, asa]) {
        for (const work of [() => resource.refresh(elsewhere()), () => resource.destroy(elsewhere())]) {
          await assert.rejects(work, ({ message }: Error) => refused.test(message) || assert.fail(message));
        }
      }
      assert.ok((await namesOf(asa)).includes(spn));
    });
  }

  it("knows in a preview whether an unknown account only changes or is made anew", async () => {
    const account = new Resource(asaAccount);
    const inputs = { name: forest.uniqueName(), replication: false, organizationalUnit: forest.organizationalUnit };
    await account.up(inputs, program);
    await name.up(given({ account: account.state.qualifiedName }), program);
    const diffs = async (more: object) => {
      const run = later();
      const news = complete<AsaAccountInputs>(asaAccount, { ...inputs, ...more });
      await asaAccount.diff(account.id, account.state, news, run);
      const wanted = { ...complete<SpnInputs>(servicePrincipalName, given()), account: unknown as Unknown };
      return servicePrincipalName.diff(name.id, name.state, wanted, run);
    };
    assert.deepEqual(await diffs({ description: "changed" }), { changed: [], replace: [] });
    assert.deepEqual(await diffs({ accountType: "user" }), { changed: ["account"], replace: [] });
  });

  it("follows an account that is made anew under its old name", async () => {
    const account = new Resource(asaAccount);
    const inputs = { name: forest.uniqueName(), replication: false, organizationalUnit: forest.organizationalUnit };
    await account.up(inputs, program);
    const wanted = given({ account: account.state.qualifiedName });
    await name.up(wanted, program);
    const next = later();
    await account.destroy(next);
    await account.up(inputs, next);
    assert.deepEqual(await name.up(wanted, next), ["account"]);
    assert.deepEqual(await namesOf(account), [spn]);
  });

  describe("claimed twice by one program", () => {
    it("fails for the second at preview", async () => {
      assert.deepEqual(await preview(servicePrincipalName, given(), program), []);
      const [refusal] = await preview(servicePrincipalName, given({ spn: spn.toUpperCase() }), program);
      assert.match(refusal?.reason ?? "", /^Another resource of this program has /);
    });

    it("fails for the second at up, also when state has the first", async () => {
      await name.up(given(), program);
      const inputs = complete<SpnInputs>(servicePrincipalName, given());
      await assert.rejects(servicePrincipalName.create(inputs, program), /^ProviderError: Another resource/);
      const next = later();
      await name.up(given(), next);
      await assert.rejects(servicePrincipalName.create(inputs, next), /^ProviderError: Another resource/);
    });

    it("does not fail for one that is replaced", async () => {
      await name.up(given(), program);
      const next = later();
      assert.deepEqual(await preview(servicePrincipalName, given(), next, name.inputs), []);
      assert.deepEqual(await preview(servicePrincipalName, given({ account: unknown }), next), []);
      await servicePrincipalName.delete(name.id, name.state, next);
      await servicePrincipalName.create(complete(servicePrincipalName, given()), next);
      assert.ok((await namesOf(asa)).includes(spn));
    });

    it("does not lose the name when one resource takes it over from another", async () => {
      await name.up(given(), program);
      const next = later();
      await new Resource(servicePrincipalName).up(given(), next);
      await name.destroy(next);
      assert.ok((await namesOf(asa)).includes(spn));
    });
  });

  describe("goes from one resource of a program to another", () => {
    const account = () => ({
      name: asa.inputs.name,
      replication: false,
      organizationalUnit: forest.organizationalUnit,
    });

    it("and is the new one's to take off, on an account that the stack has made", async () => {
      await name.up(given(), program);
      const next = later();
      await asa.up(account(), next);
      const renamed = new Resource<SpnInputs, SpnOutputs>(servicePrincipalName);
      await renamed.up(given(), next);
      const goes = name.remember();
      await name.destroy(next);
      assert.ok((await namesOf(asa)).includes(spn));
      assert.equal(renamed.state.adopted, false);
      assert.match(next.lines.join("\n"), /has http\/\S+ already: it is the stack's, and goes on destroy/);
      // Where the first run broke off before it: the new one is in the state then, and not made any more.
      goes();
      const third = later();
      assert.equal(await renamed.up(given(), third), "same");
      await name.destroy(third);
      assert.ok((await namesOf(asa)).includes(spn));
      await renamed.destroy(later());
      assert.ok(!(await namesOf(asa)).includes(spn));
    });

    it("under another name of the connection too", async () => {
      await name.up(given(), program);
      const next = later();
      await asa.up(account(), next);
      const renamed = new Resource<SpnInputs, SpnOutputs>(servicePrincipalName);
      await renamed.up({ ...given(), connection: "again" }, next);
      await name.destroy(next);
      assert.ok((await namesOf(asa)).includes(spn));
      await renamed.destroy(later());
      assert.ok(!(await namesOf(asa)).includes(spn));
    });

    it("and stays adopted on an account that was there before the stack", async () => {
      await change("add", asa, spn);
      const next = later();
      const inputs = complete<AsaAccountInputs>(asaAccount, account());
      await asaAccount.diff(asa.id, { ...asa.state, adopted: true }, inputs, next);
      await name.up(given(), next);
      assert.equal(name.state.adopted, true);
      await change("delete", asa, spn);
    });

    it("in a swap, and is never taken off the account once the other one has it", async () => {
      const other = new Resource<SpnInputs, SpnOutputs>(servicePrincipalName);
      const both = [spn, `${spn}.b`];
      await name.up(given(), program);
      await other.up(given({ spn: both[1] }), program);
      const next = later();
      // As the engine does it: each replacement takes off the old name first, and both go on at the same time.
      await Promise.all([name.up(given({ spn: both[1] }), next), other.up(given(), next)]);
      const names = await namesOf(asa);
      assert.deepEqual(
        both.filter((one) => !names.includes(one)),
        [],
      );
      await change("delete", asa, ...both);
    });

    it("on an account of another stack, where the old one had made it and goes first", async () => {
      await name.up(given(), program);
      const next = later();
      const renamed = new Resource<SpnInputs, SpnOutputs>(servicePrincipalName);
      assert.deepEqual(await preview(servicePrincipalName, given(), next), []);
      await name.destroy(next);
      assert.ok((await namesOf(asa)).includes(spn), "it is wanted in this run");
      const { outputs } = await servicePrincipalName.create(complete(servicePrincipalName, given()), next);
      assert.equal(outputs.adopted, false);
      Object.assign(renamed, { outputs });
      await renamed.destroy(later());
      assert.ok(!(await namesOf(asa)).includes(spn));
    });
  });

  it("reads two hundred names of one account in few searches", async () => {
    const two = Array.from({ length: 200 }, (_, index) => `http/n${index}.${spn.slice(5)}`);
    await change("add", asa, ...two);
    const states = two.map((one) => ({
      ...complete<SpnInputs>(servicePrincipalName, given({ spn: one })),
      accountGuid: asa.id,
      distinguishedName: asa.state.distinguishedName,
      adopted: false,
    }));
    const { search } = Client.prototype;
    let searches = 0;
    Client.prototype.search = function (...parameters) {
      searches += 1;
      return search.apply(this, parameters);
    };
    try {
      const found = await Promise.all(states.map((state) => servicePrincipalName.read(state.spn, state, program)));
      assert.ok(found.every((one) => one !== undefined));
      assert.ok(searches <= 8, `${searches} searches`);
      const checks = two.map((one) => preview(servicePrincipalName, given({ spn: `${one}.new` }), program));
      searches = 0;
      assert.ok((await Promise.all(checks)).every((refusals) => refusals.length === 0));
    } finally {
      Client.prototype.search = search;
    }
    await change("delete", asa, ...two);
  });
});
