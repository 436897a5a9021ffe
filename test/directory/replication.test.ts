import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { corp, dc1, dc2 } from "../../lab/domain-controller";
import { inboundReplication, replicateTo } from "../../lab/replication";
import type { Account } from "../../provider/directory/accounts";
import type { Directory } from "../../provider/directory/directory";
import { awaitReplication, chosenControllers, type ReplicationScope } from "../../provider/directory/replication";
import { ProviderError } from "../../provider/error";
import { asaAccount } from "../../provider/resources/asa-account";
import type { AsaAccountInputs, AsaAccountOutputs } from "../../provider/resources/asa-account/schema";
import { Program, Resource } from "../resources/program";
import { enterForest, type Forest } from "./forest";

describe("replication of the account", () => {
  let forest: Forest;
  const late = "dc2.corp.tailspintoys.com";

  before(async function () {
    forest = await enterForest(this);
  });
  after(async () => {
    if (forest !== undefined) await inboundReplication(dc2, true);
    await forest?.close();
  });

  const given = (name: string, replication: unknown, more: object = {}) => ({
    name,
    organizationalUnit: forest.organizationalUnit,
    replication,
    ...more,
  });
  const isLate = (error: ProviderError) => {
    assert.equal(error.code, "replication-late");
    assert.match(
      error.message,
      new RegExp(`is not on every chosen domain controller: ${late.replaceAll(".", "\\.")} `),
    );
    assert.doesNotMatch(error.message, /dc1\.corp\.tailspintoys\.com (does|has)/);
    return true;
  };

  it("fails by naming the domain controller that lags, keeps the account, and goes on from it", async function () {
    this.timeout(90_000);
    await inboundReplication(dc2, false);
    const program = new Program(forest.settings);
    const name = forest.uniqueName();
    const asa = new Resource<AsaAccountInputs, AsaAccountOutputs>(asaAccount);
    const started = Date.now();
    await assert.rejects(asa.up(given(name, { domainControllers: [late], timeoutSeconds: 2 }), program), isLate);
    assert.ok(Date.now() - started < 8000, "the deadline was not kept");
    assert.ok(program.lines.includes(`waiting for ${name}$ to replicate to ${late}`), program.lines.join("\n"));
    const { id } = asa;
    assert.equal(asa.state.replicated, false);
    assert.equal(asa.state.samAccountName, `${name}$`);

    // Still late: it says so again, and makes no second account.
    await asa.refresh(program);
    await assert.rejects(asa.up(given(name, { timeoutSeconds: 1 }), program), isLate);

    await inboundReplication(dc2, true);
    await replicateTo(dc2, dc1);
    assert.deepEqual(await asa.up(given(name, { timeoutSeconds: 60 }), program), ["replication"]);
    assert.equal(asa.id, id);
    assert.equal(asa.state.replicated, true);
    assert.equal(await asa.up(given(name, { timeoutSeconds: 60 }), program), "same");
    const { searchEntries } = await forest.admin.search(forest.organizationalUnit, { filter: `(cn=${name})` });
    assert.equal(searchEntries.length, 1);

    // A new password has to get there as well.
    await inboundReplication(dc2, false);
    const password = "Another-Password-17!";
    await assert.rejects(asa.up(given(name, { timeoutSeconds: 1 }, { password }), program), isLate);
    await inboundReplication(dc2, true);
    await replicateTo(dc2, dc1);
    assert.deepEqual(await asa.up(given(name, { timeoutSeconds: 60 }, { password }), program), ["replication"]);
    await program.end();
  });

  it("ends the wait when the run is cancelled", async () => {
    await inboundReplication(dc2, false);
    const program = new Program(forest.settings);
    const asa = new Resource<AsaAccountInputs, AsaAccountOutputs>(asaAccount);
    const up = asa.up(given(forest.uniqueName(), { timeoutSeconds: 600 }), program);
    const cancelling = setInterval(() => program.lines.length > 0 && program.cancel(), 50);
    await assert.rejects(up, /The run was cancelled, and CN=.* is not on every/);
    clearInterval(cancelling);
    assert.equal(asa.state.replicated, false);
    await inboundReplication(dc2, true);
    await program.end();
  });

  it("does not wait for domain controllers that were not asked for", async () => {
    await inboundReplication(dc2, false);
    const program = new Program(forest.settings);
    const asa = new Resource<AsaAccountInputs, AsaAccountOutputs>(asaAccount);
    await asa.up(given(forest.uniqueName(), { domainControllers: ["dc1.corp.tailspintoys.com"] }), program);
    assert.equal(asa.state.replicated, true);
    await inboundReplication(dc2, true);
    await program.end();
  });

  it("names the site's controllers when a site is given", async () => {
    assert.equal(dc1.domain, corp);
    await inboundReplication(dc2, false);
    const program = new Program(forest.settings);
    const asa = new Resource<AsaAccountInputs, AsaAccountOutputs>(asaAccount);
    const replication = { domainControllers: ["Default-First-Site-Name"], timeoutSeconds: 1 };
    await assert.rejects(asa.up(given(forest.uniqueName(), replication), program), isLate);
    await inboundReplication(dc2, true);
    await program.end();
  });
});

describe("a wait for replication", () => {
  const account = { samAccountName: "ASA$", distinguishedName: "CN=ASA", guid: "g", passwordStamp: "2" } as Account;
  const sites = { dc1: "Main", dc2: "Main", dc3: "Branch" };
  const controllers = Object.entries(sites).map(([host, site]) => ({ host, site }));

  /** Each controller gives these passwords in turn, the last one for ever: `2` is the account's, an error none at all. */
  async function wait(answers: Record<string, readonly (string | ProviderError)[]>, timeoutSeconds = 60) {
    const asked: string[] = [];
    const lines: string[] = [];
    const search = (host: string) => async () => {
      const given = answers[host] ?? ["2"];
      const stamp = given[Math.min(asked.filter((one) => one === host).length, given.length - 1)];
      asked.push(host);
      if (stamp instanceof ProviderError) throw stamp;
      return stamp === undefined ? [] : [{ dn: "CN=ASA", pwdLastSet: stamp }];
    };
    const directory = { at: (host: string) => ({ search: search(host) }) } as unknown as Directory;
    const cancelled = new AbortController();
    const progress = (line: string) => {
      lines.push(line);
      if (answers.cancel !== undefined) cancelled.abort();
    };
    const { signal } = cancelled;
    const late = await awaitReplication(directory, account, controllers, { timeoutSeconds, signal, progress });
    return { asked, lines, late: late?.message };
  }

  it("asks again only those that lag, and says once which they are", async () => {
    assert.deepEqual(await wait({ dc2: ["1", "2"], dc3: ["1", new ProviderError("timeout", "slow"), "2"] }), {
      asked: ["dc1", "dc2", "dc3", "dc2", "dc3", "dc3"],
      lines: ["dc2, dc3", "dc3"].map((hosts) => `waiting for ASA$ to replicate to ${hosts}`),
      late: undefined,
    });
  });

  it("ends where it is cancelled, and where its time is over, with the reason of each", async () => {
    const slow = { dc2: ["1"], dc3: [new ProviderError("timeout", "dc3 is slow.")] };
    const reasons = "dc2 has another version of its password; dc3 cannot be asked (dc3 is slow.).";
    for (const [given, seconds, begin] of [
      [{ ...slow, cancel: [] }, 60, "The run was cancelled"],
      [slow, 0.6, "After 0.6 seconds"],
    ] as const) {
      const { late, asked, lines } = await wait(given, seconds);
      assert.deepEqual(lines, ["waiting for ASA$ to replicate to dc2, dc3"]);
      assert.ok(asked.length <= 3 + 2 + 2, `with a pause between: ${asked.join()}`);
      const whole = `${begin}, and CN=ASA is not on every chosen domain controller: ${reasons}`;
      assert.equal(late?.slice(0, whole.length), whole);
    }
  });

  it("is over at once where the password is not taken: each time it is given counts towards a lock", async () => {
    const refusal = new ProviderError("directory-credentials", "dc2 refuses it.");
    await assert.rejects(wait({ dc2: [refusal] }), refusal);
  });

  it("is for the controllers and sites that are named, in any case, and for no other name", async () => {
    const servers = controllers.map(({ host, site }) => ({
      dn: `CN=${host.toUpperCase()},CN=Servers,CN=${site},CN=Sites,CN=C`,
      dNSHostName: `${host}.corp`,
    }));
    const search = async (_what: string, _base: string, { filter = "" }) =>
      filter.includes("nTDSDSA") ? servers.map(({ dn }) => ({ dn: `CN=NTDS Settings,${dn.toLowerCase()}` })) : servers;
    const directory = {
      domainController: async () => ({ search }),
      forest: async () => ({ configuration: "CN=C", domain: "DC=corp" }),
    } as unknown as Directory;
    const chosen = async (scope: ReplicationScope) =>
      (await chosenControllers(directory, scope)).map(({ host }) => host).join();
    assert.equal(await chosen("all"), "dc1.corp,dc2.corp,dc3.corp");
    assert.equal(await chosen(["BRANCH", "DC1.corp"]), "dc1.corp,dc3.corp");
    await assert.rejects(chosen(["dc1.corp", "dc4.corp"]), {
      code: "input-invalid",
      message: /^dc4\.corp is neither .* controllers: dc1\.corp, dc2\.corp, dc3\.corp\. Sites: branch, main\.$/i,
    });
  });
});
