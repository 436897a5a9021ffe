import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import net from "node:net";
import { after, afterEach, before, describe, it } from "mocha";
import { runCommand } from "../../lab/command";
import { dc1, hostName } from "../../lab/domain-controller";
import { addAccount, changeAccount, findAccount, readAccount } from "../../provider/directory/accounts";
import { randomPassword } from "../../provider/directory/password";
import type { ProviderError } from "../../provider/error";
import type { Settings } from "../../provider/settings";
import { enterForest, type Forest } from "./forest";
import { LossyProxy } from "./lossy-proxy";
import { nameServer } from "./name-server";

const protections = ["ldaps", "starttls", "kerberos"] as const;

describe("connections to a domain controller", () => {
  let forest: Forest;
  const closing: (() => void)[] = [];

  before(async function () {
    forest = await enterForest(this);
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  after(() => forest?.close());

  async function refusal(overrides: Partial<Settings>): Promise<ProviderError> {
    const thrown = await forest
      .open(overrides)
      .forest()
      .then(
        () => assert.fail("it connected"),
        (error: ProviderError) => error,
      );
    assert.ok(!thrown.message.includes(forest.settings.password ?? "?"), "a password is in the message");
    return thrown;
  }

  it("uses LDAPS, StartTLS and Kerberos alike", async () => {
    for (const tls of protections) {
      const directory = forest.open({ tls });
      assert.equal((await directory.forest()).domain, forest.domain);
      assert.equal((await directory.domainController()).endpoint.port, tls === "ldaps" ? 636 : 389);
      const catalog = await directory.globalCatalog();
      assert.equal(catalog.endpoint.port, tls === "kerberos" ? 3268 : 3269);
      await catalog.connect();
    }
  });

  it("connects no more once it is closed, whoever is still at work with it", async () => {
    const directory = forest.open();
    const under = directory.forest();
    await directory.domainController();
    await directory.close();
    for (const work of [under, directory.forest(), directory.globalCatalog(), directory.at("dc2").connect()]) {
      await assert.rejects(work, (error: ProviderError) => error.code === "cancelled");
    }
  });

  /** What StartTLS leads to where a server answers that in clear, and how many pieces it got in all. */
  async function startTls(answer: string) {
    let pieces = 0;
    const server = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => {
        pieces += 1;
        if (pieces === 1) socket.write(Buffer.from(answer, "hex"));
      });
    });
    server.listen(389, "127.0.0.1");
    await once(server, "listening");
    closing.push(() => server.close());
    const error = await refusal({ tls: "starttls", ...(await throughLoopback()) });
    return { error, pieces };
  }

  it("takes nothing that came in clear for what TLS protects", async () => {
    // Success, as number 1, and behind it in the same piece an answer that nobody asked for yet.
    const { error, pieces } = await startTls("300c02010178070a010004000400300c02010261070a010004000400");
    assert.equal(error.code, "directory-unreachable");
    assert.match(String(error.cause), /came in clear behind the answer to StartTLS/);
    assert.equal(pieces, 1, "something was sent after that");
  });

  it("says that a server has no StartTLS, and sends no password", async () => {
    const { error, pieces } = await startTls("300c02010178070a010204000400");
    assert.match(error.message, /^dc1\.\S+: could not start TLS: LDAP result 2\.$/);
    assert.equal(pieces, 1);
  });

  it("finds a domain controller by DNS and keeps it", async () => {
    const directory = forest.open({ domainController: undefined, domain: forest.settings.domain.toUpperCase() });
    const { host } = await directory.domainController();
    const { host: again } = await directory.domainController();
    assert.match(host, new RegExp(`^dc\\d\\.${forest.settings.domain}$`));
    assert.equal(host, again);
  });

  it("goes on to the next domain controller where one is silent, and not where one refuses", async () => {
    const { domain } = forest.settings;
    const gone = `gone.${domain}`;
    const srv = (target: string, priority: number) =>
      ({ type: "SRV", name: `_ldap._tcp.dc._msdcs.${domain}`, data: { target, priority, port: 389 } }) as const;
    const addresses = [
      { type: "A", name: gone, data: "127.0.0.1" },
      { type: "A", name: hostName(dc1), data: dc1.address },
    ] as const;
    const known = async (...answers: ReturnType<typeof srv>[]) => {
      const dns = await nameServer([...answers, ...addresses]);
      closing.push(() => dns.close());
      return { domainController: undefined, dnsServers: [dns.address] };
    };
    const both = await known(srv(gone, 0), srv(hostName(dc1), 1));
    assert.equal((await forest.open(both).domainController()).host, hostName(dc1));
    assert.equal((await refusal({ ...both, password: "wrong" })).code, "directory-credentials");
    const { code, message } = await refusal(await known(srv(gone, 0)));
    assert.equal(code, "directory-unreachable");
    assert.match(
      message,
      /^No domain controller of corp\S+ answers\. gone\.corp\S+ refused the connection to port 636\./,
    );
  });

  it("refuses to log on where Node would print the password", async () => {
    const script =
      'const { openClient } = require("./provider/directory/open-client");' +
      'openClient({ host: "127.0.0.1", port: 1 }, { settings: {}, protection: "ldaps" }).catch((error) => console.log(error.message));';
    for (const [sections, refused] of [
      ["ldapts", true],
      ["http,LDAPTS", true],
      ["*", true],
      ["net", false],
    ] as const) {
      const environment = { ...process.env, NODE_DEBUG: sections };
      const words = ["-r", "ts-node/register/transpile-only", "-e", script];
      const { stdout } = await runCommand(process.execPath, words, { environment });
      assert.equal(/^NODE_DEBUG=ldapts would print every password/m.test(stdout), refused, `${sections}: ${stdout}`);
    }
  });

  it("says that a name does not resolve", async () => {
    const error = await refusal({ domainController: `nowhere.${forest.settings.domain}` });
    assert.equal(error.code, "directory-unreachable");
    assert.match(error.message, /^The name nowhere\.corp\.tailspintoys\.com could not be resolved\./);
  });

  it("says that DNS knows no such domain", async () => {
    const error = await refusal({ domain: "nowhere.example", domainController: undefined });
    assert.match(error.message, /^DNS has no answer for _ldap\._tcp\.dc\._msdcs\.nowhere\.example\..*dnsServers/);
  });

  it("says that a host does not answer, in time", async () => {
    const { address } = await lookup(forest.settings.domainController ?? "");
    const silent = address.replace(/\d+$/, "250");
    const error = await refusal({ domainController: silent, directoryTimeoutSeconds: 1 });
    assert.equal(error.code, "directory-unreachable");
    assert.match(error.message, /did not answer in time|no route/i);
  });

  it("says that a port is closed", async () => {
    const error = await refusal({ domainController: "127.0.0.1" });
    assert.match(error.message, /^127\.0\.0\.1 refused the connection to port 636\./);
  });

  it("says whose certificate is not trusted", async () => {
    for (const tls of ["ldaps", "starttls"] as const) {
      const error = await refusal({ tls, caFile: undefined });
      assert.equal(error.code, "directory-certificate");
      assert.match(error.message, /^The certificate of dc1\.corp\.tailspintoys\.com:\d+ .*caFile\.$/);
    }
  });

  it("says that a certificate is for another name", async () => {
    const { address } = await lookup(forest.settings.domainController ?? "");
    assert.match((await refusal({ domainController: address })).message, /is for another name/);
  });

  it("says that the domain is another one", async () => {
    const error = await refusal({ domain: "users.contoso.com" });
    assert.match(error.message, /is a domain controller of corp\.tailspintoys\.com, and the connection is for users/);
  });

  it("does not log on without a name or a password", async () => {
    assert.match(
      (await refusal({ password: "" })).message,
      /has the username \S+, but neither a password nor a keytab for it/,
    );
    assert.match((await refusal({ username: undefined })).message, /has a password and no username/);
  });

  it("tries a wrong password once in a run, whoever asks", async () => {
    const { address: host } = await lookup(forest.settings.domainController ?? "");
    const proxy = await new LossyProxy({ host, port: 636 }).listen({ host: "127.0.0.1", port: 636 });
    closing.push(() => proxy.close());
    const directory = forest.open({ password: "wrong", ...(await throughLoopback()) });
    const ask = () =>
      directory.forest().then(
        () => assert.fail("it connected"),
        (error: ProviderError) => error,
      );
    const errors = await Promise.all(Array.from({ length: 20 }, ask));
    errors.push(await ask());
    for (const error of errors) {
      assert.equal(error.code, "directory-credentials");
      assert.match(error.message, /the user name or the password is wrong.*No further logon is tried/);
    }
    assert.equal(proxy.connections, 1);
  });

  /** The domain controller's own name, which then leads to 127.0.0.1: its certificate holds there too. */
  async function throughLoopback(): Promise<Partial<Settings>> {
    const name = forest.settings.domainController ?? "";
    const dns = await nameServer([{ type: "A", name, data: "127.0.0.1" }]);
    closing.push(() => dns.close());
    return { dnsServers: [dns.address] };
  }

  describe("when the connection is lost", () => {
    let proxy: LossyProxy;

    async function throughProxy(tls: Settings["tls"]) {
      const { address: host } = await lookup(forest.settings.domainController ?? "");
      const port = tls === "ldaps" ? 636 : 389;
      proxy = await new LossyProxy({ host, port }).listen({ host: "127.0.0.1", port });
      closing.push(() => proxy.close());
      return forest.open({ tls, directoryTimeoutSeconds: 5, ...(await throughLoopback()) });
    }

    const newAccount = () => ({
      name: forest.uniqueName(),
      accountType: "computer" as const,
      container: forest.organizationalUnit,
      description: "before",
      enabled: true,
      encryptionTypeBits: 28,
      password: randomPassword(),
    });

    const ways = protections.flatMap((tls) => (["closed", "reset"] as const).map((loss) => ({ tls, loss })));
    for (const { tls, loss } of ways) {
      it(`repeats a read over a new connection (${tls}, ${loss})`, async () => {
        const directory = await throughProxy(tls);
        await directory.forest();
        Object.assign(proxy, { loss });
        proxy.fault = "lose-request";
        assert.equal((await findAccount(directory, "Administrator"))?.samAccountName, "Administrator");
        assert.equal(proxy.connections, 2);
      });

      it(`finds by reading back that a write was done (${tls}, ${loss})`, async () => {
        const directory = await throughProxy(tls);
        const account = await addAccount(directory, newAccount());
        Object.assign(proxy, { loss });
        proxy.fault = "lose-answer";
        await changeAccount(directory, account, { description: "after" });
        assert.equal((await readAccount(directory, account.guid))?.description, "after");
      });

      it(`does not repeat a write that was not done (${tls}, ${loss})`, async () => {
        const directory = await throughProxy(tls);
        const account = await addAccount(directory, newAccount());
        Object.assign(proxy, { loss });
        proxy.fault = "lose-request";
        await assert.rejects(changeAccount(directory, account, { description: "after" }), (error: ProviderError) => {
          assert.equal(error.code, "directory-unclear");
          assert.match(
            error.message,
            /connection was lost while trying to change description of CN=.*was not sent again/,
          );
          return true;
        });
        assert.equal((await readAccount(directory, account.guid))?.description, "before");
      });
    }

    it("says so when the domain controller is gone, and goes on when it is back", async () => {
      const directory = await throughProxy("ldaps");
      const account = await addAccount(directory, newAccount());
      proxy.close();
      await assert.rejects(readAccount(directory, account.guid), (error: ProviderError) => {
        assert.equal(error.code, "directory-unreachable");
        assert.match(error.message, /^dc1\.corp\.tailspintoys\.com refused the connection to port 636\./);
        return true;
      });
      const { address: host } = await lookup(forest.settings.domainController ?? "");
      const back = await new LossyProxy({ host, port: 636 }).listen({ host: "127.0.0.1", port: 636 });
      closing.push(() => back.close());
      assert.equal((await readAccount(directory, account.guid))?.guid, account.guid);
    });

    it("does not know about a write when the domain controller is gone in the middle of it", async () => {
      const directory = await throughProxy("ldaps");
      const account = await addAccount(directory, newAccount());
      proxy.fault = "lose-request";
      const writing = changeAccount(directory, account, { description: "after" });
      proxy.close();
      await assert.rejects(writing, (error: ProviderError) => {
        assert.ok(["directory-unclear", "directory-unreachable"].includes(error.code), error.code);
        return true;
      });
    });
  });
});
