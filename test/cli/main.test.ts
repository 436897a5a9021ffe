import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { runCommand } from "../../lab/command";
import { checkoutFolder } from "../../lab/folders";
import { writeLog } from "../support/http-proxy-log-file";

/** The exit codes of check and roll are for machines: 0, 1 and 2 each say something, and Node knows nothing of that. */
describe("exchange-kerberos ends with 3", function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "main-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const main = ["-r", "ts-node/register/transpile-only", join(checkoutFolder, "cli", "main.ts")];
  const withPreload = (source: string, ...words: readonly string[]) => {
    const preload = join(folder, "preload.js");
    writeFileSync(preload, source);
    return runCommand(process.execPath, ["-r", preload, ...main, ...words]);
  };

  it("where what went wrong can be told to nobody", async () => {
    const child = spawn(process.execPath, [...main, "logs", join(folder, "nowhere")]);
    child.stderr.destroy();
    assert.deepEqual(await once(child, "close"), [3, null]);
  });

  it("where it may not write, and leaves no half of a file; and for a number of days that no calendar has", async () => {
    const environment = { ...process.env, EXCHANGE_KERBEROS_DOMAIN: "corp.example.com" };
    const status = (...words: string[]) =>
      runCommand(process.execPath, [...main, "status", "--prometheus", ...words], { environment });
    // A folder with something in it cannot be replaced by a file.
    mkdirSync(join(folder, "taken", "below"), { recursive: true });
    const taken = await status("--output", join(folder, "taken"));
    assert.equal(taken.status, 3);
    assert.match(taken.stderr, /[\\/]taken could not be written: /);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".tmp")),
      [],
    );
    const endless = await status("--max-password-age", "1e8");
    assert.equal(endless.status, 3);
    assert.match(endless.stderr, /no number of days/);
  });

  it("where a fault of ours comes out of nowhere, and says where from", async () => {
    const { status, stderr } = await withPreload(
      'setImmediate(() => { throw new Error("lost"); });',
      "check",
      "--list",
    );
    assert.equal(status, 3);
    assert.match(stderr, /^Error: lost\n +at .*preload\.js/);
  });

  it("where what it waits for never comes, in place of 0 and nothing", async () => {
    // Between pieces of a large log the rest of the process gets its turn.
    const log = join(folder, "large.log");
    writeLog(log, 40e6);
    const { status, stdout, stderr } = await withPreload("globalThis.setImmediate = () => {};", "logs", log);
    assert.deepEqual([status, stdout], [3, ""]);
    assert.match(stderr, /waits for something that never comes/);
  });
});

describe("exchange-kerberos --version", function () {
  this.timeout(60_000);

  it("is the package's", async () => {
    const main = join(checkoutFolder, "cli", "main.ts");
    const { stdout } = await runCommand(process.execPath, ["-r", "ts-node/register/transpile-only", main, "--version"]);
    assert.equal(stdout.trim(), JSON.parse(readFileSync(join(checkoutFolder, "package.json"), "utf8")).version);
  });
});
