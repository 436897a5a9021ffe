import { strict as assert } from "node:assert";
import { PsObject } from "../../../provider/powershell/psrp";
import { errorRecordValue } from "../../../provider/powershell/psrp/error-record";
import { engineMissing, findEngine } from "../../support/engine";
import { ofType, StdioEngine } from "./stdio-engine";

describe("PSRP core and the real engine's errors", () => {
  let engine: StdioEngine;

  before(async function () {
    const path = await findEngine();
    if (path === undefined) {
      console.log(engineMissing);
      return this.skip();
    }
    engine = await StdioEngine.open(path);
  });
  after(() => engine?.close());

  it("tells errors, warnings and the other streams apart", async () => {
    const { state, events } = await engine.run(
      "Write-Error boo -ErrorId own -Category ObjectNotFound -TargetObject it; Write-Warning w; Write-Verbose v -Verbose; Write-Debug d -Debug; " +
        "Write-Information i; $p = [System.Management.Automation.ProgressRecord]::new(1, 'act', 'stat'); $p.PercentComplete = 40; $Host.Runspace | Out-Null; Write-Progress -Activity act -Status stat -PercentComplete 40",
    );
    assert.equal(state, "Completed");
    const [error] = ofType(events, "error");
    assert.equal(error?.record.message, "boo");
    assert.match(error.record.fullyQualifiedErrorId, /^own/);
    assert.equal(error.record.category, 13);
    assert.equal(error.record.target, "it");
    assert.deepEqual(
      ofType(events, "warning").map((event) => event.message),
      ["w"],
    );
    assert.deepEqual(
      ofType(events, "verbose").map((event) => event.message),
      ["v"],
    );
    assert.deepEqual(
      ofType(events, "debug").map((event) => event.message),
      ["d"],
    );
    const [information] = ofType(events, "information");
    assert.equal(information?.value instanceof PsObject && information.value.property("MessageData"), "i");
    const [progress] = ofType(events, "progress");
    assert.ok(progress?.value instanceof PsObject);
    assert.equal(progress.value.property("Activity"), "act");
    assert.equal(progress.value.property("PercentComplete"), 40);
  });

  it("gives the error that ended a pipeline with its state", async () => {
    const { state, events } = await engine.run([{ name: "Get-NoSuchThing" }]);
    assert.equal(state, "Failed");
    const error = ofType(events, "pipelineState")[0]?.error;
    assert.equal(error?.fullyQualifiedErrorId, "CommandNotFoundException");
    assert.equal(error.target, "Get-NoSuchThing");
    assert.equal(error.category, 13);
  });

  it("writes of an error what the engine writes of it", async () => {
    for (const script of ["throw 'out'", "Get-NoSuchThing", "Write-Error boo -Category ObjectNotFound"]) {
      const { events } = await engine.run(script);
      const record = ofType(events, "error")[0]?.record ?? ofType(events, "pipelineState")[0]?.error;
      const theirs = record?.value;
      assert.ok(record !== undefined && theirs instanceof PsObject);
      const part = (name: string) => String(theirs.property(name));
      const parts = { ...record, activity: part("ErrorCategory_Activity"), reason: part("ErrorCategory_Reason") };
      const ours = errorRecordValue(parts);
      assert.ok(ours instanceof PsObject);
      const told = ({ text, extended }: PsObject) => [
        text,
        [...extended].filter(([name]) => /^ErrorCategory_|^FullyQualified|^TargetObject/.test(name)).sort(),
      ];
      assert.deepEqual(told(ours), told(theirs), script);
    }
  });
});
