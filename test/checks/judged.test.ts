import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Check } from "../../provider/checks/check";
import { day } from "../../provider/checks/finding";
import { runChecks } from "../../provider/checks/run-checks";
import { runbook } from "../../provider/checks/runbook";
import { trustSides } from "../../provider/checks/trust-sides";
import type { World as CheckWorld } from "../../provider/checks/world";
import type { Directory } from "../../provider/directory/directory";
import { readTrusts } from "../../provider/directory/forest-trust";
import { dnsNameOf } from "../../provider/directory/identifiers";
import { ProviderError } from "../../provider/error";
import { nameServer } from "../directory/name-server";
import { ago, credential, full, outlookAnywhere, type Seen, server, subjectOf } from "./seen";

const bits = (value: number) => ({ entry: { "msDS-User-Account-Control-Computed": String(value) } });
const status = (more: object) => ({ entry: { ...bits(0).entry, ...more } });
const password = (days: number) => ({ passwordLastSet: ago(days) });
const unset = { account: { passwordLastSet: undefined } };
const inDays = (days: number) => String((BigInt(Math.round(Date.now() + days * day)) + 11_644_473_600_000n) * 10_000n);
const types = (encryptionTypeBits: number | undefined) => ({ account: { encryptionTypeBits } });
const managed = /^fail it is a managed service account, .* Make a computer account of its own/;
const names = (...servicePrincipalNames: string[]) => ({ account: { servicePrincipalNames } });
const mail = full("mail");
const oldAccount = credential("CORP\\OLD$");
const ex2010 = (...accounts: (typeof oldAccount)[]) => ({
  servers: [server("cas-1"), server("old", { product: "2010" })],
  subject: { alternateOf: async () => ({ credentials: accounts }) },
});
const version = (product: string, text: string) => ({ servers: [server("cas-1", { product, version: text })] });
const differing = (host: string, more: object = {}) => ({
  ...{ server: full(host), service: "Mapi", scope: "external", name: undefined, others: undefined, ...more },
});

type Case = readonly [check: string, title: string, seen: Seen, ...found: RegExp[]];
/** A check, what there is to see, and all that it finds, in order, as `outcome seen remedy`. */
const cases: readonly Case[] = [
  ["account-kind", "a gMSA", { account: { objectClass: "msDS-GroupManagedServiceAccount" } }, managed],
  ["account-kind", "an sMSA", { account: { objectClass: "msDS-ManagedServiceAccount" } }, managed],
  ["account-kind", "a contact", { account: { objectClass: "contact" } }, /^fail it is a contact\./],
  ["account-kind", "a domain controller", { account: { isDomainController: true } }, /^fail it is a domain contr/],
  ["account-kind", "an account of a trust", { account: { isTrust: true } }, /^fail it is the account of a trust/],
  ["account-usable", "a lock", bits(0x10), /^fail it is locked .* Unlock-ADAccount -Identity 'CN=ASA,/],
  ["account-usable", "a password that has expired", bits(0x800000), /^fail its password has expired/],
  ["account-usable", "an end that is to come", status({ accountExpires: inDays(1) }), /^pass/],
  ["account-usable", "no end", status({ accountExpires: "9223372036854775807" }), /^pass/],
  ["account-usable", "an account that is gone", {}, /^unknown dc1: CN=ASA,\S+ is gone/],
  ["account-aes-keys", "no group of 2008", {}, /^unknown the domain does not show since when/],
  ["account-aes-keys", "no password", unset],
  ["account-clean-up", "90 days", { account: password(90.5), ...status({}) }, /^pass/],
  ["account-clean-up", "91 days", { account: password(91.5), ...status({}) }, /^warn .* for 91 days/],
  [
    ...(["account-clean-up", "a logon of late"] as const),
    { account: password(200), ...status({ lastLogonTimestamp: inDays(-20) }) },
    /^pass it was last changed 20 days ago/,
  ],
  ["account-clean-up", "a user", { account: { objectClass: "user", ...password(200) }, ...status({}) }],
  ["account-clean-up", "no password", { ...unset, ...status({}) }],
  ["account-encryption-types", "AES-128 alone", types(8), /^pass aes128/],
  ["account-encryption-types", "AES-256 alone", types(16), /^pass aes256/],
  ["account-encryption-types", "none", types(undefined), /^warn .* Set-ADObject 'CN=ASA,.*SupportedEncr.*"=28\}$/],
  ["account-encryption-types", "RC4 alone", types(4), /^fail .*"=28\}, then roll the password/],
  ["account-password-age", "a year", { account: password(364.9) }, /^pass/],
  ["account-password-age", "more", { account: password(365.1) }, /^warn .* 365 days old; 365 are allowed/],
  ["account-password-age", "no password", unset],
  [
    ...(["account-replicated", "a domain controller that is down"] as const),
    { entry: new ProviderError("directory-unreachable", "dc1 is down.") },
    /^unknown a domain controller cannot be asked \(dc1 is down\.\)/,
  ],
  [
    ...(["account-replicated", "a password that is not taken"] as const),
    { entry: new ProviderError("directory-credentials", "dc1 refuses it.") },
    /^unknown dc1 refuses it\./,
  ],
  [
    ...(["account-unique-name", "a conflict"] as const),
    { entry: { dn: "CN=ASA\\0ACNF:1,DC=corp", sAMAccountName: "$DUPLICATE-450" } },
    /^warn replication has found two of it, and renamed one to CN=ASA\\0ACNF:1,DC=corp\. Delete the one/,
  ],
  [
    ...(["account-exists", "another name than was meant"] as const),
    { subject: { account: async () => undefined, selection: { account: "CORP\\ASA" } } },
    /^fail the domain has no such account\. Look at what was named \(--account\)/,
  ],
  ["account-exchange-2010", "another account", ex2010(oldAccount), /^pass it .* 2010, and does not have the account/],
  ["account-exchange-2010", "both", ex2010(oldAccount, credential()), /^fail it runs .* and holds CORP\\ASA\$ too/],
  [
    ...(["account-exchange-2010", "one that no client meets"] as const),
    { servers: [server("cas-1"), server("old", { product: "2010", clientAccess: false })] },
    /^pass the organization has no Exchange 2010/,
  ],
  ["account-exchange-2010", "nobody to ask", { servers: [server("old", { product: "2010" })] }],
  ["dns-same-answer", "nobody to ask", { subject: { controllers: async () => [] } }, /^unknown no domain controller/],
  ["server-version", "2013 before CU6", version("2013", "15.0.994.32"), /^fail it runs 15\.0\.994\.32: before/],
  ["server-version", "2013 from CU6", version("2013", "15.0.995.29"), /^pass/],
  ["server-version", "2016 of a smaller build", version("2016", "15.1.225.42"), /^pass/],
  [
    ...(["server-ssl-offloading", "one without the other"] as const),
    { servers: [server("cas-1", outlookAnywhere("None")), server("cas-2", outlookAnywhere("Require", false))] },
    /^pass offloading on, protection None/,
    /^pass offloading off, protection Require/,
  ],
  [
    ...(["server-extended-protection", "one that differs from two"] as const),
    { servers: ["Require", "None", "None"].map((one, index) => server(`cas-${index}`, outlookAnywhere(one))) },
    ...[/^pass/, /^pass/, /^warn Rpc \(Web\): Require, and most servers have None/],
  ],
  [
    ...(["server-extended-protection", "one that cannot be asked"] as const),
    { servers: [server("cas-1", { mapi: () => Promise.reject(new ProviderError("timeout", "cas-1 was too slow.")) })] },
    /^unknown cas-1 was too slow/,
  ],
  ["server-generation", "no credential", { servers: [server("cas-1", {}, []), server("cas-2", {}, [oldAccount])] }],
  [
    ...(["server-previous", "two credentials, and one"] as const),
    { account: password(0.1), servers: [server("cas-1", {}, [credential(), credential()]), server("cas-2")] },
    ...[/^pass it has the password before, too/, /^warn the password was rolled on/],
  ],
  [
    ...(["server-previous", "the same a day later"] as const),
    { servers: [server("cas-1", {}, [credential(), credential()]), server("cas-2")] },
    ...[/^pass it has the password before, too/, /^pass no tickets/],
  ],
  [
    ...(["server-previous", "another account"] as const),
    {
      account: password(0.1),
      servers: [server("cas-1", {}, [credential(), oldAccount]), server("cas-2", {}, [oldAccount])],
    },
    /^pass no tickets/,
  ],
  [
    ...(["server-names", "one that is silent, and one that was not to be looked at"] as const),
    {
      servers: ["cas-1", "cas-2", "cas-3"].map((host) => server(host)),
      subject: {
        servers: async () => ({ answered: [server("cas-3")], silent: new Map([[full("cas-2"), "down"]]) }),
        namePlan: async () => ({
          disagreements: [differing("cas-1"), differing("cas-2", { others: mail }), differing("cas-3", { name: mail })],
        }),
      },
    },
    /^warn it gives external clients of Mapi no name, and most servers of A mail\.corp/,
    /^warn it gives external clients of Mapi mail\.corp\S+, and most servers of A none\./,
  ],
  // Each would call what the others use of no use, and name the command that takes it off.
  ["spn-stale", "a part of the names", { subject: { selection: { hostNames: [mail] } } }],
  ["spn-stale", "a part of the servers", { subject: { selection: { servers: [full("cas-1")] } } }],
  ["spn-stale", "another case", names(`HTTP/${full("Mail")}`), /^pass 1 SPNs, all in use/],
  [
    ...(["spn-stale", "a port, and another class"] as const),
    names(`http/${mail}`, `http/${mail}:443`, `pop/${mail}`),
    /^warn no client needs http\/mail\.\S+:443, pop\/mail\.\S+ setspn -D http\/mail\.\S+:443 CORP\\ASA\$$/,
  ],
  [
    "trust-kind",
    "none here",
    { here: "none" },
    /^fail corp\.example\.com has no trust with users\.net\. Make a forest/,
  ],
  ["trust-kind", "none there", { there: "none" }, /^fail users\.net has no trust with corp\.example\.com\. Make/],
  ["trust-kind", "nobody let in there", { there: { inbound: false } }, /^fail corp\.example\.com does not trust users/],
  ["trust-kind", "another there", { there: { kind: "realm" } }, /^fail in users\.net, .* of the kind “realm”/],
  ["trust-encryption", "none here", { here: "none" }],
  ["trust-encryption", "none there", { there: "none" }],
  [
    ...(["trust-encryption", "a root domain that the catalog alone shows"] as const),
    { here: { aes: "unknown" } },
    ...[/^unknown in corp\.example\.com, .* cannot be seen/, /^pass AES in users\.net/],
  ],
  ["trust-routing", "none there", { there: "none" }],
  ["trust-routing", "another there", { there: { kind: "external" } }],
  [
    ...(["trust-routing", "names that cannot be read"] as const),
    { there: { malformed: new ProviderError("directory-failed", "It is malformed.") } },
    /^unknown It is malformed\./,
  ],
];

describe("a check, of what the lab does not have:", () => {
  const checkOf = (id: string): Check => runbook.find((check) => check.id === id) ?? assert.fail(id);
  for (const [id, title, seen, ...expected] of cases) {
    it(`${id}, ${title}`, async () => {
      const found = (await checkOf(id).run(subjectOf(seen))).map(({ outcome, seen: said, remedy = "" }) => {
        return `${outcome} ${said} ${remedy}`.trim();
      });
      assert.equal(found.length, expected.length, found.join("\n"));
      for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? "", pattern);
    });
  }

  it("a check that there is none of, also among those to leave out", async () => {
    const world = {} as CheckWorld;
    for (const selection of [{ only: ["nonsense"] }, { skip: ["dns", "nonsense"] }])
      await assert.rejects(runChecks(world, selection), {
        code: "input-invalid",
        message: /There is no check nonsense\./,
      });
  });

  it("dns-address-record, aliases that lead on, and to nothing", async () => {
    const alias = (name: string, data: string) => ({ type: "CNAME" as const, name: full(name), data: full(data) });
    const dns = await nameServer([
      ...[alias("mail", "lb"), alias("lb", "Edge"), alias("old", "gone")],
      { type: "A", name: full("edge"), data: "10.0.0.1" },
      { type: "AAAA", name: full("six"), data: "2001:db8::1" },
    ]);
    try {
      const hostNames = async () => ["mail", "old", "none", "six"].map(full);
      const subject = { hostNames, world: { settings: { dnsServers: [dns.address] } } };
      const results = await checkOf("dns-address-record").run(subjectOf({ subject }));
      const found = results.map(({ outcome, seen, remedy = "" }) => {
        return `${outcome} ${seen} ${remedy}`.trim().replaceAll(full(""), "");
      });
      assert.deepEqual(found, [
        "fail it is an alias (CNAME) of lb → edge, so clients ask for a ticket for http/edge. " +
          "Replace the CNAME record by an A record with 10.0.0.1.",
        "fail it is an alias of gone, which has no address. Add an A record that leads to the load balancer.",
        "fail it has no address in DNS. Add an A record that leads to the load balancer.",
        "pass 2001:db8::1.",
      ]);
    } finally {
      dns.close();
    }
  });

  const dnOf = (dnsName: string) => `DC=${dnsName.replaceAll(".", ",DC=")}`;
  /** The trusts that domains have, by `type attributes partner`. */
  function directoryOf(domain: string, trusts: Record<string, readonly string[]>, root = domain): Directory {
    const search = async (_what: string, base: string) =>
      (trusts[dnsNameOf(base.replace("CN=System,", ""))] ?? []).map((trust) => {
        const [trustType, trustAttributes, trustPartner] = trust.split(" ");
        return { dn: trust, trustType, trustAttributes, trustPartner, trustDirection: "3" };
      });
    return {
      domainController: async () => ({ host: "dc1", search }),
      globalCatalog: async () => ({ host: "gc", search }),
      forest: async () => ({ domain: dnOf(domain), rootDomain: dnOf(root) }),
    } as unknown as Directory;
  }

  it("trust-kind, several trusts", async () => {
    const here = ["2 8 other.org", "2 32 users.net", "2 8 Users.NET"];
    const corp = directoryOf("corp.example.com", { "corp.example.com": here });
    const { here: found, there } = await trustSides(corp, directoryOf("users.net", { "users.net": ["2 8 other.org"] }));
    assert.deepEqual([found?.partner, found?.kind, there], ["users.net", "forest", undefined]);
  });

  it("trust-kind, each kind, and the trusts of a first domain that is another one", async () => {
    const own = ["1 0 old", "3 8 unix.org", "2 32 sub.example.com", "2 0 other.org"];
    const trusts = { "sub.example.com": own, "example.com": ["2 8 users.net"] };
    assert.deepEqual(
      (await readTrusts(directoryOf("sub.example.com", trusts, "example.com"))).map(({ holder, kind, aes }) =>
        [holder, kind, aes].join(" "),
      ),
      [
        ...["downlevel", "realm", "within-forest", "external"].map((kind) => `sub.example.com ${kind} unset`),
        "example.com forest unknown",
      ],
    );
  });
});
