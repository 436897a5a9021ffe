import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../../lab/command";
import { corp, dc1, dc2 } from "../../../lab/domain-controller";
import { labFolder } from "../../../lab/folders";
import { delegatedUser } from "../../../lab/people";
import { replicateTo } from "../../../lab/replication";
import { settle } from "../../support/exchange";
import { keytabOf, ticketOf } from "../../support/kerberos";
import { skip } from "../../support/lab";
import { programsFolder } from "../../support/programs";
import { Stack, succeeded } from "../../support/stack";
import { logOn, request } from "./clients-under-load";
import { fullNames, Site, servers, spns } from "./site";

const bin = join(programsFolder, "node_modules/.bin/exchange-kerberos");
const name = "NOSECRET";

/** The lab's environment without any password: what a runner has that was given a keytab, or a ticket. */
function withoutPasswords(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secrets = Object.keys(process.env).filter((key) => /^EXCHANGE_KERBEROS_.*(PASSWORD|PASSPHRASE)$/.test(key));
  assert.ok(secrets.includes("EXCHANGE_KERBEROS_PASSWORD"), "the lab has no password to take away");
  return { ...Object.fromEntries(secrets.map((key) => [key, undefined])), ...more };
}

describe("a stack that has no secret at all", function () {
  this.timeout(180_000);
  let site: Site;
  let stack: Stack;
  let byKeytab: NodeJS.ProcessEnv;
  let byTicket: NodeJS.ProcessEnv;
  const cache = join(labFolder, "without-password.ccache");

  const source = () => `
    const account = new ek.AsaAccount("asa", {
      name: "${name}", organizationalUnit: ${JSON.stringify(site.unit)}, replication: false });
    const deployment = new ek.AsaDeployment("deployment", {
      account: account.qualifiedName, servers: ${JSON.stringify(fullNames)}, method: "cmdlet" });
    for (const spn of ${JSON.stringify(spns)}) {
      new ek.ServicePrincipalName(spn, { account: account.qualifiedName, spn, deployment: deployment.id });
    }`;

  before(async function () {
    site = await Site.enter(this, "No secret");
    if (!existsSync(bin)) skip(this, "the package is not installed; `npm test` packs and installs it");
    // Nobody's ticket: with the keytab none is needed, and none may be used.
    byKeytab = withoutPasswords({
      EXCHANGE_KERBEROS_KEYTAB: await keytabOf(delegatedUser),
      KRB5CCNAME: "FILE:/does/not/exist",
    });
    byTicket = withoutPasswords({
      EXCHANGE_KERBEROS_USERNAME: undefined,
      EXCHANGE_KERBEROS_TLS: "kerberos",
      KRB5CCNAME: await ticketOf(delegatedUser),
    });
    stack = await Stack.create("no-secret", source(), { environment: byKeytab });
  });
  after(async () => {
    await stack?.remove();
    await site?.leave();
  });

  it("comes up with a keytab, and lets clients in", async () => {
    succeeded(await stack.up());
    await settle();
    await logOn(cache);
    assert.deepEqual([...new Set(await request(cache, 4))], ["200"]);
    succeeded(await stack.preview("--expect-no-changes"));
  });

  it("is refreshed with a ticket, over LDAP that only Kerberos protects", async () => {
    succeeded(await stack.as(byTicket).refresh("--expect-no-changes"));
  });

  it("is checked with what each of them may see", async () => {
    // Else the account might come to the other controller between one check and the next.
    await replicateTo(dc2, dc1);
    const seen = async (environment: NodeJS.ProcessEnv) => {
      const words = [
        "check",
        "--entry",
        `cas-1.${corp.dnsName}`,
        "--account",
        `${corp.netbiosName}\\${name}$`,
        "--json",
      ];
      const { stdout, stderr } = await runCommand(bin, words, { environment: { ...process.env, ...environment } });
      assert.ok(stdout.startsWith("{"), stderr);
      const { results } = JSON.parse(stdout) as { results: Record<string, string>[] };
      return results.map(({ check, object, outcome }) => `${check} ${object}: ${outcome}`).sort();
    };
    const byPassword = await seen({});
    assert.ok(
      byPassword.some((line) => /proof.*: pass/.test(line)),
      byPassword.join("\n"),
    );
    assert.deepEqual(await seen(byKeytab), byPassword);
    assert.deepEqual(await seen(byTicket), byPassword);
  });

  it("says what to do when the ticket is gone", async () => {
    const { status, stdout, stderr } = await stack.as({ ...byTicket, KRB5CCNAME: "FILE:/does/not/exist" }).refresh();
    assert.notEqual(status, 0);
    assert.match(stdout + stderr, /Could not use this host's credential cache.*Get a ticket \(kinit\)/s);
  });

  it("is turned off with the ticket", async () => {
    succeeded(await stack.as(byTicket).destroy());
    assert.equal(await site.forest.find(`${name}$`), undefined);
    assert.deepEqual(await Promise.all(servers.map((server) => site.newest(server))), ["", ""]);
  });
});
