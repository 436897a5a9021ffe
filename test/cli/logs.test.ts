import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { runCommand } from "../../lab/command";
import { checkoutFolder } from "../../lab/folders";
import { heading, requestLine } from "../support/http-proxy-log-file";

describe("exchange-kerberos logs", function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "logs-"));
    const line = (minute: number, scheme: string, user: string) =>
      requestLine({ time: `2026-11-24T08:0${minute}:00.000Z`, protocol: "Mapi", scheme, user, server: "CAS-1" });
    const lines = [
      line(1, "NTLM", "TAILSPIN\\\u001b[31mevil"),
      line(2, "NTLM", "TAILSPIN\\wendy"),
      line(3, "Negotiate", "W"),
    ];
    writeFileSync(
      join(folder, "a.log"),
      `${heading}${lines.join("")}${line(4, "NTLM", "TAILSPIN\\wendy")}bro\u0007ken\r\n`,
    );
    writeFileSync(join(folder, "other.LOG"), "#Fields: date-time\r\n");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...words: readonly string[]) =>
    runCommand(process.execPath, ["-r", "ts-node/register", join(checkoutFolder, "cli", "main.ts"), "logs", ...words]);

  it("prints tables, what they do not prove, and what could not be read", async () => {
    const { status, stdout, stderr } = await run(folder, "--users", "1");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^4 requests in 1 files \([\d,]+ bytes\), from 2026-11-24 08:01 to 2026-11-24 08:04 UTC$/m);
    assert.match(stdout, /^CAS-1 +Mapi +4 +1 \(25 %\) +3 \(75 %\) +2026-11-24 08:03 +2026-11-24 08:04$/m);
    assert.match(stdout, /^TAILSPIN\\wendy +2 +2026-11-24 08:02 +2026-11-24 08:04\nall others +1$/m);
    assert.match(stdout, /does not prove Kerberos/);
    assert.match(stdout, /^1 lines could not be read\n.*a\.log:10: it has too few columns: bro�ken$/m);
    assert.match(stdout, /other\.LOG: line 1 is no heading/);
    assert.ok(!stdout.includes("\u001b"));
  });

  it("prints JSON with the same caution, and ends with 3 where there is nothing", async () => {
    const { stdout } = await run(folder, "--json");
    const report = JSON.parse(stdout);
    assert.equal(report.ntlm.requests, 3);
    assert.match(report.note, /does not prove Kerberos/);
    const missing = await run(join(folder, "nowhere"));
    assert.deepEqual([missing.status, missing.stdout], [3, ""]);
    assert.match(missing.stderr, /nowhere does not exist/);
  });
});
