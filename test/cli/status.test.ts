import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { type Estate, estateOf } from "../../cli/status/estate";
import { statusPage } from "../../cli/status/page";
import { prometheusText } from "../../cli/status/prometheus";
import { statusText } from "../../cli/status/status-text";
import { runCommand } from "../../lab/command";
import { heading } from "../../provider/checks/check";
import type { CheckReport } from "../../provider/checks/report";
import type { Directory } from "../../provider/directory/directory";
import { ProviderError } from "../../provider/error";
import { replicate } from "../checks/breaking";
import { faults, replicated } from "../checks/faults";
import { Healthy } from "../checks/healthy";
import { account, at, checkReport, type Fault, hostName, serverName } from "../support/check-report";
import { render, screenshot } from "../support/chromium";
import { Page } from "../support/devtools";
import { foreignPython, pythonMissing } from "../support/python";

const red = { light: "#cc2f2f", dark: "#ff7b7b" };
const back = { light: "#f4f6f9", dark: "#0e131a" };
const days = 30;

/** `spn mail.…: fail` for every box that is not well, in the picture's order. */
function boxes(dom: string): string[] {
  const found = dom.matchAll(/<a class="box (?:account )?(\w+)" href="[^"]*" data-kind="(\w+)" data-object="([^"]*)"/g);
  return [...found].flatMap(([, outcome, kind, object]) =>
    outcome === "pass" ? [] : [`${kind} ${object}: ${outcome}`],
  );
}
const linesOf = (dom: string, outcome: string) =>
  [...dom.matchAll(/<path class="line (\w+)"/g)].filter(([, of]) => of === outcome).length;

/** The terms of the rule ExchangeKerberosNotSeen of docs/status.md that are so, by these figures. */
function alarms(figures: string): string[] {
  const page = readFileSync(join(__dirname, "../../docs/status.md"), "utf8");
  const [, rule = ""] = /alert: ExchangeKerberosNotSeen\n\s+expr: >-\n(.*?)\n\s+for:/s.exec(page) ?? [];
  const terms = rule.split(/\bor\b/).map((term) => term.trim());
  assert.ok(terms.length > 3, rule);
  return terms.filter((term) => {
    const [, metric, sign, limit] = /^(exchange_kerberos_\w+) (==|>) (\d+)$/.exec(term) ?? [];
    // The one of the clock is for who writes no figures at all.
    if (metric === undefined) return assert.match(term, /^time\(\) - /);
    const [, value] = new RegExp(`^${metric}\\{[^}]*\\} (\\d+)$`, "m").exec(figures) ?? [];
    assert.ok(value, `${metric} is written`);
    return sign === "==" ? value === limit : Number(value) > Number(limit);
  });
}

describe("status", function () {
  this.timeout(120_000);
  let folder: string;
  let pages = 0;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "status-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function page(report: CheckReport): string {
    const path = join(folder, `page-${++pages}.html`);
    writeFileSync(path, statusPage(estateOf(report, days)));
    return path;
  }

  const size = { names: 4, servers: 6, sites: 2 };
  const wrong: Fault[] = [
    { check: "spn-other-holder", object: hostName(1), outcome: "fail" },
    { check: "server-credential", object: serverName(4), outcome: "fail" },
    { check: "server-mapi", object: serverName(5), outcome: "fail" },
    { check: "server-mapi", object: serverName(1), outcome: "warn" },
    { check: "server-reachable", object: serverName(2), outcome: "unknown" },
    { check: "trust-routing", object: "users.contoso.com", outcome: "fail" },
  ];

  it("shows in Chromium what is wrong, in light and dark, and says nothing on the console", async () => {
    const path = page(checkReport(size, wrong));
    const { dom, console } = await render(path);
    assert.deepEqual(console, []);
    assert.deepEqual(boxes(dom), [
      `spn http/${hostName(1)}: fail`,
      `server ${serverName(1)}: warn`,
      `server ${serverName(2)}: unknown`,
      `server ${serverName(4)}: fail`,
      `server ${serverName(5)}: fail`,
    ]);
    // The way breaks at the SPN and at the credential; what clients may use to log on is the server's own.
    assert.deepEqual([linesOf(dom, "fail"), linesOf(dom, "warn"), linesOf(dom, "unknown")], [2, 0, 1]);
    for (const scheme of ["light", "dark"] as const) {
      const image = await screenshot(path, scheme, { width: 1360, height: 1000 });
      assert.equal(image.pixel(2, 2), back[scheme]);
      assert.ok(image.count(red[scheme]) > 500, `${image.count(red[scheme])} red pixels in ${scheme}`);
    }
  });

  it("shows nothing red where nothing is wrong", async () => {
    const path = page(checkReport(size));
    const { dom } = await render(path);
    assert.deepEqual(boxes(dom), []);
    assert.doesNotMatch(dom, /What is not well/);
    for (const scheme of ["light", "dark"] as const) {
      const image = await screenshot(path, scheme, { width: 1360, height: 1000 });
      assert.deepEqual([image.pixel(2, 2), image.count(red[scheme])], [back[scheme], 0]);
    }
  });

  it("shows no value as anything but text", async () => {
    const hostile = `<script>console.error(1)</script><img src=x onerror=console.error(2)>"'&\u0007`;
    const report = checkReport({ names: 1, servers: 1, sites: 1 }, [
      { check: "spn-on-account", object: hostName(0), outcome: "fail", seen: hostile, remedy: hostile },
      { check: hostile, object: hostile, outcome: "fail", seen: hostile },
    ]);
    const [server] = report.servers;
    assert.ok(server);
    const path = page({ ...report, domain: hostile, servers: [{ ...server, site: hostile, problem: hostile }] });
    const { dom, console } = await render(path);
    assert.deepEqual(console, []);
    assert.doesNotMatch(dom, /<script|<img/);
    assert.ok(dom.includes("&lt;script&gt;"));
    assert.ok(!statusText(estateOf(report, days)).includes("\u0007"));
  });

  it("needs nothing but itself, and leads by keyboard from each box to its row", () => {
    const html = statusPage(estateOf(checkReport({ names: 40, servers: 200, sites: 3 }, wrong), days));
    assert.doesNotMatch(html, /<script|\bsrc=|url\(|@import|https?:\/\/(?!www\.w3\.org)/);
    const targets = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    assert.equal(targets.length, 1 + 2 * 40 + 1 + 200);
    for (const id of targets) assert.equal(html.split(`id="${id}"`).length, 2, id);
  });

  it("is used by keyboard alone: past the picture, through it, and from a box to its row", async () => {
    await Page.with(page(checkReport(size, wrong)), async (shown) => {
      const focus = "document.activeElement";
      await shown.press("Tab");
      assert.equal(await shown.evaluate(`${focus}.textContent`), "Skip the picture");
      assert.ok(
        (await shown.evaluate<number>(`${focus}.getBoundingClientRect().left`)) >= 0,
        "it is seen when it is reached",
      );
      await shown.press("Tab");
      assert.equal(await shown.evaluate(`${focus}.getAttribute("aria-label")`), "Picture of the estate");

      const expected = await shown.evaluate<string[]>(
        '[...document.querySelectorAll("a.box")].map((box) => box.dataset.object)',
      );
      const reached: string[] = [];
      for (const _ of expected) {
        await shown.press("Tab");
        reached.push(await shown.evaluate(`${focus}.dataset.object`));
        const ring = `getComputedStyle(${focus}.querySelector("rect")).strokeWidth`;
        assert.equal(await shown.evaluate(ring), "3px", `${reached.at(-1)} shows that it has the focus`);
      }
      assert.deepEqual(reached, expected);

      await shown.press("Enter");
      const row = "document.querySelector(':target')";
      const name = expected.at(-1) ?? "";
      assert.ok((await shown.evaluate<string>(`${row}.textContent`)).includes(name), "Enter leads to the row");
      const place = `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(${row}.getBoundingClientRect())`;
      assert.equal(await shown.evaluate(place), true, "the row is on the screen");
    });
  });

  it("prints in light colours on every system, and leaves nothing out", async () => {
    await Page.with(page(checkReport({ names: 12, servers: 30, sites: 3 }, wrong)), async (shown) => {
      const dark = { name: "prefers-color-scheme", value: "dark" };
      const paper = "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color";
      await shown.ask("Emulation.setEmulatedMedia", { media: "screen", features: [dark] });
      const screen = await shown.evaluate(paper);
      await shown.ask("Emulation.setEmulatedMedia", { media: "print", features: [dark] });
      assert.equal(await shown.evaluate(paper), "rgb(255, 255, 255)rgb(27, 36, 48)");
      assert.notEqual(screen, "rgb(255, 255, 255)rgb(27, 36, 48)");

      const { status, stdout, stderr } = await runCommand("pdftotext", ["-layout", "-", "-"], {
        input: await shown.pdf(),
      });
      assert.equal(status, 0, stderr);
      for (let index = 0; index < 30; index++) assert.ok(stdout.includes(serverName(index)), serverName(index));
      for (let index = 0; index < 12; index++) assert.ok(stdout.includes(`http/${hostName(index)}`), hostName(index));
      for (const word of ["What is not well", "✕ failure", "! warning"]) assert.ok(stdout.includes(word), word);
      assert.ok(!stdout.includes("Skip the picture"), "what is of use on a screen only");
      const pages = stdout.split("\f").length - 1;
      assert.ok(pages >= 2 && pages <= 6, `${pages} pages`);
    });
  });

  it("stays readable with 200 servers and 40 names", async () => {
    const report = checkReport({ names: 40, servers: 200, sites: 3 }, [
      { check: "server-credential", object: serverName(77), outcome: "fail" },
      ...Array.from({ length: 90 }, (_, index) => ({
        ...{ check: "server-mapi", object: serverName(100 + index), outcome: "warn" as const },
      })),
    ]);
    const lines = statusText(estateOf(report, days)).split("\n");
    assert.ok(lines.length < 120, `${lines.length} lines`);
    assert.ok(
      lines.every((line) => line.length < 200),
      lines.find((line) => line.length >= 200),
    );
    assert.ok(lines.some((line) => line.includes("ADSite1: 67 servers")));
    assert.ok(lines.some((line) => line.includes("and 86 more: not as it should be. [server-mapi]")));
    const { dom } = await render(page(report));
    assert.equal(boxes(dom).length, 91);
    // One line to each site; the site of the server without credential has the red one.
    assert.deepEqual([linesOf(dom, "fail"), linesOf(dom, "pass")], [1, 2 * 40 + 2]);
  });

  it("says when the next roll is due, and that it is over", () => {
    const estate = (maximum: number) => estateOf(checkReport(size), maximum);
    const { account: found } = estate(30);
    assert.deepEqual([found?.passwordAgeDays, found?.rollDue, found?.daysToRoll], [20, "2026-12-04T07:30:00.000Z", 9]);
    assert.match(statusText(estate(30)), /password 20 days old, roll due 2026-12-04 \(in 9 days\)/);
    assert.match(statusText(estate(10)), /roll was due 2026-11-14/);
    assert.match(statusPage(estate(10)), /10 days ago/);
  });

  it("says so where there is no account and no server", async () => {
    const empty = checkReport({ names: 0, servers: 0, sites: 1 }, [
      { check: "account-exists", object: "corp.tailspintoys.com", outcome: "fail" },
    ]);
    const report = { ...empty, account: undefined };
    const { dom, console } = await render(page(report));
    assert.deepEqual(console, []);
    assert.deepEqual(boxes(dom), ["account No account: fail"]);
    assert.match(statusText(estateOf(report, days)), /^.*fail.*No alternate service account: no server holds/m);
    assert.match(prometheusText(estateOf(report, days)), /^exchange_kerberos_account_found\{[^}]*\} 0$/m);
  });

  it("calls nothing well or wrong where the organization could not be read", async () => {
    const empty = { ...checkReport({ names: 0, servers: 0, sites: 1 }), account: undefined, results: [] };
    const report = { ...empty, problem: "nobody.example.com could not be found." };
    const { dom } = await render(page(report));
    assert.deepEqual(boxes(dom), ["account No account: unknown"]);
    const tiles = [...dom.matchAll(/<div class="tile (\w+)"><dt>(Names|Servers|Password)/g)].map(([, of]) => of);
    assert.deepEqual(tiles, ["unknown", "unknown", "unknown"]);
    assert.match(statusText(estateOf(report, days)), /unknown.*organization could not be read/);
    // The servers answer, and no domain controller does.
    const blind = { ...checkReport(size), account: undefined, results: [] };
    assert.match(
      statusText(estateOf(blind, days)),
      /unknown.*No alternate service account: the account could not be read/,
    );
  });

  it("gives Prometheus what its own parser reads", async function () {
    const python = foreignPython();
    if (python === undefined) {
      console.log(pythonMissing);
      this.skip();
    }
    const odd = 'a "b" \\ c\nd';
    const report = checkReport(size, [...wrong, { check: "trust-kind", object: odd, outcome: "warn" }]);
    const script = `import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([[s.name, s.labels, s.value] for f in text_string_to_metric_families(sys.stdin.read()) for s in f.samples]))`;
    const { status, stdout, stderr } = await runCommand(python, ["-c", script], {
      input: prometheusText(estateOf(report, days)),
    });
    assert.equal(status, 0, stderr);
    const samples = JSON.parse(stdout) as [string, Record<string, string>, number][];
    const value = (name: string, labels: Record<string, string> = {}) => {
      const found = samples.filter(
        ([one, of]) =>
          one === `exchange_kerberos_${name}` && Object.entries(labels).every(([key, of_]) => of[key] === of_),
      );
      assert.equal(found.length, 1, `${name} ${JSON.stringify(labels)}: ${found.length}`);
      return found[0]?.[2];
    };
    assert.equal(value("password_age_seconds", { account }), (20 * 24 * 60 + 30) * 60);
    assert.equal(value("password_roll_due_timestamp_seconds"), Date.parse("2026-12-04T07:30:00Z") / 1000);
    assert.equal(value("last_run_timestamp_seconds"), Date.parse(at) / 1000);
    assert.equal(value("servers_without_credential"), 1);
    assert.equal(value("check_results", { outcome: "fail" }), 4);
    assert.equal(value("problem", { check: "trust-kind", object: odd, outcome: "warn" }), 1);
    assert.equal(value("server_ok", { server: serverName(4) }), 0);
    assert.equal(value("server_ok", { server: serverName(1) }), 1);
    assert.equal(value("name_ok", { name: hostName(1) }), 0);
  });

  describe("of the lab", () => {
    let healthy: Healthy;
    before(async function () {
      healthy = await Healthy.enter(this);
    });
    after(async () => healthy?.leave());
    const estate = async (): Promise<Estate> => estateOf(await healthy.check(), days);

    it("is well where nothing is wrong", async () => {
      const { outcome, names, servers, account: found } = await estate();
      assert.equal(outcome, "pass");
      assert.equal(found?.qualifiedName, healthy.qualifiedName);
      assert.deepEqual([names.length, servers.length], [2, 2]);
      assert.ok(servers.every(({ hasCredential }) => hasCredential));
    });

    it("sounds the alarm of docs/status.md where the organization or its names cannot be read, and not where all is well", async () => {
      assert.deepEqual(alarms(prometheusText(await estate())), []);
      const unread = estateOf(await healthy.check({ entry: "nobody.example.com" }), days);
      assert.match(unread.problem ?? "", /nobody\.example\.com/);
      assert.deepEqual(alarms(prometheusText(unread)), [
        "exchange_kerberos_organization_read == 0",
        "exchange_kerberos_account_found == 0",
      ]);
      healthy.world.beforeCall = ({ command }) => {
        if (command === "Get-OwaVirtualDirectory") throw new ProviderError("access-denied", "not for you");
      };
      try {
        const { problem, names, servers, ...others } = await estate();
        assert.match(problem ?? "", /not for you/);
        assert.deepEqual([names.length, servers.length], [0, 2]);
        const text = prometheusText({ problem, names, servers, ...others });
        assert.deepEqual(alarms(text), ["exchange_kerberos_organization_read == 0"]);
      } finally {
        healthy.world.beforeCall = () => {};
      }
    });

    it("is green nowhere that no check could look at", async () => {
      const states = async (directory: Directory) => {
        const { names, account: found } = estateOf(await healthy.check({}, { directory }), days);
        return { spns: [...new Set(names.map(({ spn }) => spn.outcome))], account: found?.outcome };
      };
      const { forest } = healthy.world;
      const noDirectory = forest.open({ domainController: "nobody.example.com" });
      assert.deepEqual(await states(noDirectory), { spns: ["unknown"], account: undefined });
      const noCatalog = forest.open();
      noCatalog.globalCatalog = () => Promise.reject(new ProviderError("directory-unreachable", "no catalog"));
      assert.deepEqual(await states(noCatalog), { spns: ["unknown"], account: "unknown" });
    });

    for (const [what, expected] of [
      ["a name without SPN", (object: string) => `spn http/${object}: fail`],
      ["a disabled account", (object: string) => `account ${object}: fail`],
      ["a name without a record", (object: string) => `name ${object}: fail`],
    ] as const) {
      it(`is red at ${what}, and nowhere else`, async () => {
        const fault = faults.find((one) => one.what === what);
        assert.ok(fault, what);
        const partition = replicated(fault);
        const level = async () => (partition === undefined ? undefined : await replicate(partition));
        await fault.make(healthy);
        try {
          await level();
          const report = await healthy.check({
            skip: ["proof", "account-replicated", "dns-same-answer"],
            ...fault.selection,
          });
          const { dom } = await render(page(report));
          assert.deepEqual(
            boxes(dom).filter((box) => box.endsWith(": fail")),
            [expected(fault.object ?? healthy.qualifiedName)],
          );
        } finally {
          await fault.mend?.(healthy);
          await level();
          healthy.deploy();
        }
      });
    }
  });

  it("names the step of the article with each trouble", () => {
    const html = statusPage(estateOf(checkReport(size, wrong), days));
    assert.ok(html.includes(heading.crossForest));
  });
});
