import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute, Change } from "ldapts";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { runCommand, waitUntil } from "../../lab/command";
import { administrator, corp, dc1, dc2, hostName, users, usersDc } from "../../lab/domain-controller";
import { labFolder } from "../../lab/folders";
import { contosoUser, corpUser, delegatedUser, exchangeUnit } from "../../lab/people";
import { addAccount, changeAccount, deleteAccount, findAccount, readAccount } from "../../provider/directory/accounts";
import type { Directory } from "../../provider/directory/directory";
import type { ProviderError } from "../../provider/error";
import type { Settings } from "../../provider/settings";
import { keytabOf, ticketOf } from "../support/kerberos";
import { enterForest, type Forest } from "./forest";
import { LossyProxy } from "./lossy-proxy";
import { nameServer } from "./name-server";

const protections = ["ldaps", "starttls", "kerberos"] as const;
/** No user name and no password: the ticket of this host. */
const byTicket = { username: undefined, password: undefined };

describe("a logon to the directory without a password", () => {
  let forest: Forest;
  let ticket: string;
  let keytab: string;
  let byKeytab: Partial<Settings>;
  const outside = {
    cache: process.env.KRB5CCNAME,
    trace: process.env.KRB5_TRACE,
    configuration: process.env.KRB5_CONFIG,
  };
  const closing: (() => void)[] = [];

  before(async function () {
    forest = await enterForest(this);
    ticket = await ticketOf(administrator(corp).name);
    keytab = await keytabOf(delegatedUser);
    byKeytab = { username: `${delegatedUser}@${corp.dnsName}`, password: undefined, keytab };
  });
  beforeEach(() => {
    process.env.KRB5CCNAME = ticket;
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
    restore("KRB5_TRACE", outside.trace);
    restore("KRB5_CONFIG", outside.configuration);
  });
  after(() => {
    restore("KRB5CCNAME", outside.cache);
    return forest?.close();
  });

  function refusal(overrides: Partial<Settings>): Promise<ProviderError> {
    return failure(forest.open({ ...byTicket, ...overrides }));
  }

  /** The domain controller's own name, which then leads to 127.0.0.1, where a proxy hands on to it. */
  async function throughProxy(overrides: Partial<Settings>): Promise<{ directory: Directory; proxy: LossyProxy }> {
    const { address: host } = await lookup(hostName(dc1));
    const port = overrides.tls === "ldaps" ? 636 : 389;
    const proxy = await new LossyProxy({ host, port }).listen({ host: "127.0.0.1", port });
    const dns = await nameServer([{ type: "A", name: hostName(dc1), data: "127.0.0.1" }]);
    closing.push(
      () => proxy.close(),
      () => dns.close(),
    );
    return { directory: forest.open({ ...byTicket, ...overrides, dnsServers: [dns.address] }), proxy };
  }

  const newAccount = (password: string, container = forest.organizationalUnit) => ({
    ...{ name: forest.uniqueName(), accountType: "user" as const, container, description: "known to nobody" },
    ...{ enabled: true, encryptionTypeBits: 24, password },
  });

  for (const tls of protections) {
    it(`takes this host's ticket, or a keytab (${tls})`, async () => {
      const directory = forest.open({ tls, ...byTicket });
      assert.equal((await directory.forest()).netbiosName, corp.netbiosName);
      const { endpoint } = await directory.globalCatalog();
      assert.deepEqual([endpoint.host, endpoint.port], [hostName(dc1), tls === "kerberos" ? 3268 : 3269]);
      assert.ok(await findAccount(directory, delegatedUser));
      await directory.at(hostName(dc2)).connect();
      // Who it is shows in what it may: only its own unit.
      process.env.KRB5CCNAME = "FILE:/does/not/exist";
      const delegated = forest.open({ tls, ...byKeytab });
      const own = await addAccount(delegated, newAccount("Aa1.enough-for-anyone", exchangeUnit));
      await deleteAccount(delegated, own);
      await assert.rejects(addAccount(delegated, newAccount("Aa1.enough-for-anyone")), { code: "directory-rights" });
    });

    it(`acts as whoever has the ticket (${tls})`, async () => {
      process.env.KRB5CCNAME = await ticketOf(corpUser);
      const directory = forest.open({ tls, ...byTicket });
      await assert.rejects(addAccount(directory, newAccount("Aa1.enough-for-anyone")), { code: "directory-rights" });
    });

    it(`opens a lost connection again with a new ticket (${tls})`, async () => {
      const { directory, proxy } = await throughProxy({ tls, ...byKeytab });
      await directory.forest();
      proxy.fault = "lose-request";
      assert.ok(await findAccount(directory, delegatedUser));
      assert.equal(proxy.connections, 2);
    });
  }

  it("takes name and password by Kerberos where there is no TLS", async () => {
    const { directory, proxy } = await throughProxy({ ...forest.settings, tls: "kerberos" });
    await directory.forest();
    const through = Buffer.concat(proxy.seen);
    assert.ok(through.includes("GSS-SPNEGO"));
    assert.ok(!through.includes(forest.settings.password ?? "?"));
  });

  it("takes a user of a forest that trusts ours, and one whom ours trusts", async () => {
    process.env.KRB5CCNAME = await ticketOf(contosoUser, users);
    for (const tls of ["ldaps", "kerberos"] as const) {
      assert.equal((await forest.open({ tls, ...byTicket }).forest()).netbiosName, corp.netbiosName);
    }
  });

  describe("sealed by Kerberos, without TLS", () => {
    it("sets a password that works, and shows nothing of it to who listens", async () => {
      const { directory, proxy } = await throughProxy({ tls: "kerberos" });
      const secret = "Aa1.nobody-hears-this";
      const account = await addAccount(directory, newAccount(secret));
      await changeAccount(directory, account, { description: "whispered" });
      assert.equal((await readAccount(directory, account.guid))?.description, "whispered");
      const through = Buffer.concat(proxy.seen);
      assert.ok(through.length > 3000 && through.includes("GSS-SPNEGO"), "the proxy saw no logon");
      for (const word of [account.samAccountName, "whispered", "known to nobody", "objectClass", corp.baseDn]) {
        assert.ok(!through.includes(word), word);
      }
      assert.ok(!through.includes(Buffer.from(secret, "utf16le")) && !through.includes(secret));
      const kinit = ["-c", "MEMORY:", `${account.samAccountName}@${corp.realm}`];
      assert.equal((await runCommand("kinit", kinit, { input: `${secret}\n` })).status, 0);
    });

    it("reads and writes long messages", async () => {
      const schema = `CN=Schema,CN=Configuration,${corp.baseDn}`;
      const read = async (tls: "ldaps" | "kerberos") => {
        const dc = await forest.open({ tls, ...byTicket }).domainController();
        return dc.search("read the schema", schema, {
          scope: "one",
          filter: "(cn=ms-DS-*)",
          paged: { pageSize: 1000 },
        });
      };
      const [inside, sealed] = [await read("ldaps"), await read("kerberos")];
      assert.ok(JSON.stringify(sealed).length > 300_000, String(JSON.stringify(sealed).length));
      assert.deepEqual(sealed, inside);
      const directory = forest.open({ tls: "kerberos", ...byTicket });
      const account = await addAccount(directory, newAccount("Aa1.enough-for-anyone"));
      const values = Array.from({ length: 3000 }, (_, index) => `http://host-${index}.of-a-long-name.${corp.dnsName}`);
      const change = new Change({ operation: "replace", modification: new Attribute({ type: "url", values }) });
      const dc = await directory.domainController();
      const { distinguishedName } = account;
      await dc.modify({ what: "add addresses" }, distinguishedName, [change], async () => false);
      const [entry] = await dc.search("read them", distinguishedName, { scope: "base", attributes: ["url"] });
      assert.deepEqual([entry?.url ?? []].flat().sort(), values.sort());
    });

    it("ends a connection on which an answer was changed, and says so", async () => {
      const { directory, proxy } = await throughProxy({ tls: "kerberos" });
      await directory.forest();
      proxy.fault = "change-answer";
      await assert.rejects(findAccount(directory, delegatedUser), (error: ProviderError) => {
        assert.equal(error.code, "directory-failed");
        assert.match(error.message, /^What came from dc1\.corp\.tailspintoys\.com is not what it sealed/);
        return true;
      });
      assert.ok(await findAccount(directory, delegatedUser));
      assert.equal(proxy.connections, 2);
    });

    it("does not take an answer twice", async () => {
      const { directory, proxy } = await throughProxy({ tls: "kerberos" });
      await directory.forest();
      proxy.fault = "repeat-answer";
      // Whether the first one was whole when the second came is up to the server.
      const first = await findAccount(directory, delegatedUser).catch((error: ProviderError) => error.message);
      if (typeof first === "string") assert.match(first, /is not what it sealed: .*duplicate/);
      assert.ok(await findAccount(directory, delegatedUser));
      assert.equal(proxy.connections, 2);
    });
  });

  it("tries a wrong key once in a run, whoever asks", async () => {
    const wrong = await keytabOf(delegatedUser, "not the password");
    for (const tls of ["ldaps", "kerberos"] as const) {
      const trace = join(labFolder, `trace-${process.hrtime.bigint()}`);
      process.env.KRB5_TRACE = trace;
      const directory = forest.open({ tls, ...byKeytab, keytab: wrong });
      const ask = () => failure(directory);
      const errors = await Promise.all(Array.from({ length: 20 }, ask));
      errors.push(await ask());
      for (const error of errors) {
        assert.equal(error.code, "directory-credentials");
        assert.match(error.message, /Preauthentication failed.*keytab's key.*No further logon is tried/);
      }
      assert.equal(readFileSync(trace, "utf8").match(/KDC: .*Preauthentication failed/g)?.length, 1);
    }
  });

  it("says that there is no ticket, and asks no server", async () => {
    process.env.KRB5CCNAME = "FILE:/does/not/exist";
    const { directory, proxy } = await throughProxy({ tls: "kerberos" });
    const error = await failure(directory);
    assert.equal(error.code, "kerberos");
    assert.match(error.message, /^Could not use this host's credential cache.*kinit.*user name with a keytab/);
    assert.equal(proxy.connections, 0);
  });

  it("says that the ticket has expired when a lost connection is opened again, and goes on with a new one", async () => {
    const { directory, proxy } = await throughProxy({ tls: "kerberos" });
    await directory.forest();
    const expired = await ticketOf(administrator(corp).name, corp, "-l", "1s");
    const valid = () => runCommand("klist", ["-s", "-c", expired]).then(({ status }) => status === 0);
    await waitUntil("the ticket has expired", async () => !(await valid()));
    process.env.KRB5CCNAME = expired;
    assert.ok(await findAccount(directory, delegatedUser), "the connection that is open needs no ticket");
    proxy.fault = "lose-request";
    await assert.rejects(findAccount(directory, delegatedUser), (error: ProviderError) => {
      assert.equal(error.code, "kerberos");
      assert.match(error.message, /expired\. Get a new ticket \(kinit\)/);
      return true;
    });
    process.env.KRB5CCNAME = ticket;
    assert.ok(await findAccount(directory, delegatedUser));
  });

  it("says that no KDC answers", async () => {
    const file = join(labFolder, "krb5-nowhere.conf");
    const realms = `[realms]\n ${corp.realm} = {\n  kdc = 127.0.0.1:9\n }\n`;
    writeFileSync(file, `[libdefaults]\n dns_lookup_kdc = false\n${realms}`);
    process.env.KRB5_CONFIG = file;
    const error = await refusal(byKeytab);
    assert.equal(error.code, "kerberos");
    assert.match(error.message, /Cannot contact any KDC.*krb5\.conf.*port 88/);
  });

  it("says that the KDC knows no such server", async () => {
    const { address } = await lookup(hostName(dc1));
    const name = `nobody.${corp.dnsName}`;
    const dns = await nameServer([{ type: "A", name, data: address }]);
    closing.push(() => dns.close());
    const error = await refusal({ tls: "kerberos", domainController: name, dnsServers: [dns.address] });
    assert.equal(error.code, "kerberos");
    assert.match(error.message, /^Could not get a ticket for ldap\/nobody\.corp\.tailspintoys\.com: .*setspn -Q/);
  });

  it("says that a server without the key did not take the ticket", async () => {
    const { address } = await lookup(hostName(dc1));
    const name = `dc2.${corp.dnsName}`;
    const dns = await nameServer([{ type: "A", name, data: address }]);
    closing.push(() => dns.close());
    const error = await refusal({ tls: "kerberos", domainController: name, dnsServers: [dns.address] });
    assert.equal(error.code, "directory-credentials");
    assert.match(error.message, /^dc2\.\S+: could not log on by Kerberos: it did not accept the ticket\..*setspn -Q/);
  });

  it("says that a domain controller takes no Kerberos inside TLS", async () => {
    for (const tls of ["ldaps", "starttls"] as const) {
      const error = await refusal({ tls, domain: users.dnsName, domainController: hostName(usersDc) });
      assert.equal(error.code, "directory-failed");
      assert.match(error.message, /takes no Kerberos logon inside TLS\. Use tls: kerberos/);
    }
    const sealed = forest.open({
      ...byTicket,
      ...{ tls: "kerberos", domain: users.dnsName, domainController: hostName(usersDc) },
    });
    assert.equal((await sealed.forest()).netbiosName, users.netbiosName);
  });

  const username = `${delegatedUser}@${corp.dnsName}`;
  const refusals: [what: string, overrides: () => Partial<Settings>, code: string, words: RegExp][] = [
    ["a name and nothing else", () => ({ username }), "settings-invalid", /neither a password nor a keytab/],
    ["a keytab and no name", () => ({ keytab }), "settings-invalid", /a keytab and no username/],
    ["a password and no name", () => ({ password: "x" }), "settings-invalid", /a password and no username/],
    ["both", () => ({ username, keytab, password: "x" }), "settings-invalid", /a password and a keytab/],
    ["a DN", () => ({ username: `CN=x,${corp.baseDn}`, keytab }), "settings-invalid", /no name for a Kerberos logon/],
    [
      "a DN and a password, without TLS",
      () => ({ username: `CN=x,${corp.baseDn}`, password: "x", tls: "kerberos" }),
      "settings-invalid",
      /no name for a Kerberos logon/,
    ],
    ["an address", () => ({ domainController: "127.0.0.1" }), "settings-invalid", /127\.0\.0\.1, which is an address/],
    ["no such file", () => ({ username, keytab: "/nowhere" }), "kerberos", /keytab \/nowhere, for svc.* \(ENOENT\)/],
    [
      "another user's keytab",
      () => ({ username: `${corpUser}@${corp.dnsName}`, keytab }),
      "kerberos",
      /has no key of wendy@CORP\.TAILSPINTOYS\.COM\. Look at it with klist -k -e/,
    ],
  ];
  for (const [what, overrides, code, words] of refusals) {
    it(`refuses ${what}`, async () => {
      const error = await refusal(overrides());
      assert.equal(error.code, code);
      assert.match(error.message, words);
    });
  }
});

function failure(directory: Directory): Promise<ProviderError> {
  return directory.forest().then(
    () => assert.fail("it logged on"),
    (error: ProviderError) => error,
  );
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
