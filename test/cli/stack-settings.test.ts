import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "mocha";
import { runCommand } from "../../lab/command";

const root = resolve(__dirname, "../..");

describe("the settings of a stack where there is no Pulumi", function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-settings-"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: somewhere\nruntime: nodejs\n");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const plan = (...words: string[]) => {
    const main = ["-r", join(root, "node_modules/ts-node/register/transpile-only"), join(root, "cli/main.ts")];
    const environment = { PATH: folder, TS_NODE_PROJECT: join(root, "tsconfig.json") };
    return runCommand(process.execPath, [...main, "plan", ...words], { folder, environment });
  };

  it("are not replaced by the environment's where --stack names one", async () => {
    const { status, stderr } = await plan("--stack", "prod");
    assert.equal(status, 3, stderr);
    assert.match(stderr, /^The settings of the stack prod need the command pulumi, which is not found\. .*PATH/);
  });

  it("are the environment's otherwise", async () => {
    const { status, stderr } = await plan();
    assert.equal(status, 3, stderr);
    assert.match(stderr, /domain: .*EXCHANGE_KERBEROS_DOMAIN in the environment/);
  });
});
