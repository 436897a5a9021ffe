import { strict as assert } from "node:assert";
import { join } from "node:path";
import { mustRun } from "../../../lab/command";
import { corp } from "../../../lab/domain-controller";
import { labFolder } from "../../../lab/folders";
import { password } from "../../../lab/passwords";
import { delegatedUser } from "../../../lab/people";
import type { WsmanOptions } from "../../../provider/powershell/wsman";
import { badWire, byPassword, refuse, secret, withBody } from "./bad-wire";
import type { Meddling } from "./gateway";
import { hello } from "./greeter";

/** What keeps a session from being opened, and what a user is told of it. */
describe("Opening a session over WS-Management", function () {
  this.timeout(20_000);
  const wire = badWire();

  it("says hello when nobody meddles", async () => {
    assert.deepEqual((await (await wire.open()).invoke(hello)).output, ["hello"]);
    assert.equal(wire.commands, 1);
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
      () => ({ url: wire.gateway.secureUrl, ca: undefined }),
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
      () => ({ url: wire.gateway.secureUrl }),
      {
        instead: (request, response) =>
          withBody(request) && refuse(200, { "Content-Type": "text/html" }).instead(request, response),
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
      wire.gateway.meddling = meddling;
      await assert.rejects(wire.open(more()), (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, words);
        return true;
      });
    });
  }

  it("takes Kerberos where Negotiate is not offered", async () => {
    wire.gateway.meddling = {
      instead: (request, response) => {
        if (request.headers.authorization?.startsWith("Negotiate") !== true) return false;
        request.resume().once("end", () => response.writeHead(401, { "WWW-Authenticate": "Kerberos" }).end());
        return true;
      },
    };
    assert.deepEqual((await (await wire.open()).invoke(hello)).output, ["hello"]);
  });

  it("logs on with a ticket of a cache", async () => {
    const cache = `FILE:${join(labFolder, `wire-${process.pid}.ccache`)}`;
    const input = `${password(`${delegatedUser}@${corp.dnsName}`)}\n`;
    await mustRun("kinit", ["-c", cache, `${delegatedUser}@${corp.realm}`], { input });
    assert.deepEqual((await (await wire.open({ identity: { kind: "cache", cache } })).invoke(hello)).output, ["hello"]);
  });
});
