import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { provideCertificate } from "../../lab/certificates";
import { mustRun } from "../../lab/command";
import { manyServersDomain } from "../../lab/dns";
import { corp } from "../../lab/domain-controller";
import { exchangeFolder } from "../../lab/exchange/up";
import { addAddress, addresses } from "../../lab/network-namespace";
import { ProviderError } from "../../provider/error";
import { LogonGuard } from "../../provider/exchange/logon-guard";
import { openSessions } from "../../provider/exchange/open-sessions";
import { ExchangeOrganization } from "../../provider/exchange/organization";
import type { SharedShell } from "../../provider/exchange/remote-shell";
import { resolveSettings, type Settings } from "../../provider/settings";
import { keytabOf } from "../support/kerberos";
import { requireExchange } from "../support/lab";

const once = /No further logon is tried in this run, so as not to lock the account\.$/;

/** The words of each failure. */
function failures(work: readonly Promise<unknown>[]): Promise<ProviderError[]> {
  return Promise.all(
    work.map((one) =>
      one.then(
        () => assert.fail("it logged on"),
        (thrown: unknown) => ProviderError.from(thrown),
      ),
    ),
  );
}

describe("a name and its secret for many servers", () => {
  const { KRB5_TRACE: trace, HOME: home } = process.env;
  const servers = [1, 2, 3, 4].map((number) => `cas-${number}.${corp.dnsName}`);
  let folder: string;
  let exchange: ExchangeOrganization | undefined;

  before(async function () {
    await requireExchange(this);
    folder = mkdtempSync(join(tmpdir(), "logon-guard-"));
  });
  afterEach(async () => {
    if (trace === undefined) delete process.env.KRB5_TRACE;
    else process.env.KRB5_TRACE = trace;
    process.env.HOME = home;
    await exchange?.close();
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  function organization(overrides: Partial<Settings>): ExchangeOrganization {
    const settings = resolveSettings("default", { config: () => undefined, environment: process.env });
    exchange = new ExchangeOrganization(openSessions({ ...settings, ...overrides }), 10);
    return exchange;
  }

  const anything = (shell: SharedShell) => shell.invoke([{ name: "Get-ExchangeServer" }]);

  /** Everybody at once, and then again. */
  async function everywhere(
    hosts: readonly string[],
    shellOf: (host: string) => SharedShell,
  ): Promise<ProviderError[]> {
    const ask = () => failures(hosts.map((host) => anything(shellOf(host))));
    return [...(await ask()), ...(await ask())];
  }

  function traced(): () => string {
    const file = join(folder, String(process.hrtime.bigint()));
    process.env.KRB5_TRACE = file;
    return () => readFileSync(file, "utf8");
  }

  it("log on to Kerberos once, and every server takes the ticket", async () => {
    const said = traced();
    const all = organization({});
    await Promise.all(servers.map((server) => anything(all.endpoint(server))));
    assert.equal(said().match(/Decrypted AS reply/g)?.length, 1);
  });

  const wrong: [what: string, overrides: () => Promise<Partial<Settings>>][] = [
    [
      "password",
      // Whoever has a password of its own needs no key.
      async () => ({
        ...{ password: undefined, keytab: "/nowhere" },
        ...{ exchangeUsername: `svc-pulumi@${corp.dnsName}`, exchangePassword: "wrong" },
      }),
    ],
    ["key", async () => ({ password: undefined, keytab: await keytabOf("svc-pulumi", "wrong") })],
  ];
  for (const [what, overrides] of wrong) {
    it(`are refused by the KDC once, whoever asks: a wrong ${what}`, async () => {
      const said = traced();
      const all = organization(await overrides());
      for (const { code, message } of await everywhere(servers, (server) => all.endpoint(server))) {
        assert.equal(code, "kerberos-refused");
        assert.match(message, once);
      }
      assert.equal(said().match(/error from KDC: -?\d+\/Preauthentication failed/g)?.length, 1);
    });
  }

  it("are refused by one server by SSH, and no other is asked", async () => {
    const keyOf = (server: string) => join(exchangeFolder, "servers", server.split(".")[0] ?? "", "ssh_host_key");
    const lines = servers.map(
      async (server) => `${server} ${await mustRun("ssh-keygen", ["-y", "-f", keyOf(server)])}`,
    );
    mkdirSync(join(folder, ".ssh"));
    writeFileSync(join(folder, ".ssh", "known_hosts"), (await Promise.all(lines)).join(""));
    process.env.HOME = folder;
    const all = organization({ sshPassword: "wrong", sshHostKey: undefined });
    const errors = await everywhere(servers, (server) => all.serverShell(server));
    for (const { code, message } of errors) {
      assert.equal(code, "password-refused", message);
      assert.match(message, once);
    }
    // Each would name itself.
    assert.equal(new Set(errors.map(({ message }) => message)).size, 1);
  });

  describe("in clear inside TLS", () => {
    let web: Server;
    let asked = 0;

    before(async () => {
      await addAddress(addresses.manyServers);
      const { certificate, key } = await provideCertificate("logon-guard", [`*.${manyServersDomain}`]);
      web = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_request, response) => {
        asked += 1;
        response.writeHead(401, { "WWW-Authenticate": 'Basic realm="x"' }).end();
      });
      await new Promise<void>((resolve) => web.listen(443, addresses.manyServers, resolve));
    });
    after(() => web?.close());

    it("are refused by one server, and no other is asked", async () => {
      const all = organization({ exchangeProtocol: "https", exchangeAuthentication: "basic" });
      const hosts = ["a", "b", "c"].map((name) => `${name}.${manyServersDomain}`);
      for (const { code, message } of await everywhere(hosts, (host) => all.endpoint(host))) {
        assert.equal(code, "password-refused", message);
        assert.match(message, once);
      }
      assert.equal(asked, 1);
    });
  });
});

describe("a guard of logons", () => {
  const fails = (code: "port-closed" | "password-refused") => () =>
    Promise.reject(new ProviderError(code, `It is ${code}.`));

  it("passes from a server that does not answer to the next, one at a time until one takes it, and then all", async () => {
    const guard = new LogonGuard();
    const seen: string[] = [];
    const logOn = (name: string) =>
      guard.run(async () => {
        seen.push(`${name} begins`);
        await new Promise(setImmediate);
        seen.push(`${name} ends`);
        return name === "down" ? fails("port-closed")() : name;
      });
    const down = logOn("down");
    const rest = ["a", "b", "c"].map(logOn);
    await assert.rejects(down, { code: "port-closed", message: "It is port-closed." });
    assert.deepEqual(await Promise.all(rest), ["a", "b", "c"]);
    const oneByOne = ["down begins", "down ends", "a begins", "a ends"];
    assert.deepEqual(seen, [...oneByOne, "b begins", "c begins", "b ends", "c ends"]);
  });

  it("lets none in after one that was refused later, as where the password was changed meanwhile", async () => {
    const guard = new LogonGuard();
    await guard.run(async () => "in");
    await assert.rejects(guard.run(fails("password-refused")), { code: "password-refused", message: once });
    await assert.rejects(
      guard.run(() => assert.fail("it was tried")),
      { code: "password-refused", message: once },
    );
  });
});
