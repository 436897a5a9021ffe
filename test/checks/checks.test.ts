import { strict as assert } from "node:assert";
import { after, before, describe, it } from "mocha";
import { runbook } from "../../provider/checks/runbook";
import { checkText } from "../../cli/check-text";
import { Healthy, troubles } from "./healthy";

describe("the runbook", function () {
  this.timeout(60_000);
  let healthy: Healthy;

  before(async function () {
    healthy = await Healthy.enter(this);
  });
  after(async () => healthy?.leave());

  it("finds nothing wrong where nothing is, and looks at everything", async () => {
    const started = Date.now();
    const report = await healthy.check();
    console.log(checkText(report), Date.now() - started);
    assert.deepEqual(troubles(report), []);
    const checked = new Set(report.results.map(({ check }) => check));
    assert.deepEqual(runbook.map(({ id }) => id).filter((id) => !checked.has(id)), []);
  });
});
