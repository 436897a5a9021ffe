import assert from "node:assert/strict";
import { dc1, hostName } from "../../lab/domain-controller";
import { requireLab } from "../support/lab";
import { Stack, succeeded } from "../support/stack";
import { ForestByHand } from "./forest-by-hand";

describe("settings in the stack configuration", function () {
  this.timeout(120_000);
  const gone = "gone.corp.tailspintoys.com";
  let forest: ForestByHand;
  let unit: string;
  let stack: Stack;

  before(async function () {
    requireLab(this);
    forest = await ForestByHand.open();
    unit = await forest.freshUnit("Settings");
    const account = JSON.stringify({ name: "SETTINGS", organizationalUnit: unit, replication: false });
    const config = { "exchange-kerberos:domainController": hostName(dc1) };
    stack = await Stack.create("settings", `new ek.AsaAccount("asa", ${account});`, { config });
    succeeded(await stack.up());
  });
  after(async () => {
    await stack?.remove();
    await forest?.removeUnit(unit);
    await forest?.close();
  });

  const use = async (controller: string) =>
    succeeded(await stack.pulumi(["config", "set", "exchange-kerberos:domainController", controller]));

  it("are those of the last up where no program runs, and the present ones with --run-program, as the pages say", async () => {
    await use(gone);
    succeeded(await stack.refresh("--expect-no-changes"));
    // One without changes asks no domain controller.
    succeeded(await stack.up("--expect-no-changes"));
    await use(hostName(dc1));
    const { status, stdout } = await stack.refresh();
    assert.notEqual(status, 0);
    assert.match(stdout, new RegExp(gone));
    succeeded(await stack.preview("--refresh", "--run-program", "--expect-no-changes"));
    succeeded(await stack.destroy("--run-program"));
    assert.equal(await forest.find("SETTINGS$"), undefined);
  });
});
