import { strict as assert } from "node:assert";
import { after, before, describe, it } from "mocha";
import { checkText } from "../../cli/check-text";
import { corp } from "../../lab/domain-controller";
import { Healthy, hostNames, troubles } from "./healthy";

describe("the runbook over 200 servers", function () {
  this.timeout(120_000);
  let healthy: Healthy;
  const more = Array.from({ length: 198 }, (_, index) => `cas-${index + 3}`);
  /** Names of which nobody has heard, and servers that have no web site. */
  const strange = Array.from({ length: 38 }, (_, index) => `name${index}.${corp.dnsName}`);

  before(async function () {
    healthy = await Healthy.enter(this);
    for (const name of more) healthy.world.organization.addServer(name);
    healthy.deploy();
  });
  after(async () => healthy?.leave());

  it("takes seconds, and says once what many servers have in common", async () => {
    for (const name of more) {
      healthy.world.organization.require(
        name,
      ).state.virtualDirectories.outlookAnywhere.internalClientAuthenticationMethod = "Ntlm";
    }
    const started = Date.now();
    const report = await healthy.check({ skip: ["server-clock"], hostNames: [...hostNames, ...strange] });
    const seconds = (Date.now() - started) / 1000;
    assert.equal(report.servers.length, 200);
    assert.equal(report.names.length, 40);
    // 198 servers with NTLM; 38 names without record, without SPN, and so without ticket and route.
    assert.ok(troubles(report).length >= 198 + 2 * 38, String(troubles(report).length));
    const lines = checkText(report).split("\n");
    assert.ok(lines.length <= 60, lines.join("\n"));
    for (const line of lines) assert.ok(line.length <= 320, line);
    assert.match(
      lines.join("\n"),
      /cas-3\S*, cas-4\S*, .* and 194 more: SERVER\\Rpc \(Default Web Site\) tells internal clients to use Ntlm/,
    );
    assert.ok(seconds < 60, `${seconds} seconds`);
    console.log(`      200 servers, 40 names: ${seconds.toFixed(1)} s, ${lines.length} lines`);
  });
});
