import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { corp, dc1, dc2 } from "../../lab/domain-controller";
import { inboundReplication, replicateTo } from "../../lab/replication";
import type { ProviderError } from "../../provider/error";
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
