import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "mocha";
import { HttpProxyLog } from "../../lab/exchange/front-end/http-proxy-log";
import { type HttpProxyLogReport, readHttpProxyLogs } from "../../provider/exchange/http-proxy-log";
import { longestLine } from "../../provider/exchange/http-proxy-log/line-reader";
import { columns, heading, requestLine } from "../support/http-proxy-log-file";

/** As Microsoft's article on Kerberos for Client Access services shows it, from Exchange 2013. */
const articleLine = String.raw`2014-02-19T13:30:49.219Z,e19d08f4-e04c-42da-a6be-b7484b396db0,15,0,775,22,,RpcHttp,mail.corp.tailspintoys.com,/rpc/rpcproxy.dll,,Negotiate,True,tailspin\Wendy,tailspintoys.com,MailboxGuid~ad44b1e0-e44f-4a16-9396-3a437f594f88,MSRPC,192.168.1.77,EXCH1,200,200,,RPC_OUT_DATA,Proxy,exch2.tailspintoys.com,15.00.0775.000,IntraForest,MailboxGuidWithDomain,,,,76,462,1,,1,1,,0,,0,,0,0,16272.3359,0,0,3,0,23,0,25,0,16280,1,16274,16230,16233,16234,16282,?ad44b1e0-e44f-4a16-9396-3a437f594f88@tailspintoys.com:6001,,BeginRequest=2014-02-19T13:30:32.946Z;BeginGetRequestStream=2014-02-19T13:30:32.946Z;OnRequestStreamReady=2014-02-19T13:30:32.946Z;BeginGetResponse=2014-02-19T13:30:32.946Z;OnResponseReady=2014-02-19T13:30:32.977Z;EndGetResponse=2014-02-19T13:30:32.977Z;,PossibleException=IOException;`;

const at = (minute: number) => `2026-11-24T08:${String(minute).padStart(2, "0")}:00.000Z`;
const request = (minute: number, scheme: string, user = "TAILSPIN\\wendy", server = "CAS-1", protocol = "Mapi") =>
  requestLine({ time: at(minute), scheme, user, server, protocol });

describe("HttpProxy logs", () => {
  let folder: string;
  let files = 0;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "http-proxy-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(text: string | Buffer, name = `HttpProxy_2026112408-${++files}.LOG`): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }
  /** `CAS-1 Mapi Negotiate=2 NTLM=1` */
  function summary(report: HttpProxyLogReport): string[] {
    return report.traffic.map(({ server, protocol, schemes }) =>
      [
        server,
        protocol,
        ...Object.entries(schemes)
          .map(([scheme, of]) => `${scheme}=${of?.requests}`)
          .sort(),
      ].join(" "),
    );
  }
  const read = (text: string) => readHttpProxyLogs([file(text)]);

  it("are read with the article's own line", async () => {
    const report = await read(`${heading}${articleLine}\r\n`);
    const time = "2014-02-19T13:30:49.219Z";
    const once = { requests: 1, first: time, last: time };
    assert.deepEqual(report.traffic, [{ server: "EXCH1", protocol: "RpcHttp", ...once, schemes: { Negotiate: once } }]);
    assert.equal(report.broken.lines, 0);
  });

  it("are read with either kind of heading", async () => {
    const line = request(1, "Negotiate");
    for (const text of [
      heading + line,
      `\uFEFF${heading}${line}`,
      `${columns}\r\n#Software: Microsoft Exchange Server\r\n#Fields: ${columns}\r\n${line}`,
      `\uFEFF${columns}\n#Log-type: HttpProxy Logs\n${line.trimEnd()}\n`,
      `${columns}\r\n${line.trimEnd()}`,
    ]) {
      const report = await read(text);
      assert.deepEqual(summary(report), ["CAS-1 Mapi Negotiate=1"], text.slice(0, 60));
      assert.equal(report.broken.lines + report.skipped.length, 0, text.slice(0, 60));
    }
  });

  it("are read by the names of the columns, whatever their order, and a heading may come again", async () => {
    const early =
      "#Fields: ServerHostName,authenticationtype,Protocol,DateTime\r\nOLD-1,NTLM,RpcHttp,2014-01-01T00:00:00Z\r\n";
    const report = await read(`${early}${heading}${request(1, "Basic")}`);
    assert.deepEqual(summary(report), ["CAS-1 Mapi Basic=1", "OLD-1 RpcHttp NTLM=1"]);
    assert.equal(report.traffic[1]?.first, "2014-01-01T00:00:00.000Z");
    assert.deepEqual(
      report.ntlm.users.map(({ user }) => user),
      [""],
    );
  });

  it("may have more values than columns, and quotes, commas and line breaks in values", async () => {
    const quoted = request(2, "NTLM", '"TAILSPIN\\wendy ""W"", the first"').trimEnd();
    const withBreak = `${request(3, "Negotiate").trimEnd()},"CafeV1: failed, at\r\nSystem.Web, at line 1\r\nend of it",more\r\n`;
    const report = await read(`${heading}${quoted},CafeV1,more,and more\r\n${withBreak}${request(4, "Negotiate")}`);
    assert.deepEqual(summary(report), ["CAS-1 Mapi NTLM=1 Negotiate=2"]);
    assert.deepEqual([report.broken.lines, report.broken.first], [0, []]);
    // Doubled quotes stay: no name has any.
    assert.equal(report.ntlm.users[0]?.user, 'TAILSPIN\\wendy ""W"", the first');
  });

  it("count lines that are broken, and show them", async () => {
    const cut = request(2, "NTLM").slice(0, 120);
    const endless = `"${"x".repeat(2 * longestLine)}\r\n`;
    const unclosed = request(4, '"Negotiate');
    const path = file(
      [
        heading + request(1, "Negotiate"),
        `${cut}\r\n`,
        "\u001b[31mnonsense\r\n",
        "\r\n",
        endless,
        endless.repeat(5),
        unclosed,
        request(5, "NTLM").replace(at(5), "yesterday"),
        request(6, "Negotiate"),
      ].join(""),
    );
    const report = await readHttpProxyLogs([path], { brokenLines: 5 });

    assert.deepEqual(summary(report), ["CAS-1 Mapi Negotiate=2"]);
    assert.equal(report.broken.lines, 10);
    assert.deepEqual(
      report.broken.first.map(({ line, why, text }) => [line, why, text.slice(0, 12)]),
      [
        [7, "it has too few columns", "2026-11-24T0"],
        [8, "it has too few columns", "�[31mnonsens"],
        [10, `it is longer than ${longestLine} bytes`, '"xxxxxxxxxxx'],
        [11, `it is longer than ${longestLine} bytes`, '"xxxxxxxxxxx'],
        [12, `it is longer than ${longestLine} bytes`, '"xxxxxxxxxxx'],
      ],
    );
    assert.ok(report.broken.first.every((line) => line.file === path && line.text.length <= 160));
  });

  it("skip files that are something else, and say so", async () => {
    const other = file("#Fields: date-time,connector-id\r\n2026-11-24T08:00:00Z,1\r\n");
    const text = file("just text\r\n");
    const empty = file("");
    const good = file(heading + request(1, "NTLM"));
    const report = await readHttpProxyLogs([other, text, empty, good]);
    const why = "is no heading that names DateTime and AuthenticationType";
    assert.deepEqual(report.skipped, [
      { file: other, why: `line 1 ${why}` },
      { file: text, why: `line 1 ${why}` },
    ]);
    assert.deepEqual([report.files, report.requests, report.broken.lines], [2, 1, 0]);
  });

  it("say who sent most NTLM, and since when", async () => {
    const lines = Array.from({ length: 60 }, (_, minute) => {
      const user = `TAILSPIN\\user${minute % 7 === 0 ? 0 : minute % 5}`;
      return request(minute, minute < 10 ? "Negotiate" : "NTLM", user);
    });
    const report = await readHttpProxyLogs([file(heading + lines.join(""))], { users: 2 });
    const { ntlm } = report;
    assert.deepEqual([ntlm.requests, ntlm.ofFurtherUsers, ntlm.users.length], [50, 0, 2]);
    // user0: 10 of the 50 by the five, of which 1 (35) by both rules; and 14 21 28 42 49 56 by the seven.
    assert.deepEqual(ntlm.users[0], { user: "TAILSPIN\\user0", requests: 16, first: at(10), last: at(56) });
    assert.equal(report.traffic[0]?.schemes.Negotiate?.last, at(9));
  });

  it("tell schemes by their names, and do not count what was refused", async () => {
    const refused = requestLine({
      ...{ time: at(9), scheme: "NTLM", user: "TAILSPIN\\mallory", server: "CAS-1", protocol: "Mapi" },
      authenticated: "False",
    });
    const words = ["negotiate", "ntlm", "BASIC", "OAuth", "Bearer", "FBA", "", "constructor"];
    const report = await read(heading + words.map((word, minute) => request(minute, word)).join("") + refused);
    assert.deepEqual(summary(report), ["CAS-1 Mapi Basic=1 FBA=1 NTLM=1 Negotiate=1 OAuth=2 constructor=1 none=2"]);
    assert.deepEqual(
      report.ntlm.users.map(({ user }) => user),
      ["TAILSPIN\\wendy"],
    );
  });

  it("are read out of folders as the servers have them, over pieces of any size", async () => {
    const root = join(folder, "servers");
    const expected = new Map<string, number>();
    for (const [server, product] of [
      ["CAS-1", "2013"],
      ["CAS-2", "2019"],
    ] as const) {
      const log = new HttpProxyLog(join(root, server, "HttpProxy"), server, product);
      for (let index = 0; index < 600; index++) {
        const protocol = (["Mapi", "Ews"] as const)[index % 2] ?? "Mapi";
        const key = `${server} ${protocol}`;
        expected.set(key, (expected.get(key) ?? 0) + 1);
        const user = index % 3 === 0 ? "" : `TAILSPIN\\Ümläut${index % 11}`;
        log.write(
          {
            ...{ protocol, host: "mail.corp.tailspintoys.com", path: `/x${"y".repeat(index * 7)}`, method: "POST" },
            ...{ userAgent: 'Outlook, "16"', clientAddress: "10.0.0.1", status: 200, milliseconds: 3 },
            ...{ authenticationType: user === "" ? "" : "NTLM", user },
          },
          new Date(Date.UTC(2026, 10, 24, 8, 0, 0, index)),
        );
      }
    }
    mkdirSync(join(root, "CAS-1", "other"), { recursive: true });
    writeFileSync(join(root, "CAS-1", "other", "notes.txt"), "not read");
    let last = [0, 0];
    const report = await readHttpProxyLogs([root], {
      users: 100,
      onProgress: (done, total) => {
        last = [done, total];
      },
    });
    assert.deepEqual([report.files, report.requests, report.broken.lines], [4, 1200, 0]);
    assert.deepEqual(last, [report.bytes, report.bytes]);
    assert.deepEqual(
      report.traffic.map(({ server, protocol, requests }) => [`${server} ${protocol}`, requests]),
      [...expected].sort(),
    );
    assert.equal(report.ntlm.requests, 800);
    assert.deepEqual(report.ntlm.users.length, 11);
    assert.ok(report.ntlm.users.some(({ user }) => user === "TAILSPIN\\Ümläut7"));
  });

  it("are not what was read where every file is something else: that nobody uses NTLM would be no answer", async () => {
    const texts = ["#Fields: date-time\r\n1\r\n", Buffer.from(`\uFEFF${heading}${request(1, "NTLM")}`, "utf16le")];
    const others = texts.map((text) => file(text));
    const [first = ""] = others;
    const unfit = { code: "input-invalid", message: /no HttpProxy log: line 1 is no heading.* with all 2 files/ };
    await assert.rejects(readHttpProxyLogs(others), unfit);
    await assert.rejects(readHttpProxyLogs([first]), (error: Error) => error.message.startsWith(`${first} is no`));
  });

  it("count once, however often and by which path they are named", async () => {
    const folders = ["", "below"].map((name) => join(folder, "twice", name));
    for (const one of folders) {
      mkdirSync(one);
      writeFileSync(join(one, "a.log"), heading + request(1, "NTLM"));
    }
    const [, below = ""] = folders;
    const report = await readHttpProxyLogs([...folders, join(below, "a.log"), relative(".", join(below, "a.log"))]);
    assert.deepEqual([report.files, report.requests], [2, 2]);
  });

  it("must be there", async () => {
    const missing = join(folder, "nowhere");
    const empty = join(folder, "empty");
    mkdirSync(empty);
    await assert.rejects(readHttpProxyLogs([missing]), { code: "input-invalid", message: /nowhere does not exist/ });
    await assert.rejects(readHttpProxyLogs([empty]), { code: "input-invalid", message: /no \*\.log file in .*empty/ });
  });

  it("are left when the reading is called off", async () => {
    const signal = AbortSignal.abort();
    const path = file(heading + request(1, "NTLM"));
    await assert.rejects(readHttpProxyLogs([path], { signal }), { name: "AbortError" });
  });
});
