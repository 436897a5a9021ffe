import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { authorityFile } from "../../../lab/certificates";
import { corp } from "../../../lab/domain-controller";
import { addresses } from "../../../lab/network-namespace";
import { password } from "../../../lab/passwords";
import { delegatedUser } from "../../../lab/people";
import type { ProviderError } from "../../../provider/error";
import type { Pipeline } from "../../../provider/powershell/pipeline";
import { PsCredential, SecureString } from "../../../provider/powershell/psrp";
import { openWsmanSession } from "../../../provider/powershell/wsman";
import { Connection } from "../../../provider/powershell/wsman/connection";
import { CookieJar } from "../../../provider/powershell/wsman/cookie-jar";
import { Logon } from "../../../provider/powershell/wsman/logon";
import { namespaces } from "../../../provider/powershell/wsman/soap";
import { requireExchange } from "../../support/lab";
import { Gateway, type Meddling } from "./gateway";
import { Greeter, hello } from "./greeter";

/** What keeps a session from its work, by its name and with the remedy; and whether the command may have run. */
describe("WS-Management says which of the refusals it was", function () {
  this.timeout(20_000);
  let gateway: Gateway;
  let commands = 0;

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
  afterEach(() => {
    if (gateway !== undefined) gateway.meddling = {};
  });
  after(() => gateway?.close());

  const secret = (text = password(`${delegatedUser}@${corp.dnsName}`)) => new SecureString(text);
  const identity = () =>
    ({ kind: "password", principal: `${delegatedUser}@${corp.realm}`, password: secret() }) as const;
  const ca = readFileSync(authorityFile, "utf8");
  const secure = (url: string) => url.replace("http:", "https:");

  const open = (url: string) =>
    openWsmanSession({
      url,
      identity: identity(),
      realm: corp.realm,
      resourceUri: "http://schemas.microsoft.com/powershell/Microsoft.Exchange",
      ca,
      closeDeadline: 1000,
    });

  async function refused(work: Promise<unknown>, code: string, words: RegExp): Promise<void> {
    await assert.rejects(work, (error: ProviderError) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, words);
      return true;
    });
  }

  /** A command on a session that was opened in peace. */
  async function run(url: string, meddling: Meddling, pipeline: Pipeline = hello): Promise<unknown> {
    const session = await open(url);
    gateway.meddling = meddling;
    try {
      return await session.invoke(pipeline);
    } finally {
      gateway.meddling = {};
      await session.close();
    }
  }

  it("a port that answers and speaks no TLS: it is not closed, nor its server down", () =>
    refused(open(secure(gateway.url)), "protocol", /Port \d+ of cas-1\S+ answers, but no TLS .*HTTPS is served/));

  it("an SPN that nobody has, such as one of an address", () =>
    refused(
      open(gateway.url.replace(gateway.host, addresses.exchangeServer(1))),
      "kerberos",
      /ticket for HTTP\/[\d.]+@CORP.*not found in Kerberos database\. .*setspn -Q/,
    ));

  it("a server that does not keep the connection which was logged on", async () => {
    const closes: Meddling["instead"] = (_request, response) => {
      response.setHeader("Connection", "close");
      return false;
    };
    for (const url of [gateway.url, gateway.secureUrl]) {
      gateway.meddling = { instead: closes };
      await refused(open(url), "protocol", /cas-1\S+ does not keep the connection .*HTTP keep-alive/);
    }
  });

  it("access denied where a session is to be opened, with what is usually behind it", async () => {
    for (const [number, words] of [
      [5, "Access is denied. "],
      [2147942405, "Zugriff verweigert"],
    ] as const) {
      gateway.meddling = { change: (answer) => instead(answer, "CreateResponse", number, words) };
      await refused(open(gateway.secureUrl), "access-denied", new RegExp(`${words.trim()}.*-RemotePowerShellEnabled`));
    }
  });

  it("a session that the server has ended, in its words", async () => {
    const words = "[FailureCategory=WSMan-InvalidShellID] the shell was not found on the server";
    const ended: Meddling = { change: (answer) => instead(answer, "CommandResponse", 2150858843, words) };
    const told =
      /WSMan-InvalidShellID.* the shell was not found on the server\. The server has ended the session; run again/;
    await refused(run(gateway.secureUrl, ended), "protocol", told);
  });

  it("a time-out of the server's own at the last piece of a command: it may be running", async () => {
    const late: Meddling = { change: (answer) => instead(answer, "SendResponse", 2150858793, "Timed out") };
    const large: Pipeline = [{ name: "Say-Hello", parameters: { Text: "x".repeat(50_000) } }];
    await refused(run(gateway.secureUrl, late, large), "unclear-outcome", /could not send data .*Timed out/);
    assert.equal(commands, 1);
  });

  it("a connection that breaks under the exchange of keys: the command did not run", async () => {
    const breaks: Meddling = {
      change: (answer, _response, request) => {
        if (answer.includes("SendResponse")) request.socket.destroy();
        return answer;
      },
    };
    const credential = new PsCredential("TAILSPIN\\EXCH2016ASA$", secret("Keep-1"));
    const carries: Pipeline = [{ name: "Say-Hello", parameters: { Credential: credential } }];
    await refused(run(gateway.secureUrl, breaks, carries), "protocol", /broke before its answer was complete/);
    assert.equal(commands, 0);
  });

  it("a server that is late twice, with its logon and with its answer, has one deadline for both", async () => {
    const connection = await Connection.open({
      url: new URL(gateway.secureUrl),
      logon: new Logon(identity()),
      service: `HTTP/${gateway.host}@${corp.realm}`,
      ca,
      connectDeadline: 10_000,
      cookies: new CookieJar(),
    });
    let asked = 0;
    gateway.meddling = {
      instead: (request, response) => {
        asked += 1;
        const late = () => response.writeHead(401, { "WWW-Authenticate": "Negotiate" }).end();
        if (request.headers.authorization === undefined) void delay(1200).then(late);
        return true;
      },
    };
    const before = performance.now();
    await refused(connection.post("<x/>", 1500), "unclear-outcome", /nothing came for 0\.\d s/);
    const taken = performance.now() - before;
    assert.ok(asked === 2 && taken < 2200, `${asked} requests, ${taken} ms`);
  });
});

/** A fault in place of an answer of this kind. */
function instead(answer: Buffer, kind: string, number: number, words: string): Buffer {
  const text = answer.toString("utf8");
  if (!text.includes(kind)) return answer;
  const { s, wsa, fault } = namespaces;
  const header = `<s:Header><a:RelatesTo>${/RelatesTo>([^<]*)</.exec(text)?.[1]}</a:RelatesTo></s:Header>`;
  const detail = `<f:WSManFault Code="${number}"><f:Message>${words}</f:Message></f:WSManFault>`;
  const declared = `xmlns:s="${s}" xmlns:a="${wsa}" xmlns:f="${fault}"`;
  return Buffer.from(
    `<s:Envelope ${declared}>${header}<s:Body><s:Fault><s:Detail>${detail}</s:Detail></s:Fault></s:Body></s:Envelope>`,
  );
}
