import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { after, before, describe, it } from "mocha";
import { checkText } from "../../cli/check-text";
import { planText } from "../../cli/plan-text";
import { estateOf } from "../../cli/status/estate";
import { statusPage } from "../../cli/status/page";
import { prometheusText } from "../../cli/status/prometheus";
import { statusText } from "../../cli/status/status-text";
import { corp } from "../../lab/domain-controller";
import type { CheckReport } from "../../provider/checks/report";
import { asaAccount } from "../../provider/resources/asa-account";
import { servicePrincipalName } from "../../provider/resources/service-principal-name";
import { Healthy, hostNames, servers } from "../checks/healthy";
import { fqdn } from "../resources/asa-deployment/world";
import { Program, Resource } from "../resources/program";

const many = 10_000;
/** Characters that the slowest of terminals and monitors still takes in. */
const readable = 200_000;

/** An account on which somebody has put ten thousand names, in the lab's real directory, through every resource and command. */
describe("ten thousand names on one account", function () {
  this.timeout(180_000);
  let healthy: Healthy;
  let program: Program;
  let report: CheckReport;
  const needless = Array.from({ length: many }, (_, index) => `http/needless-${index}.${corp.dnsName}`);

  before(async function () {
    healthy = await Healthy.enter(this);
    const { admin, settings } = healthy.world.forest;
    program = new Program(settings);
    for (let at = 0; at < many; at += 2000) {
      const values = needless.slice(at, at + 2000);
      const modification = new Attribute({ type: "servicePrincipalName", values });
      await admin.modify(healthy.distinguishedName, [new Change({ operation: "add", modification })]);
    }
  });
  after(async () => {
    await program?.end();
    await healthy?.leave();
  });

  async function names(): Promise<readonly string[]> {
    const { admin } = healthy.world.forest;
    const attributes = ["servicePrincipalName"];
    const { searchEntries } = await admin.search(healthy.distinguishedName, { scope: "base", attributes });
    return [searchEntries[0]?.servicePrincipalName ?? []].flat().map(String).sort();
  }

  it("are left alone by AsaAccount, which reads and changes what is its own", async () => {
    const before = await names();
    assert.equal(before.length, many + hostNames.length);
    const account = new Resource(asaAccount);
    const given = {
      name: healthy.accountName,
      organizationalUnit: healthy.world.forest.organizationalUnit,
      replication: false,
      adopt: true,
    };
    await account.up(given, program);
    assert.ok(await account.refresh(program));
    await account.up({ ...given, description: "with many names" }, program);
    assert.equal(await account.up({ ...given, description: "with many names" }, program), "same");
    await account.destroy(program);
    assert.deepEqual(await names(), before);
  });

  it("are left alone by ServicePrincipalName, which adds one, finds it, and takes it away", async () => {
    const before = await names();
    const spn = new Resource(servicePrincipalName);
    const given = { account: healthy.qualifiedName, spn: `http/one-more.${corp.dnsName}`, allowBeforeDeployment: true };
    await spn.up(given, program);
    assert.equal((await names()).length, before.length + 1);
    assert.ok(await spn.refresh(program));
    assert.equal(await spn.up(given, program), "same");
    const last = new Program(healthy.world.forest.settings);
    await spn.destroy(last);
    await last.end();
    assert.deepEqual(await names(), before);
  });

  it("are said by check, by number and by some of their names", async () => {
    report = await healthy.check({ account: healthy.qualifiedName });
    const [stale, ...others] = report.results.filter(
      ({ check, outcome }) => check === "spn-stale" && outcome !== "pass",
    );
    assert.deepEqual(others, []);
    assert.match(stale?.seen ?? "", /no client needs http\/needless-\d+\.\S+, .* and 9980 more\.$/);
    assert.ok(report.results.length < 500, `${report.results.length} results`);
    assert.ok(checkText(report).length < readable);
  });

  it("leave status readable: as a table, for a monitor, and as a page", () => {
    const estate = estateOf(report, 30);
    const sizes = [statusText(estate), prometheusText(estate), statusPage(estate)].map(({ length }) => length);
    for (const size of sizes) assert.ok(size < readable, `${sizes}`);
    assert.ok(JSON.stringify(report).length < 20 * readable);
  });

  it("hide none that plan looks for, and are not in it", async () => {
    const plan = await healthy.plan();
    const needed = plan.names.filter(({ kind }) => kind === "needed");
    assert.deepEqual(
      needed.map(({ hostName, holders }) => [hostName, holders]),
      hostNames.map((hostName) => [hostName, [healthy.distinguishedName]]),
    );
    assert.ok(planText(plan).length < readable);
  });

  it("are left alone by AsaDeployment, which rolls the password under them", async () => {
    const before = await names();
    const { world } = healthy;
    const deployment = world.deployment();
    const given = { account: healthy.qualifiedName, servers: Object.keys(servers).map(fqdn), method: "cmdlet" };
    await deployment.up(given, world.run());
    assert.ok(await deployment.refresh(world.run()));
    assert.equal(await deployment.up(given, world.run()), "same");
    for (const server of Object.keys(servers)) assert.equal(await world.working(server, healthy.qualifiedName), 0);
    assert.deepEqual(await names(), before);
  });
});
