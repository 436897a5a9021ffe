import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { mustRun, mustRunInside, runCommand } from "../../lab/command";
import {
  administrator,
  configurationFile,
  corp,
  type DomainController,
  dc1,
  hostName,
  users,
  usersDc,
} from "../../lab/domain-controller";
import { addresses } from "../../lab/network-namespace";
import { password } from "../../lab/passwords";
import { contosoUser } from "../../lab/people";
import { readForestSuffixes, readTrusts, type Trust } from "../../provider/directory/forest-trust";
import { isWithin, routingOf, routingRemedy } from "../../provider/directory/forest-trust-routing";
import { enterForest, type Forest } from "./forest";

/** Suffixes that corp's administrator adds; what contoso's does with them. */
const enabled = "mail.tailspintoys.net";
const disabled = "tailspintoys.org";
const stillNew = "tailspintoys.info";
const excluded = `legacy.${corp.dnsName}`;

/** A host named as an exclusion itself is left out: Samba 4.17 routes it, FreeIPA and the meaning of the record say no. */
const hosts = {
  [`mail.${corp.dnsName}`]: "routed",
  [`mail.${excluded}`]: "excluded",
  [`not${excluded}`]: "routed",
  [enabled]: "routed",
  [`autodiscover.${enabled}`]: "routed",
  [`not${enabled}`]: "no-suffix",
  [`mail.${disabled}`]: "disabled",
  [`mail.${stillNew}`]: "disabled",
  "mail.example.org": "no-suffix",
};

function namespaces(dc: DomainController, arguments_: readonly string[]): Promise<string> {
  const { name, password: secret } = administrator(dc.domain);
  return mustRunInside("samba-tool", [
    ...["domain", "trust", "namespaces", ...arguments_, `--configfile=${configurationFile(dc)}`],
    ...[`--local-dc-username=${name}`, `--local-dc-password=${secret}`],
  ]);
}

describe("forest trusts", function () {
  this.timeout(120_000);
  let forest: Forest;
  let ofCorp: Trust;
  let ofUsers: Trust;
  let folder: string;
  const spns = Object.keys(hosts).map((host) => `http/${host}`);
  const remote = [corp.dnsName];

  before(async function () {
    forest = await enterForest(this);
    folder = mkdtempSync(join(tmpdir(), "forest-trust-"));
    await namespaces(dc1, [
      `--add-spn-suffix=${enabled}`,
      `--add-upn-suffix=${disabled}`,
      `--add-spn-suffix=${stillNew}`,
    ]);
    await namespaces(usersDc, [...remote, "--refresh=store"]);
    await namespaces(usersDc, [
      ...remote,
      ...[`--enable-tln=${enabled}`, `--disable-tln=${disabled}`, `--add-tln-ex=${excluded}`],
    ]);
    const name = forest.uniqueName();
    await forest.admin.add(`CN=${name},${forest.organizationalUnit}`, {
      objectClass: "computer",
      sAMAccountName: `${name}$`,
      userAccountControl: "4096",
      "msDS-SupportedEncryptionTypes": "24",
      servicePrincipalName: spns,
    });
    await mustRunInside("samba-tool", [
      ...[
        "user",
        "setpassword",
        `${name}$`,
        "--newpassword=Aa1.nobody-needs-it",
        `--configfile=${configurationFile(dc1)}`,
      ],
    ]);
    const { name: user, password: secret } = administrator(users);
    const usersSide = forest.open({
      domain: users.dnsName,
      domainController: hostName(usersDc),
      username: `${user}@${users.dnsName}`,
      password: secret,
    });
    [[ofCorp], [ofUsers]] = (await Promise.all([readTrusts(forest.open()), readTrusts(usersSide)])) as [
      [Trust],
      [Trust],
    ];
  });

  after(async () => {
    if (forest === undefined) return;
    rmSync(folder, { recursive: true, force: true });
    await namespaces(usersDc, [...remote, `--delete-tln-ex=${excluded}`]);
    await namespaces(dc1, [
      ...[`--delete-spn-suffix=${enabled}`, `--delete-upn-suffix=${disabled}`, `--delete-spn-suffix=${stillNew}`],
    ]);
    await namespaces(usersDc, [...remote, "--refresh=store"]);
    await forest.close();
  });

  it("are read from both sides", async () => {
    const facts = ({ holder, partner, partnerNetbiosName, kind, inbound, outbound, aes }: Trust) =>
      [holder, partner, partnerNetbiosName, kind, inbound, outbound, aes].join(" ");
    assert.equal(facts(ofCorp), `${corp.dnsName} ${users.dnsName} ${users.netbiosName} forest true true yes`);
    assert.equal(facts(ofUsers), `${users.dnsName} ${corp.dnsName} ${corp.netbiosName} forest true true yes`);
    assert.deepEqual(
      [ofCorp.encryptionTypeBits, ofCorp.selectiveAuthentication, ofCorp.malformed],
      [24, false, undefined],
    );
  });

  it("show every record as Samba shows it", async () => {
    // TLN: Status[Enabled] DNS[*.corp.…], TLN_EX: DNS[*.…], DOM: Status[Enabled] DNS[…] Netbios[…] SID[…]
    const shown = await mustRunInside("samba-tool", [
      ...["domain", "trust", "show", corp.dnsName, `--configfile=${configurationFile(usersDc)}`],
    ]);
    const status = { new: "Disabled-New", administrator: "Disabled", conflict: "Conflicting" };
    const ours = (ofUsers.records ?? []).map((record) => {
      if (record.kind === "other") return "";
      if (record.kind === "exclusion") return `TLN_EX: DNS[*.${record.dnsName}]`;
      const state = `Status[${record.disabled === undefined ? "Enabled" : status[record.disabled]}]`;
      return record.kind === "top-level-name"
        ? `TLN: ${state} DNS[*.${record.dnsName}]`
        : `DOM: ${state} DNS[${record.dnsName}] Netbios[${record.netbiosName}] SID[${record.sid}]`;
    });
    const theirs = shown.split("\n").filter((line) => /^(TLN|TLN_EX|DOM):/.test(line));
    assert.deepEqual(
      ours,
      theirs.map((line) => line.replace(/ +/g, " ")),
    );
    assert.equal(ours.length, 6);
  });

  it("tell of every name what the other forest's KDC does with it", async () => {
    const environment = {
      ...process.env,
      KRB5CCNAME: `FILE:${join(folder, "tickets")}`,
      KRB5_CONFIG: join(folder, "krb5.conf"),
    };
    // Without domain_realm: the client knows no forest but its own, as on Windows, and asks its own KDC for everything.
    writeFileSync(
      environment.KRB5_CONFIG,
      `[libdefaults]
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 ${corp.realm} = {
  kdc = ${addresses.dc1}
 }
 ${users.realm} = {
  kdc = ${addresses.usersDc}
 }
`,
    );
    const input = `${password(`${contosoUser}@${users.dnsName}`)}\n`;
    await mustRun("kinit", [`${contosoUser}@${users.realm}`], { input, environment });
    const said: Record<string, string> = {};
    for (const [host, expected] of Object.entries(hosts)) {
      const routing = routingOf(ofUsers.records ?? [], host);
      said[host] = routing.routed ? "routed" : routing.because;
      const ticket = await runCommand("kvno", [`http/${host}@`], { environment });
      assert.equal(ticket.status === 0, expected === "routed", `${host}: ${ticket.stdout}${ticket.stderr}`);
    }
    assert.deepEqual(said, hosts);
  });

  it("come with the commands that make a name routed, which do so", async () => {
    const settle = async (host: string) => {
      const usersSide = forest.open({
        domain: users.dnsName,
        domainController: hostName(usersDc),
        username: `${administrator(users).name}@${users.dnsName}`,
        password: administrator(users).password,
      });
      const [trust] = await readTrusts(usersSide);
      assert.ok(trust?.records);
      const steps = routingRemedy(trust, host, routingOf(trust.records, host));
      for (const { forest: at, samba } of steps) {
        for (const command of samba.split(" && ")) {
          const words = command.split(" ").slice(4);
          assert.ok(command.startsWith("samba-tool domain trust namespaces "), command);
          await namespaces(at === users.dnsName ? usersDc : dc1, words);
        }
      }
      const [after] = await readTrusts(usersSide);
      return { steps, routing: routingOf(after?.records ?? [], host) };
    };
    for (const host of [`mail.${stillNew}`, `mail.${disabled}`, `mail.${excluded}`, `mail.${corp.dnsName}`]) {
      const { steps, routing } = await settle(host);
      assert.equal(steps.length, host === `mail.${corp.dnsName}` ? 0 : 1);
      assert.equal(routing.routed, true, `${host}: ${JSON.stringify(steps)}`);
    }
    const { steps, routing } = await settle("mail.example.org");
    assert.deepEqual(
      steps.map((step) => step.forest),
      [corp.dnsName, users.dnsName],
    );
    assert.deepEqual(routing, { routed: true, suffix: "example.org" });
    assert.ok((await readForestSuffixes(forest.open())).some((suffix) => isWithin("mail.example.org", suffix)));
    await namespaces(usersDc, [...remote, `--add-tln-ex=${excluded}`]);
    await namespaces(dc1, ["--delete-spn-suffix=example.org"]);
  });

  it("leave the suffixes of a forest to be read, its domains among them", async () => {
    const suffixes = await readForestSuffixes(forest.open());
    assert.deepEqual(suffixes.sort(), [corp.dnsName, disabled, enabled, stillNew].sort());
  });
});
