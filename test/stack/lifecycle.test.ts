import assert from "node:assert/strict";
import { requireLab } from "../support/lab";
import { Stack, type StateResource, succeeded } from "../support/stack";
import { changesIn, ForestByHand } from "./forest-by-hand";

const names = ["mail", "autodiscover"].map((host) => `http/${host}.lifecycle.corp.tailspintoys.com`);
const samAccountName = "LIFECYCLE$";

/** A user's program: an account and its two names, with whatever is to be different about the account. */
function program(account: object): string {
  return `
    const account = new ek.AsaAccount("asa", { replication: false, ...${JSON.stringify(account)} });
    for (const spn of ${JSON.stringify(names)}) {
      new ek.ServicePrincipalName(spn, { account: account.qualifiedName, spn, allowBeforeDeployment: true });
    }
    exports.qualifiedName = account.qualifiedName;`;
}

describe("an account and its names under pulumi up", function () {
  this.timeout(120_000);
  let forest: ForestByHand;
  let stack: Stack;
  let unit: string;
  let other: string;
  let basic: { name: string; organizationalUnit: string };

  before(async function () {
    requireLab(this);
    forest = await ForestByHand.open();
    unit = await forest.freshUnit("Lifecycle");
    other = await forest.freshUnit("Lifecycle Other");
    basic = { name: "LIFECYCLE", organizationalUnit: unit };
    stack = await Stack.create("lifecycle", program(basic));
  });
  after(async () => {
    if (forest === undefined) return;
    await stack?.remove();
    await forest.removeUnit(unit);
    await forest.removeUnit(other);
    await forest.close();
  });

  const found = async () => (await forest.find(samAccountName)) ?? assert.fail("no account");
  const changes = () => changesIn(unit) + changesIn(other);
  const asa = async (): Promise<StateResource> =>
    (await stack.resources()).find(({ type }) => type.endsWith(":AsaAccount")) ?? assert.fail("not in the state");
  /** Nothing to do, twice over: in a preview and in an `up`, and not one change asked of the directory. */
  const settled = async () => {
    const before = changes();
    succeeded(await stack.preview("--expect-no-changes"));
    succeeded(await stack.up("--expect-no-changes"));
    assert.equal(changes(), before);
  };

  for (const round of ["first", "second"]) {
    it(`previews without a write, makes all of it, and is settled then (${round} time)`, async () => {
      const before = changes();
      assert.match(succeeded(await stack.preview()), /\+ 4 to create/);
      assert.equal(changes(), before);

      assert.match(succeeded(await stack.up()), /TAILSPIN\\\\LIFECYCLE\$/);
      const account = await found();
      assert.deepEqual([account.servicePrincipalName].flat().sort(), [...names].sort());
      assert.equal(account["msDS-SupportedEncryptionTypes"], "28");
      assert.ok(changes() > before, "the audit log counts no changes");
      const { outputs } = await asa();
      assert.equal(outputs?.distinguishedName, account.dn);
      assert.equal(outputs?.objectSid === undefined, false);
      await settled();
    });

    if (round === "first") {
      it("leaves nothing after destroy", async () => {
        succeeded(await stack.destroy());
        assert.equal(await forest.find(samAccountName), undefined);
        assert.deepEqual(
          (await stack.resources()).filter(({ type }) => type.includes("exchangeKerberos")),
          [],
        );
      });
    }
  }

  it("changes every property in place, the names untouched", async () => {
    const { objectGUID } = await found();
    const { id, outputs } = await asa();
    stack.write(
      program({
        ...basic,
        organizationalUnit: other,
        description: "Exchange",
        enabled: false,
        encryptionTypes: ["aes128", "aes256"],
        password: "Changed-by-the-program-1",
      }),
    );
    const preview = succeeded(await stack.preview());
    assert.match(preview, /AsaAccount asa update/);
    assert.doesNotMatch(preview, /replace/);
    succeeded(await stack.up());
    const account = await found();
    assert.equal(account.dn, `CN=LIFECYCLE,${other}`);
    assert.deepEqual(account.objectGUID, objectGUID);
    assert.equal(account.description, "Exchange");
    assert.equal(account["msDS-SupportedEncryptionTypes"], "24");
    assert.equal(Number(account.userAccountControl) & 2, 2);
    assert.deepEqual([account.servicePrincipalName].flat().sort(), [...names].sort());
    const now = await asa();
    assert.equal(now.id, id);
    assert.ok(Number(now.outputs?.keyVersion) > Number(outputs?.keyVersion), "no new password");
    await settled();
  });

  it("shows at refresh what was changed by hand, at preview the repair, and repairs it at up", async () => {
    const { dn, objectGUID } = await found();
    await forest.set(dn, {
      description: "by hand",
      "msDS-SupportedEncryptionTypes": "31",
      userAccountControl: "4096",
      servicePrincipalName: [names[0] ?? ""],
    });
    await forest.client.modifyDN(dn, `CN=LIFECYCLE,${unit}`);

    const refresh = succeeded(await stack.refresh("--diff"));
    for (const sign of [/description *: "Exchange" => "by hand"/, /enabled *: false => true/, /- .*autodiscover/]) {
      assert.match(refresh, sign);
    }
    const preview = succeeded(await stack.preview("--diff"));
    assert.match(preview, /description *: "by hand" => "Exchange"/);
    assert.match(preview, /1 to create/);
    succeeded(await stack.up());

    const account = await found();
    assert.equal(account.dn, `CN=LIFECYCLE,${other}`);
    assert.deepEqual(account.objectGUID, objectGUID);
    assert.equal(account.description, "Exchange");
    assert.equal(Number(account["msDS-SupportedEncryptionTypes"]) & 28, 24);
    assert.equal(Number(account.userAccountControl) & 2, 2);
    assert.deepEqual([account.servicePrincipalName].flat().sort(), [...names].sort());
    await settled();
  });

  it("refuses at preview a name that somebody has stolen, and says who has it", async () => {
    const { dn } = await found();
    await forest.set(dn, { servicePrincipalName: [names[0] ?? ""] });
    const thief = `CN=THIEF,${unit}`;
    await forest.client.add(thief, {
      objectClass: "computer",
      sAMAccountName: "THIEF$",
      userAccountControl: "4098",
      servicePrincipalName: names[1] ?? "",
    });
    succeeded(await stack.refresh());
    const before = changes();
    for (const output of [await stack.preview(), await stack.up()]) {
      assert.notEqual(output.status, 0);
      assert.ok(output.stdout.includes(thief), output.stdout);
      assert.match(output.stdout, /disabled/);
      assert.match(output.stdout, /takeFrom/);
    }
    assert.equal(changes(), before);
    await forest.client.del(thief);
    succeeded(await stack.up());
    await settled();
  });

  it("makes a new account, with its names, where somebody deleted the old one", async () => {
    const { dn, objectGUID } = await found();
    await forest.client.del(dn);
    assert.match(succeeded(await stack.refresh()), /- 3 deleted/);
    succeeded(await stack.up());
    const account = await found();
    assert.notDeepEqual(account.objectGUID, objectGUID);
    assert.deepEqual([account.servicePrincipalName].flat().sort(), [...names].sort());
    await settled();
  });

  it("replaces for another name: the old account is gone, the new one has the names", async () => {
    stack.write(program({ ...basic, name: "LIFECYCLE2" }));
    assert.match(succeeded(await stack.preview()), /AsaAccount asa replace/);
    succeeded(await stack.up());
    assert.equal(await forest.find(samAccountName), undefined);
    const account = (await forest.find("LIFECYCLE2$")) ?? assert.fail("no account");
    assert.deepEqual([account.servicePrincipalName].flat().sort(), [...names].sort());
    await settled();
  });

  it("destroys what was left, when some of it is gone already", async () => {
    await forest.client.del(`CN=LIFECYCLE2,${unit}`);
    succeeded(await stack.destroy());
    assert.equal(await forest.find("LIFECYCLE2$"), undefined);
  });
});
