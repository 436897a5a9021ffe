import assert from "node:assert/strict";
import { requireLab } from "../support/lab";
import { Stack, succeeded } from "../support/stack";
import { ForestByHand } from "./forest-by-hand";

const [existing, added] = ["mail", "autodiscover"].map((host) => `http/${host}.adoption.corp.tailspintoys.com`);

function program(account: object): string {
  return `
    const account = new ek.AsaAccount("asa", { name: "ADOPTION", replication: false, ...${JSON.stringify(account)} });
    for (const spn of ${JSON.stringify([existing, added])}) {
      new ek.ServicePrincipalName(spn, { account: account.qualifiedName, spn, allowBeforeDeployment: true });
    }`;
}

describe("an account that was there before the stack", function () {
  this.timeout(120_000);
  let forest: ForestByHand;
  let stack: Stack;
  let unit: string;

  before(async function () {
    requireLab(this);
    forest = await ForestByHand.open();
    unit = await forest.freshUnit("Adoption");
    await forest.client.add(`CN=ADOPTION,${unit}`, {
      objectClass: "computer",
      sAMAccountName: "ADOPTION$",
      userAccountControl: "4096",
      description: "made by hand",
      "msDS-SupportedEncryptionTypes": "4",
      servicePrincipalName: existing ?? "",
      unicodePwd: Buffer.from('"Made-by-hand-1"', "utf16le").toString("latin1"),
    });
    stack = await Stack.create("adoption", program({ organizationalUnit: unit }));
  });
  after(async () => {
    if (forest === undefined) return;
    await stack?.remove();
    await forest.removeUnit(unit);
    await forest.close();
  });

  it("is refused where the program does not say adopt, at preview already, with its name and the remedy", async () => {
    const { status, stdout } = await stack.preview();
    assert.notEqual(status, 0);
    assert.ok(stdout.includes(`CN=ADOPTION,${unit}`), stdout);
    assert.match(stdout, /adopt: true/);
  });

  it("is taken over with its password, and the preview tells what would change", async () => {
    const before = await forest.find("ADOPTION$");
    stack.write(program({ adopt: true, description: "Exchange" }));
    const preview = succeeded(await stack.preview());
    assert.match(preview, /would adopt .*CN=ADOPTION.*description/);
    succeeded(await stack.up());
    const account = await forest.find("ADOPTION$");
    assert.equal(account?.description, "Exchange");
    assert.equal(account?.["msDS-SupportedEncryptionTypes"], "28");
    for (const kept of ["objectGUID", "pwdLastSet", "msDS-KeyVersionNumber"]) {
      assert.deepEqual(account?.[kept], before?.[kept], kept);
    }
    assert.deepEqual([account?.servicePrincipalName].flat().sort(), [added, existing].sort());
    succeeded(await stack.up("--expect-no-changes"));
  });

  it("stays on destroy, with the name that it had and without the one that the stack gave it", async () => {
    assert.match(succeeded(await stack.destroy()), /was there before the stack, and stays/);
    const account = await forest.find("ADOPTION$");
    assert.equal(account?.servicePrincipalName, existing);
  });
});
