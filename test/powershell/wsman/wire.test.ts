import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { authorityFile } from "../../../lab/certificates";
import { mustRun } from "../../../lab/command";
import { corp } from "../../../lab/domain-controller";
import { labFolder } from "../../../lab/folders";
import { password } from "../../../lab/passwords";
import { delegatedUser } from "../../../lab/people";
import type { PowerShellSession } from "../../../provider/powershell/pipeline";
import { SecureString } from "../../../provider/powershell/psrp";
import { openWsmanSession, type WsmanOptions } from "../../../provider/powershell/wsman";
import { requireExchange } from "../../support/lab";
import { Gateway, type Meddling } from "./gateway";
import { Greeter, hello } from "./greeter";

const resourceUri = "http://schemas.microsoft.com/powershell/Microsoft.Exchange";
/** Meddles with the answers to requests of one kind only; bodies inside TLS can be read. */
const withBody = (request: IncomingMessage) => Number(request.headers["content-length"] ?? 0) > 0;

/** What a network, a proxy or a hostile server may do: the right error each time, in bounded time, and no command sent twice. */
describe("WS-Management on a bad wire", function () {
  this.timeout(20_000);
  let gateway: Gateway;
  let commands = 0;
  const sessions: PowerShellSession[] = [];

  before(async function () {
    await requireExchange(this);
    gateway = await Gateway.open(
      (_user, _query, listener) =>
        new Greeter(listener, () => {
          commands += 1;
        }),
    );
  });

  beforeEach(() => {
    commands = 0;
  });

  afterEach(async () => {
    if (gateway !== undefined) gateway.meddling = {};
    await Promise.all(sessions.splice(0).map((session) => session.close()));
  });

  after(() => gateway?.close());

  const secret = (text = password(`${delegatedUser}@${corp.dnsName}`)) => new SecureString(text);
  const byPassword = () =>
    ({ kind: "password", principal: `${delegatedUser}@${corp.realm}`, password: secret() }) as const;

  async function open(more: Partial<WsmanOptions> & { closeDeadline?: number } = {}): Promise<PowerShellSession> {
    const session = await openWsmanSession({
      url: gateway.url,
      identity: byPassword(),
      realm: corp.realm,
      resourceUri,
      ca: readFileSync(authorityFile, "utf8"),
      closeDeadline: 1000,
      ...more,
    });
    sessions.push(session);
    return session;
  }

  /** A session that is open and idle, and then meets this. */
  async function meet(meddling: Meddling, more: Partial<WsmanOptions> = {}): Promise<PowerShellSession> {
    const session = await open(more);
    gateway.meddling = meddling;
    return session;
  }

  const refuse = (status: number, headers: Record<string, string | string[]> = {}, body = ""): Meddling => ({
    instead: (request, response) => {
      request.resume().once("end", () => response.writeHead(status, headers).end(body));
      return true;
    },
  });

  it("leaves a connection that nobody has used for a minute, as the server may be about to close it", async () => {
    const ports = new Set<number | undefined>();
    let answered = 0;
    const session = await meet({
      instead: ({ socket }, response) => {
        ports.add(socket.remotePort);
        response.once("finish", () => {
          answered += 1;
        });
        return false;
      },
    });
    let calls = 0;
    /** Command, output and end: the last of them is answered when nobody waits for it any more. */
    const call = async () => {
      await session.invoke(hello);
      calls += 1;
      while (answered < 3 * calls) await delay(5);
    };
    await call();
    await call();
    const before = ports.size;
    const { now } = Date;
    try {
      // The end of the call before may have been late for the first of these.
      for (let minutes = 1; minutes <= 2; minutes++) {
        Date.now = () => now() + minutes * 61_000;
        await call();
      }
    } finally {
      Date.now = now;
    }
    assert.ok(ports.size > before, "no command went over a new connection");
    assert.equal(commands, 4);
  });

  it("says hello when nobody meddles", async () => {
    assert.deepEqual((await (await open()).invoke(hello)).output, ["hello"]);
    assert.equal(commands, 1);
  });

  it("lets the server end by itself what a crash would leave open, and ends it at its own close", async () => {
    const answers: string[] = [];
    gateway.meddling = {
      change: (answer) => {
        answers.push(answer.toString("utf8"));
        return answer;
      },
    };
    const session = await open({ url: gateway.secureUrl });
    assert.match(answers.join(""), /<rsp:IdleTimeOut>PT180\.000S</);
    assert.doesNotMatch(answers.join(""), /DeleteResponse/);
    await session.close();
    assert.match(answers.join(""), /\/DeleteResponse</);
  });

  const whileOpening: readonly [
    what: string,
    more: () => Partial<WsmanOptions>,
    meddling: Meddling,
    code: string,
    words: RegExp,
  ][] = [
    [
      "a name that does not exist",
      () => ({ url: `http://nobody.${corp.dnsName}/PowerShell/` }),
      {},
      "name-not-resolved",
      /nobody/,
    ],
    [
      "a closed port",
      () => ({ url: `http://cas-1.${corp.dnsName}:9/PowerShell/` }),
      {},
      "port-closed",
      /Port 9 of cas-1/,
    ],
    [
      "an authority that is not known",
      () => ({ url: gateway.secureUrl, ca: undefined }),
      {},
      "wrong-server",
      /certificate of cas-1/,
    ],
    ...[`cas-1.${corp.dnsName}:80/PowerShell/`, `ws://x:Se-cret@cas-1.${corp.dnsName}/PowerShell/`, "cas-1", ""].map(
      (url): (typeof whileOpening)[number] => [
        `an address of another kind (${url})`,
        () => ({ url }),
        {},
        "settings-invalid",
        /^(?!.*Se-cret).* is no address of a PowerShell endpoint\. .*http:\/\//,
      ],
    ),
    [
      "a password in clear",
      () => ({ identity: { kind: "basic", username: "x", password: secret("x") } }),
      {},
      "settings-invalid",
      /in clear/,
    ],
    [
      "a wrong password",
      () => ({ identity: { ...byPassword(), password: secret("no") } }),
      {},
      "kerberos-refused",
      /Preauthentication failed/,
    ],
    ["a realm that nobody knows", () => ({ realm: "USERS.NOWHERE" }), {}, "kerberos", /HTTP\/cas-1/],
    [
      "a cache without a ticket",
      () => ({ identity: { kind: "cache", cache: "FILE:/does/not/exist" } }),
      {},
      "kerberos",
      /kinit/,
    ],
    [
      "a keytab that is not there",
      () => ({ identity: { kind: "keytab", principal: `x@${corp.realm}`, keytab: "/does/not/exist" } }),
      {},
      "kerberos",
      /x@CORP/,
    ],
    [
      "a page of HTML",
      () => ({}),
      refuse(200, { "Content-Type": "text/html" }, "<html>Welcome</html>"),
      "wrong-server",
      /did not prove who it is/,
    ],
    [
      "a page of HTML behind the logon",
      () => ({ url: gateway.secureUrl }),
      {
        instead: (request, response) =>
          withBody(request) && (refuse(200, { "Content-Type": "text/html" }).instead?.(request, response) ?? false),
      },
      "not-exchange",
      /answered with text\/html instead of WS-Management/,
    ],
    [
      "a redirect",
      () => ({}),
      refuse(302, { Location: "https://elsewhere.example/" }),
      "wrong-server",
      /elsewhere\.example/,
    ],
    ["no such site", () => ({}), refuse(404), "not-exchange", /404/],
    ["a stopped application pool", () => ({}), refuse(503), "quota", /503/],
    ["a server that is too busy", () => ({}), refuse(429), "quota", /too busy .HTTP 429.*Wait some minutes/],
    ["a user without remote PowerShell", () => ({}), refuse(403), "access-denied", /403.*-RemotePowerShellEnabled/],
    ["NTLM only", () => ({}), refuse(401, { "WWW-Authenticate": "NTLM" }), "access-denied", /only: ntlm/],
    [
      "a token that proves nothing",
      () => ({}),
      refuse(200, { "WWW-Authenticate": "Negotiate oRQwEqADCgEAoQsGCSqGSIb3EgECAg==" }),
      "kerberos",
      /verify that the server is HTTP\/cas-1/,
    ],
    [
      "a ticket that is not accepted",
      () => ({}),
      refuse(401, { "WWW-Authenticate": "Negotiate" }),
      "access-denied",
      /did not accept our Kerberos ticket/,
    ],
    [
      "another resource",
      () => ({ resourceUri: "http://example.com/nothing" }),
      {},
      "not-exchange",
      /was not found in the WS-Management catalog/,
    ],
  ];
  for (const [what, more, meddling, code, words] of whileOpening) {
    it(`names ${what}`, async () => {
      gateway.meddling = meddling;
      await assert.rejects(open(more()), (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, words);
        return true;
      });
    });
  }

  it("takes Kerberos where Negotiate is not offered", async () => {
    gateway.meddling = {
      instead: (request, response) => {
        if (request.headers.authorization?.startsWith("Negotiate") !== true) return false;
        request.resume().once("end", () => response.writeHead(401, { "WWW-Authenticate": "Kerberos" }).end());
        return true;
      },
    };
    assert.deepEqual((await (await open()).invoke(hello)).output, ["hello"]);
  });

  it("logs on with a ticket of a cache", async () => {
    const cache = `FILE:${join(labFolder, `wire-${process.pid}.ccache`)}`;
    const input = `${password(`${delegatedUser}@${corp.dnsName}`)}\n`;
    await mustRun("kinit", ["-c", cache, `${delegatedUser}@${corp.realm}`], { input });
    assert.deepEqual((await (await open({ identity: { kind: "cache", cache } })).invoke(hello)).output, ["hello"]);
  });

  const changes: readonly [
    what: string,
    change: (answer: Buffer, response: ServerResponse) => Buffer,
    secure: boolean,
    code: string | undefined,
    words?: RegExp,
  ][] = [
    ["cut in the middle", (answer) => answer.subarray(0, answer.length - 60), false, "unclear-outcome"],
    ["changed by one bit", (answer) => flip(answer, answer.length - 40), false, "unclear-outcome"],
    ["in clear where it has to be sealed", clear, false, "unclear-outcome", /in clear what had to be sealed/],
    ["that belongs to another request", otherRequest, true, "unclear-outcome"],
    ["with a DTD", (answer) => Buffer.from(`<!DOCTYPE x [<!ENTITY a "b">]>${answer}`), true, "unclear-outcome"],
    ["that is no XML", () => Buffer.from("<s:Envelope"), true, "unclear-outcome"],
    ["that nests without end", () => Buffer.from("<a>".repeat(100_000)), true, "unclear-outcome"],
    ["of ten megabytes", () => Buffer.alloc(10_000_000, 0x20), true, "unclear-outcome"],
    ["that is packed", packed, false, undefined],
    ["with a space before its boundaries", spaced, false, undefined],
  ];
  for (const [what, change, secure, code, words = /./] of changes) {
    it(`${code === undefined ? "reads" : "refuses"} an answer ${what}`, async () => {
      const meddling: Meddling = {
        change: (answer, response, request) => (withBody(request) ? change(answer, response) : answer),
      };
      const session = await meet(meddling, secure ? { url: gateway.secureUrl } : {});
      const result = session.invoke(hello);
      if (code === undefined) assert.deepEqual((await result).output, ["hello"]);
      else await assert.rejects(result, { code, message: words });
      assert.equal(commands, 1);
    });
  }

  it("refuses an answer that it has had before", async () => {
    let first: Buffer | undefined;
    const session = await meet({
      change: (answer) => {
        first ??= answer;
        return first;
      },
    });
    await assert.rejects(session.invoke(hello), { code: "unclear-outcome" });
    assert.equal(commands, 1);
  });

  it("says that a command may have run when the connection breaks under it", async () => {
    const session = await meet({
      change: (answer, _response, request) => {
        if (commands > 0) request.socket.destroy();
        return answer;
      },
    });
    await assert.rejects(session.invoke(hello), { code: "unclear-outcome" });
    assert.equal(commands, 1);
  });

  it("says that a command did not run when a logon is asked for in the middle", async () => {
    const session = await meet(refuse(401, { "WWW-Authenticate": "Negotiate" }));
    await assert.rejects(session.invoke(hello), { code: "access-denied", message: /did not accept our Kerberos/ });
    assert.equal(commands, 0);
  });

  it("says that a command did not run when the logon counts for nothing, and why that may be", async () => {
    const { instead = () => false } = refuse(401, { "WWW-Authenticate": "Negotiate" });
    const session = await meet({ instead: (request, response) => withBody(request) && instead(request, response) });
    await assert.rejects(session.invoke(hello), { code: "access-denied", message: /again, after one.* not let in/s });
    assert.equal(commands, 0);
  });

  describe("inside TLS, before a server that wants a logon with each request", () => {
    let asked: number;
    const wantsLogon: Meddling["instead"] = (request, response) => {
      if (request.headers.authorization !== undefined) return false;
      asked += 1;
      return refuse(401, { "WWW-Authenticate": ["Negotiate", "NTLM"] }).instead?.(request, response) ?? false;
    };
    beforeEach(() => {
      asked = 0;
    });

    it("gives one, and each command is carried out once", async () => {
      gateway.meddling = { instead: wantsLogon };
      const session = await open({ url: gateway.secureUrl });
      for (let number = 1; number <= 5; number += 1) {
        assert.deepEqual((await session.invoke(hello)).output, ["hello"]);
        assert.equal(commands, number);
      }
      await session.close();
      // Once a connection: from then on the token goes along.
      assert.ok(asked >= 1 && asked <= 4, `asked ${asked} times`);
    });

    it("says that a command did not run when the logon is refused", async () => {
      const session = await meet(refuse(401, { "WWW-Authenticate": "Negotiate" }), { url: gateway.secureUrl });
      await assert.rejects(session.invoke(hello), { code: "access-denied", message: /did not accept our Kerberos/ });
      assert.equal(commands, 0);
    });

    it("says that a command may have run when the answer's token does not prove the server", async () => {
      const session = await meet(
        {
          instead: wantsLogon,
          change: (answer, response, request) => {
            if (withBody(request)) response.setHeader("WWW-Authenticate", "Negotiate oRQwEqADCgEAoQsGCSqGSIb3EgECAg==");
            return answer;
          },
        },
        { url: gateway.secureUrl },
      );
      await assert.rejects(session.invoke(hello), { code: "unclear-outcome" });
      assert.equal(commands, 1);
    });
  });

  it("does not send a command to a connection that is gone, but opens another", async () => {
    const session = await open();
    await session.invoke(hello);
    const dropped = new Promise((resolve) => setImmediate(resolve));
    gateway.drop();
    await dropped;
    await assert.rejects(session.invoke(hello), (error: Error & { code?: string }) =>
      ["protocol", "unclear-outcome"].includes(error.code ?? ""),
    );
    assert.deepEqual((await (await open()).invoke(hello)).output, ["hello"]);
  });

  it("ends a command that a server never answers at its deadline", async () => {
    const session = await meet({ instead: () => true });
    const started = Date.now();
    await assert.rejects(session.invoke(hello, { deadline: 500 }), { code: "timeout" });
    assert(Date.now() - started < 15_000);
  });
});

function flip(answer: Buffer, at: number): Buffer {
  const changed = Buffer.from(answer);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

function clear(_answer: Buffer, response: ServerResponse): Buffer {
  response.writeHead(200, { "Content-Type": "application/soap+xml;charset=UTF-8" });
  return Buffer.from("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>");
}

function otherRequest(answer: Buffer): Buffer {
  const changed = answer
    .toString("utf8")
    .replace(/RelatesTo>uuid:[^<]*/, "RelatesTo>uuid:00000000-0000-0000-0000-000000000000");
  return Buffer.from(changed);
}

function packed(answer: Buffer, response: ServerResponse): Buffer {
  response.setHeader("Content-Encoding", "gzip");
  return gzipSync(answer);
}

function spaced(answer: Buffer): Buffer {
  const text = answer.toString("latin1").replaceAll("--Encrypted Boundary", "-- Encrypted Boundary");
  return Buffer.from(text, "latin1");
}
