import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { dc1, dc2, hostName, sambaTool } from "../../lab/domain-controller";
import { inboundReplication, replicateTo } from "../../lab/replication";
import { addAccount } from "../../provider/directory/accounts";
import type { Directory } from "../../provider/directory/directory";
import { randomPassword } from "../../provider/directory/password";
import { addSpn, removeSpn, spnHolders } from "../../provider/directory/spn-holders";
import { enterForest, type Forest } from "./forest";
import { nameServer } from "./name-server";

const accountIn = (forest: Forest, directory: Directory) =>
  addAccount(directory, {
    name: forest.uniqueName(),
    accountType: "computer",
    container: forest.organizationalUnit,
    description: undefined,
    enabled: true,
    encryptionTypeBits: 28,
    password: randomPassword(),
  });

describe("the holders of a service principal name", function () {
  this.timeout(30_000);
  let forest: Forest;

  before(async function () {
    forest = await enterForest(this);
  });
  after(() => forest?.close());

  it("are counted once, in however many searches they were found, and by what HOST stands for", async () => {
    const directory = forest.open();
    const account = await accountIn(forest, directory);
    const hosts = Array.from({ length: 3 }, () => `${forest.uniqueName()}.example.com`);
    // HOST stands for some fifty classes: with three of them the first and the last name of the last are not in one search.
    for (const spn of [`host/${hosts[2]}`, `msdtc/${hosts[2]}`, `msdtc/${hosts[1]}`]) {
      await addSpn(directory, account, spn);
    }
    const held = await Promise.all(hosts.map((host) => spnHolders(directory, `host/${host}`)));
    assert.deepEqual(
      held.map((holders) => holders.map(({ guid }) => guid)),
      [[], [account.guid], [account.guid]],
    );
  });
});

describe("the holders of a service principal name where the domain controller is no Global Catalog", function () {
  this.timeout(30_000);
  let forest: Forest;
  let dns: Awaited<ReturnType<typeof nameServer>>;
  let directory: Directory;

  const catalog = (on: boolean) =>
    sambaTool(dc1, ["drs", "options", hostName(dc1), `--dsa-option=${on ? "+" : "-"}IS_GC`]);

  before(async function () {
    forest = await enterForest(this);
    const name = `_ldap._tcp.gc._msdcs.${forest.settings.domain}`;
    dns = await nameServer([
      { type: "SRV", name, data: { target: hostName(dc2), port: 3268 } },
      ...[dc1, dc2].map((dc) => ({ type: "A" as const, name: hostName(dc), data: dc.address })),
    ]);
    await replicateTo(dc2, dc1);
    await inboundReplication(dc2, false);
    await catalog(false);
    directory = forest.open({ dnsServers: [dns.address] });
  });
  after(async () => {
    if (forest === undefined) return;
    await catalog(true);
    await inboundReplication(dc2, true);
    dns.close();
    await forest.close();
  });

  it("are looked for in one that DNS has", async () => {
    assert.equal((await directory.domainController()).host, hostName(dc1));
    assert.equal((await directory.globalCatalog()).host, hostName(dc2));
  });

  it("are those of the domain controller for what was just added there, and taken off", async () => {
    const account = await accountIn(forest, directory);
    const spn = `http/${forest.uniqueName()}.example.com`;
    const holders = async () => (await spnHolders(directory, spn)).map(({ guid }) => guid);
    await addSpn(directory, account, spn);
    assert.deepEqual(await holders(), [account.guid]);
    await inboundReplication(dc2, true);
    await replicateTo(dc2, dc1);
    await inboundReplication(dc2, false);
    assert.deepEqual(await holders(), [account.guid]);
    await removeSpn(directory, account, spn);
    assert.deepEqual(await holders(), []);
  });
});

describe("the holders of a service principal name in a forest of several domains", () => {
  const [own, other] = ["DC=corp,DC=com", "DC=sub,DC=corp,DC=com"];
  const entry = (dn: string, control: string, ...servicePrincipalName: string[]) => {
    const objectGUID = Buffer.alloc(16, dn);
    return { dn, objectGUID, servicePrincipalName, userAccountControl: control };
  };
  /** As `name enabled value`, with `~` before what only stands for it. */
  async function holdersOf(spn: string, here: readonly object[], everywhere: readonly object[]): Promise<string[]> {
    const answering = (host: string, entries: readonly object[]) => ({
      host,
      search: async (_what: string, base: string) =>
        base.startsWith("CN=Directory Service") ? [{ dn: base, sPNMappings: "Host=HTTP,alerter" }] : entries,
    });
    const directory = {
      domainController: async () => answering("dc1", here),
      globalCatalog: async () => answering("gc9", everywhere),
      forest: async () => ({ domain: own, configuration: "CN=Configuration" }),
      batch: (_name: string, load: (keys: string[]) => Promise<Map<string, unknown>>) => ({
        get: async (key: string) => (await load([key])).get(key),
      }),
    } as unknown as Directory;
    const holders = await spnHolders(directory, spn);
    return holders.map(({ distinguishedName, enabled, byAlias, servicePrincipalName }) => {
      return `${distinguishedName.split(",")[0]} ${enabled} ${byAlias ? "~" : ""}${servicePrincipalName}`;
    });
  }

  it("are those of the other domains by the catalog, and of its own by the domain controller", async () => {
    const far = entry(`CN=far,${other}`, "4098", "HTTP/Mail.corp.com");
    const [late, now] = ["late", "now"].map((name) => entry(`CN=${name},${own}`, "4096", "http/mail.corp.com"));
    assert.deepEqual(await holdersOf("http/mail.corp.com", [now ?? {}], [far, late ?? {}]), [
      "CN=far false HTTP/Mail.corp.com",
      "CN=now true http/mail.corp.com",
    ]);
  });

  it("are by HOST those of the classes that it stands for, and by none of them those of another class", async () => {
    const held = [
      entry(`CN=both,${own}`, "4096", "HOST/mail.corp.com", "http/mail.corp.com"),
      entry(`CN=host,${own}`, "4096", "HOST/mail.corp.com"),
      entry(`CN=pop,${own}`, "4096", "pop/mail.corp.com"),
    ];
    const [both, host] = ["CN=both true ", "CN=host true "];
    assert.deepEqual(await holdersOf("HTTP/mail.corp.com", held, []), [
      `${both}http/mail.corp.com`,
      `${host}~HOST/mail.corp.com`,
    ]);
    assert.deepEqual(await holdersOf("host/mail.corp.com", held, []), [
      `${both}HOST/mail.corp.com`,
      `${host}HOST/mail.corp.com`,
    ]);
    assert.deepEqual(await holdersOf("alerter/mail.corp.com", held.slice(0, 1), []), [`${both}~HOST/mail.corp.com`]);
    assert.deepEqual(await holdersOf("host/mail.corp.com", [entry(`CN=web,${own}`, "0", "http/mail.corp.com")], []), [
      "CN=web true ~http/mail.corp.com",
    ]);
    assert.deepEqual(await holdersOf("pop/mail.corp.com", held, []), ["CN=pop true pop/mail.corp.com"]);
  });
});
