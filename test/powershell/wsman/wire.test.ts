import { strict as assert } from "node:assert";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { badWire, refuse, withBody } from "./bad-wire";
import type { Meddling } from "./gateway";
import { hello } from "./greeter";

/** What a network, a proxy or a hostile server may do to an open session: the right error each time, in bounded time, and no command sent twice. */
describe("WS-Management on a bad wire", function () {
  this.timeout(20_000);
  const wire = badWire();

  it("leaves a connection that nobody has used for a minute, as the server may be about to close it", async () => {
    const ports = new Set<number | undefined>();
    let answered = 0;
    const session = await wire.meet({
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
    assert.equal(wire.commands, 4);
  });

  it("lets the server end by itself what a crash would leave open, and ends it at its own close", async () => {
    const answers: string[] = [];
    wire.gateway.meddling = {
      change: (answer) => {
        answers.push(answer.toString("utf8"));
        return answer;
      },
    };
    const session = await wire.open({ url: wire.gateway.secureUrl });
    assert.match(answers.join(""), /<rsp:IdleTimeOut>PT180\.000S</);
    assert.doesNotMatch(answers.join(""), /DeleteResponse/);
    await session.close();
    assert.match(answers.join(""), /\/DeleteResponse</);
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
      const session = await wire.meet(meddling, secure ? { url: wire.gateway.secureUrl } : {});
      const result = session.invoke(hello);
      if (code === undefined) assert.deepEqual((await result).output, ["hello"]);
      else await assert.rejects(result, { code, message: words });
      assert.equal(wire.commands, 1);
    });
  }

  it("refuses an answer that it has had before", async () => {
    let first: Buffer | undefined;
    const session = await wire.meet({
      change: (answer) => {
        first ??= answer;
        return first;
      },
    });
    await assert.rejects(session.invoke(hello), { code: "unclear-outcome" });
    assert.equal(wire.commands, 1);
  });

  it("says that a command may have run when the connection breaks under it", async () => {
    const session = await wire.meet({
      change: (answer, _response, request) => {
        if (wire.commands > 0) request.socket.destroy();
        return answer;
      },
    });
    await assert.rejects(session.invoke(hello), { code: "unclear-outcome" });
    assert.equal(wire.commands, 1);
  });

  it("says that a command did not run when a logon is asked for in the middle", async () => {
    const session = await wire.meet(refuse(401, { "WWW-Authenticate": "Negotiate" }));
    await assert.rejects(session.invoke(hello), { code: "access-denied", message: /did not accept our Kerberos/ });
    assert.equal(wire.commands, 0);
  });

  it("says that a command did not run when the logon counts for nothing, and why that may be", async () => {
    const { instead } = refuse(401, { "WWW-Authenticate": "Negotiate" });
    const session = await wire.meet({
      instead: (request, response) => withBody(request) && instead(request, response),
    });
    await assert.rejects(session.invoke(hello), { code: "access-denied", message: /again, after one.* not let in/s });
    assert.equal(wire.commands, 0);
  });

  for (const [status, code, words] of [
    [400, "protocol", "did not understand the request"],
    [405, "not-exchange", "has no PowerShell endpoint at this address"],
    [408, "protocol", "did not understand the request"],
    [413, "protocol", "did not understand the request"],
    [429, "quota", "is too busy"],
    [503, "quota", "is too busy"],
  ] as const) {
    it(`says that a command did not run where it was answered by HTTP ${status}`, async () => {
      const session = await wire.meet(refuse(status));
      await assert.rejects(session.invoke(hello), { code, message: new RegExp(`${words} \\(HTTP ${status}\\)`) });
      assert.equal(wire.commands, 0);
    });
  }

  for (const status of [500, 502, 504]) {
    it(`says that a command may have run where it was answered by HTTP ${status}: something failed over it`, async () => {
      const fails: Meddling["change"] = (answer, response) => {
        if (!answer.includes("CommandResponse")) return answer;
        response.writeHead(status, { "Content-Type": "text/html; charset=us-ascii" });
        return Buffer.from("<html>");
      };
      const session = await wire.meet({ change: fails }, { url: wire.gateway.secureUrl });
      const message = new RegExp(`answered HTTP ${status} \\(text/html\\)`);
      await assert.rejects(session.invoke(hello), { code: "unclear-outcome", message });
      assert.equal(wire.commands, 1);
    });
  }

  describe("inside TLS, before a server that wants a logon with each request", () => {
    let asked: number;
    const wantsLogon: Meddling["instead"] = (request, response) => {
      if (request.headers.authorization !== undefined) return false;
      asked += 1;
      return refuse(401, { "WWW-Authenticate": ["Negotiate", "NTLM"] }).instead(request, response);
    };
    beforeEach(() => {
      asked = 0;
    });

    it("gives one, and each command is carried out once", async () => {
      wire.gateway.meddling = { instead: wantsLogon };
      const session = await wire.open({ url: wire.gateway.secureUrl });
      for (let number = 1; number <= 5; number += 1) {
        assert.deepEqual((await session.invoke(hello)).output, ["hello"]);
        assert.equal(wire.commands, number);
      }
      await session.close();
      // Once a connection: from then on the token goes along.
      assert.ok(asked >= 1 && asked <= 4, `asked ${asked} times`);
    });

    it("says that a command did not run when the logon is refused", async () => {
      const session = await wire.meet(refuse(401, { "WWW-Authenticate": "Negotiate" }), {
        url: wire.gateway.secureUrl,
      });
      await assert.rejects(session.invoke(hello), { code: "access-denied", message: /did not accept our Kerberos/ });
      assert.equal(wire.commands, 0);
    });

    it("says that a command may have run when the answer's token does not prove the server", async () => {
      const session = await wire.meet(
        {
          instead: wantsLogon,
          change: (answer, response, request) => {
            if (withBody(request)) response.setHeader("WWW-Authenticate", "Negotiate oRQwEqADCgEAoQsGCSqGSIb3EgECAg==");
            return answer;
          },
        },
        { url: wire.gateway.secureUrl },
      );
      await assert.rejects(session.invoke(hello), { code: "unclear-outcome" });
      assert.equal(wire.commands, 1);
    });
  });

  it("does not send a command to a connection that is gone, but opens another", async () => {
    const session = await wire.open();
    await session.invoke(hello);
    const dropped = new Promise((resolve) => setImmediate(resolve));
    wire.gateway.drop();
    await dropped;
    await assert.rejects(session.invoke(hello), (error: Error & { code?: string }) =>
      ["protocol", "unclear-outcome"].includes(error.code ?? ""),
    );
    assert.deepEqual((await (await wire.open()).invoke(hello)).output, ["hello"]);
  });

  it("ends a command that a server never answers at its deadline", async () => {
    const session = await wire.meet({ instead: () => true });
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
