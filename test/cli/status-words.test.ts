import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { estateOf } from "../../cli/status/estate";
import { statusPage } from "../../cli/status/page";
import { prometheusText } from "../../cli/status/prometheus";
import { statusText } from "../../cli/status/status-text";
import type { CheckReport } from "../../provider/checks/report";
import { account, checkReport, domain, hostName, serverName } from "../support/check-report";

const [first, second] = [hostName(0), hostName(1)];
const [one, two, three] = [serverName(0), serverName(1), serverName(2)];
const report = checkReport({ names: 2, servers: 3, sites: 1 }, [
  { check: "server-mapi", object: two, outcome: "warn" },
  { check: "server-credential", object: one, outcome: "fail" },
  { check: "server-reachable", object: three, outcome: "unknown" },
  { check: "dns-address-record", object: first, outcome: "fail", seen: "no address." },
  { check: "trust-kind", object: "users.net", outcome: "warn" },
]);
const unset = { passwordLastSet: undefined, enabled: false, encryptionTypes: [], keyVersion: undefined };
/** The same with an account that has nothing of what one should have. */
const bare: CheckReport = { ...report, account: report.account && { ...report.account, ...unset } };
const estate = (of = report, days = 30) => estateOf(of, days);

const linesOf = (of: CheckReport) =>
  statusText(estate(of))
    .split("\n")
    .map((line) => line.trim().replace(/ {2,}/g, " | "));
/** `name labels value`, without the domain that all have. */
const figuresOf = (of: CheckReport) =>
  prometheusText(estate(of))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) =>
      line
        .replace("exchange_kerberos_", "")
        .replace(/\{domain="[^"]*",?(.*)\} /, " $1 ")
        .replace(/ {2}/, " "),
    );
/** The page's texts, one after the other. */
const textOf = (of: CheckReport, days?: number) =>
  statusPage(estate(of, days))
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/(<[^>]+>\s*)+/g, " | ");

describe("status, in words and figures", () => {
  it("says on a terminal what is wrong of what, the worst first", () => {
    assert.deepEqual(linesOf(report), [
      ...[`${domain} ${report.at}`, ""],
      `pass | ${account} | enabled · rc4, aes128, aes256 · key version 7 · password 20 days old, roll due 2026-12-04 (in 9 days)`,
      ...["", "NAME | SPN | SITES | SERVERS"],
      `fail | ${first} | pass | http/${first} | ADSite1 | 3`,
      `pass | ${second} | pass | http/${second} | ADSite1 | 3`,
      ...["", "SERVER | SITE | EXCHANGE | CREDENTIAL | SINCE"],
      `fail | ${one} | ADSite1 | 2019 (15.2.1748.10) | none`,
      `warn | ${two} | ADSite1 | 2019 (15.2.1748.10) | ${account} | 2026-11-04T07:29:31.000Z`,
      `unknown | ${three} | ADSite1 | 2019 (15.2.1748.10) | did not answer`,
      ...["", `fail | ${first}: no address. [dns-address-record]`, "Put it right."],
      ...[`fail | ${one}: not as it should be. [server-credential]`, "Put it right."],
      ...[
        `warn | ${two}: not as it should be. [server-mapi]`,
        "Put it right.",
        "warn | users.net: wrong. [trust-kind]",
      ],
      ...[`unknown | ${three}: not as it should be. [server-reachable]`, "Put it right."],
      ...["", "2 names, 3 servers · checks: 11 pass, 2 warn, 2 fail, 1 unknown"],
    ]);
    const never = "disabled · encryption types not set · key version unknown · its password was never set";
    assert.equal(linesOf(bare)[2], `pass | ${account} | ${never}`);
  });

  it("gives every figure, and none of a password that was never set", () => {
    const labels = `account="${account.replace("\\", "\\\\")}"`;
    const password = [
      `password_age_seconds ${labels} 1729800`,
      `password_set_timestamp_seconds ${labels} 1793777400`,
      `password_roll_due_timestamp_seconds ${labels} 1796369400`,
    ];
    const problems = [
      ["dns-address-record", first, "fail"],
      ["server-reachable", three, "unknown"],
      ["server-credential", one, "fail"],
      ["server-mapi", two, "warn"],
      ["trust-kind", "users.net", "warn"],
    ];
    const figures = [
      ...["last_run_timestamp_seconds 1795507200", "organization_read 1"],
      ...["pass 11", "warn 2", "fail 2", "unknown 1"].map(
        (text) => `check_results outcome="${text.replace(" ", '" ')}`,
      ),
      ...problems.map(
        ([check, object, outcome]) => `problem check="${check}",object="${object}",outcome="${outcome}" 1`,
      ),
      ...["account_found 1", ...password, "names 2", `name_ok name="${first}" 0`, `name_ok name="${second}" 1`],
      ...["servers 3", "servers_without_credential 1", "servers_silent 1"],
      ...[`${one} 0`, `${two} 1`, `${three} 1`].map(
        (text) => `server_ok server="${text.replace(" ", '",site="ADSite1" ')}`,
      ),
    ];
    assert.deepEqual(figuresOf(report), figures);
    const without = figures.filter((figure) => !figure.startsWith("password_"));
    assert.deepEqual(figuresOf(bare), without);
    const unread = { ...report, problem: "nobody answers.", account: undefined };
    const said = figuresOf(unread).filter((figure) =>
      /^(organization_read|account_found|servers_without)/.test(figure),
    );
    assert.deepEqual(said, ["organization_read 0", "account_found 0", "servers_without_credential 0"]);
  });

  it("has on its page all that the tables have", () => {
    const page = textOf(report);
    for (const part of [
      "Verdict | 2 failures | of 16 results, 11 ok | Names | 1 of 2 | without anything to say | Servers | 0 of 3 |",
      "Password | 20 days | old, key version 7 | Next roll | 2026-12-04 | in 9 days |",
      `✕ failure | ${first} | no address. | Do: | Put it right. | dns-address-record · article:`,
      `${one}: fail\nnot as it should be.`,
      "enabled | rc4 · aes128 · aes256 | password 20 days old, key 7 | roll due 2026-12-04",
      "State | enabled | Encryption types | rc4, aes128, aes256 | Key version | 7 | Password set | 2026-11-04 07:30 UTC |",
      `Next roll | 2026-12-04 07:30 UTC | SPNs | http/${first}, http/${second} |`,
      `✕ failure | ${first} | http/${first} | the account | ADSite1 | 3 | ✓ ok | ${second} |`,
      `✕ failure | ${one} | ADSite1 | 2019 (15.2.1748.10) | none |`,
      `! warning | ${two} | ADSite1 | 2019 (15.2.1748.10) | ${account} | 2026-11-04 07:29 UTC |`,
      `? not seen | ${three} | ADSite1 | 2019 (15.2.1748.10) | ${three} does not answer. |`,
      "✕ failure | Every name has an address record of its own | dns-address-record | 1 of 2 |",
      "! warning | trust-kind | trust-kind | 0 of 1 |",
    ])
      assert.ok(page.includes(part), `${part}\n${page}`);
    const over = textOf(report, 10);
    assert.match(over, /\| Next roll \| 2026-11-14 \| 10 days ago \|.*\| roll was due 2026-11-14 \|/s);
    for (const part of [
      "Password | — | never set, key version unknown | Next roll | not known |",
      "disabled | encryption types not set | password never set |",
      "State | disabled | Encryption types | not set | Key version | unknown | Password set | never | Next roll | not known",
    ])
      assert.ok(textOf(bare).includes(part), part);
    const warned = { ...report, results: report.results.filter(({ outcome }) => outcome !== "fail") };
    assert.match(textOf(warned), /Verdict \| 2 warnings \| of 14 results/);
    const unseen = { ...report, results: warned.results.filter(({ outcome }) => outcome !== "warn") };
    assert.match(textOf(unseen), /Verdict \| Not all seen \| of 12 results/);
    const well = { ...report, results: unseen.results.filter(({ outcome }) => outcome === "pass") };
    assert.match(textOf(well), /Verdict \| All well \| of 11 results/);
  });

  it("takes objects for what they are in any case, and another account's credential for none", () => {
    const shouting = report.results.map((result) => ({ ...result, object: result.object.toUpperCase() }));
    const known = { ...estate({ ...report, results: shouting }), results: [] };
    const plain = { ...estate(), results: [] };
    const outcomes = ({ names, servers, account: found }: typeof known) => [
      ...names.flatMap(({ name, spn }) => [name.outcome, spn.outcome]),
      ...servers.flatMap(({ outcome, credential }) => [outcome, credential.outcome]),
      ...[found?.outcome, found?.problems.length],
    ];
    assert.deepEqual(outcomes(known), outcomes(plain));
    assert.deepEqual(outcomes(plain), [
      ...["fail", "pass", "pass", "pass", "fail", "fail", "warn", "pass", "unknown", "unknown"],
      ...["pass", 0],
    ]);
    assert.deepEqual(
      plain.other.problems.map(({ object }) => object),
      ["users.net"],
    );
    assert.deepEqual(
      known.other.problems.map(({ object }) => object),
      ["USERS.NET"],
    );
    const credentials = [{ account: "TAILSPIN\\OTHER$", added: "yesterday" }];
    const servers = report.servers.map((server) => ({
      ...server,
      alternateAccount: { credentials, comparable: false },
    }));
    const { servers: others, names } = estate({
      ...report,
      servers,
      names: report.names.map((name) => ({ ...name, holders: undefined })),
    });
    assert.deepEqual(
      others.map(({ hasCredential }) => hasCredential),
      [false, false, false],
    );
    assert.deepEqual(
      names.map(({ spn }) => spn.outcome),
      ["unknown", "unknown"],
    );
    assert.ok(
      textOf({ ...report, servers }).includes("| TAILSPIN\\OTHER$ | yesterday |"),
      "a text that is no time stays",
    );
    const heldBy = (holders: readonly string[] | undefined) =>
      new RegExp(`${second} \\| http/${second} \\| (.*?) \\| ADSite1`).exec(
        textOf({ ...report, names: report.names.map((name) => ({ ...name, holders })) }),
      )?.[1];
    const who = [undefined, [], ["CN=OTHER", report.account?.distinguishedName ?? ""]].map(heldBy);
    assert.deepEqual(who, ["not seen", "nobody", "CN=OTHER; the account"]);
  });

  it("colours the next roll, and counts the servers that have no line of their own", () => {
    const roll = (of: CheckReport, maximum: number) =>
      /class="tile (\w+)"><dt>Next roll/.exec(statusPage(estate(of, maximum)))?.[1];
    assert.deepEqual([roll(report, 30), roll(report, 10), roll(bare, 30)], ["pass", "warn", "unknown"]);
    const many = Array.from({ length: 60 }, (_, index) => serverName(index));
    const faults = many.map((object) => ({ check: "server-mapi", object, outcome: "warn" as const }));
    const lines = linesOf(checkReport({ names: 1, servers: 62, sites: 1 }, faults));
    assert.ok(lines.includes("… and 12 more that are not well"), lines.join("\n"));
    assert.ok(lines.includes("pass | ADSite1: 2 servers, CAS-61, CAS-62"), lines.join("\n"));
  });
});
