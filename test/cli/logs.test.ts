import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "mocha";
import { logsText } from "../../cli/logs-text";
import { runCommand } from "../../lab/command";
import { checkoutFolder } from "../../lab/folders";
import type { HttpProxyLogReport } from "../../provider/exchange/http-proxy-log";
import { engineMissing, findEngine } from "../support/engine";
import { heading, requestLine, writeLog } from "../support/http-proxy-log-file";

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

  it("shares out all requests, however many, and says what has no name", () => {
    const time = (minutes: string) => `2026-11-24T${minutes}:00.000Z`;
    const of = (requests: number, from: string, to: string) => ({ requests, first: time(from), last: time(to) });
    const report: HttpProxyLogReport = {
      ...{ files: 12, bytes: 1_234_567_890, requests: 1_234_567, skipped: [] },
      traffic: [
        {
          ...{ server: "CAS-2", protocol: "Mapi", ...of(1_234_000, "09:00", "10:00") },
          schemes: {
            Negotiate: of(1, "09:30", "09:40"),
            none: of(1000, "09:00", "09:10"),
            Bearer: of(9, "09:00", "10:00"),
          },
        },
        { server: "", protocol: "", ...of(567, "08:00", "11:00"), schemes: { NTLM: of(567, "08:00", "11:00") } },
      ],
      ntlm: { requests: 567, ofFurtherUsers: 0, users: [{ user: "", ...of(567, "08:00", "11:00") }] },
      broken: { lines: 5, first: [{ file: "a.log", line: 3, why: "it is odd", text: "x" }] },
    };
    const rows = logsText(report).split("\n");
    const cells = rows.map((row) => row.trim().replace(/ {2,}/g, " | "));
    assert.deepEqual(cells.slice(0, 9), [
      "1,234,567 requests in 12 files (1,235 MB), from 2026-11-24 08:00 to 2026-11-24 11:00 UTC",
      "",
      "SERVER | PROTOCOL | REQUESTS | Negotiate | NTLM | OTHER | NO LOGON | NEGOTIATE SINCE | LAST NTLM",
      "CAS-2 | Mapi | 1,234,000 | 1 (<1 %) | 1,232,999 | 1,000 | 2026-11-24 09:30",
      "(not in the log) | (not in the log) | 567 | 567 (100 %) | never | 2026-11-24 11:00",
      ...["", "Who sent most NTLM", "USER | REQUESTS | FIRST (UTC) | LAST (UTC)"],
      "(no name in the log) | 567 | 2026-11-24 08:00 | 2026-11-24 11:00",
    ]);
    const ends = [2, 3, 4].map((row) => /(REQUESTS|1,234,000|567)/.exec(rows[row] ?? ""));
    assert.equal(new Set(ends.map((end) => (end?.index ?? 0) + (end?.[0].length ?? 0))).size, 1, "numbers stand right");
    assert.deepEqual(cells.slice(-3), ["5 lines could not be read", "a.log:3: it is odd: x", "and 4 more"]);
    const nothing = { ...report, files: 0, bytes: 0, requests: 0, traffic: [], broken: { lines: 0, first: [] } };
    const none = { requests: 0, ofFurtherUsers: 0, users: [] };
    assert.equal(logsText({ ...nothing, ntlm: none }), "0 requests in 0 files (0 bytes)");
  });

  it("reads them on a server through PowerShell as it reads files, wherever Exchange is installed", async function () {
    this.timeout(180_000);
    const engine = await findEngine();
    if (engine === undefined) {
      console.log(engineMissing);
      return this.skip();
    }
    const installed = join(mkdtempSync(join(folder, "server-")), "Exchange $(x) [1] 'V15'");
    const logs = join(installed, "Logging", "HttpProxy", "Mapi");
    mkdirSync(logs, { recursive: true });
    // More than one block of lines, and what the other reader has to tell apart: quotes, other alphabets, lines that are none.
    writeLog(join(logs, "HttpProxy_2026112408-1.LOG"), 4e6);
    const odd = requestLine({
      ...{ time: "2026-11-24T09:00:00.000Z", protocol: "Mapi", server: "CAS-1" },
      scheme: "NTLM",
      user: '"TAILSPIN\\Zoë, 🔑"',
    });
    writeFileSync(join(logs, "HttpProxy_2026112409-1.LOG"), `${heading}${odd}broken\r\n`);
    writeFileSync(join(logs, "notes.txt"), "no log");
    const environment = {
      ...process.env,
      PATH: `${dirname(engine)}${delimiter}${process.env.PATH}`,
      ExchangeInstallPath: `${installed}/`,
      PSModulePath: join(__dirname, "modules"),
      EXCHANGE_KERBEROS_DOMAIN: "corp.tailspintoys.com",
      EXCHANGE_KERBEROS_MANAGEMENT_TRANSPORT: "local",
    };
    const words = ["-r", "ts-node/register", join(checkoutFolder, "cli", "main.ts"), "logs", "--json"];
    const server = await runCommand(process.execPath, [...words, "--server", "localhost"], { environment });
    assert.deepEqual([server.status, server.stderr], [0, ""]);
    const [there, here] = [JSON.parse(server.stdout), JSON.parse((await run(logs, "--json")).stdout)];
    assert.ok(there.requests > 4000);
    assert.equal(there.broken.first[0].file, `localhost: ${here.broken.first[0].file}`);
    assert.deepEqual([there.requests, there.traffic, there.ntlm], [here.requests, here.traffic, here.ntlm]);
    assert.deepEqual([there.files, there.broken.lines], [2, 1]);
    assert.ok(Math.abs(there.bytes - here.bytes) < 10, `${there.bytes} of ${here.bytes} bytes`);

    const nowhere = await runCommand(process.execPath, [...words, "--server", "localhost", join(logs, "nowhere")], {
      environment,
    });
    assert.equal(nowhere.status, 3);
    assert.match(nowhere.stderr, /localhost: could not look for logs in .*nowhere: Cannot find path/);
    rmSync(installed, { recursive: true });
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
