import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { describe, it } from "mocha";
import { ModuleKind, transpileModule } from "typescript";
import { checkText } from "../../cli/check-text";
import { logsText } from "../../cli/logs-text";
import { planProgram } from "../../cli/plan-program";
import { planText } from "../../cli/plan-text";
import { estateOf } from "../../cli/status/estate";
import { statusPage } from "../../cli/status/page";
import { prometheusText } from "../../cli/status/prometheus";
import { statusText } from "../../cli/status/status-text";
import type { NamespacePlan } from "../../provider/checks/plan";
import type { CheckReport } from "../../provider/checks/report";
import { readHttpProxyLogs } from "../../provider/exchange/http-proxy-log";
import { checkReport, hostName } from "../support/check-report";
import { hostileTexts } from "../support/hostile-texts";
import { heading, requestLine } from "../support/http-proxy-log-file";

/** An estate in which everything that a server or the directory names is this text. */
function reportOf(text: string): CheckReport {
  const report = checkReport({ names: 2, servers: 2, sites: 1 }, [
    { check: "spn-on-account", object: hostName(0), outcome: "fail", seen: text, remedy: text },
    { check: "trust-kind", object: text, outcome: "warn", seen: text, remedy: text },
  ]);
  const { account } = report;
  return {
    ...report,
    domain: text,
    account: account && { ...account, qualifiedName: text, distinguishedName: text, servicePrincipalNames: [text] },
    names: report.names.map((name) => ({
      ...name,
      hostName: text,
      servicePrincipalName: text,
      sites: [text],
      holders: [text],
    })),
    servers: report.servers.map((server) => ({
      ...server,
      name: text,
      fqdn: text,
      site: text,
      problem: text,
      alternateAccount: { credentials: [{ account: text, added: text }], comparable: true },
    })),
  };
}

function planOf(text: string): NamespacePlan {
  const name = {
    hostName: text,
    servicePrincipalName: text,
    sites: [text],
    servers: [text],
    services: ["Mapi" as const],
    balanced: true,
  };
  return {
    account: text,
    sites: [{ site: text, servers: [text], hostNames: [text] }],
    names: [
      { ...name, kind: "needed", holders: [text] },
      { ...name, kind: "server-name", holders: [text] },
    ],
    silent: [],
    disagreements: [{ server: text, service: "Mapi", scope: "internal", name: text, others: text }],
  } as unknown as NamespacePlan;
}

const outputs: Readonly<Record<string, (text: string) => string>> = {
  "check, as text": (text) => checkText(reportOf(text)),
  "plan, as text": (text) => planText(planOf(text)),
  "status, as text": (text) => statusText(estateOf(reportOf(text), 30)),
  "status, for Prometheus": (text) => prometheusText(estateOf(reportOf(text), 30)),
  "status, as a page": (text) => statusPage(estateOf(reportOf(text), 30)),
};

describe("values of ill will, in every output", function () {
  this.timeout(60_000);

  for (const [output, write] of Object.entries(outputs)) {
    it(`act on no terminal: ${output}`, () => {
      for (const [what, text] of Object.entries(hostileTexts)) {
        const written = write(text);
        assert.ok(written.length > 100, what);
        const control = (output.endsWith("page") ? /(?![\n\t])\p{Cc}/u : /(?!\n)\p{Cc}/u).exec(written);
        assert.ok(control === null, `${what}: U+${control?.[0].codePointAt(0)?.toString(16)}`);
        if (output.endsWith("page")) assert.doesNotMatch(written, /<script|<img/, what);
      }
    });
  }

  it("add no line to what Prometheus reads", () => {
    const lines = (text: string) => prometheusText(estateOf(reportOf(text), 30)).split("\n").length;
    for (const [what, text] of Object.entries(hostileTexts)) assert.equal(lines(text), lines("plain"), what);
  });

  it("are the values of the program that plan writes, and no code of it", () => {
    for (const [what, text] of Object.entries(hostileTexts)) {
      const source = transpileModule(planProgram(planOf(text), text), {
        compilerOptions: { module: ModuleKind.CommonJS },
      });
      const given: unknown[] = [];
      const world = {
        exports: {},
        require: () => ({
          ExchangeKerberos: class {
            constructor(...all: unknown[]) {
              given.push(...all);
            }
          },
        }),
      };
      runInContext(source.outputText, createContext(world));
      const [, inputs] = JSON.parse(JSON.stringify(given));
      assert.deepEqual(inputs.sites, [{ name: text, servers: [text], hostNames: [text] }], what);
      assert.equal(inputs.account.organizationalUnit, text, what);
    }
  });

  it("act on no terminal: logs", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hostile-logs-"));
    try {
      for (const [what, text] of Object.entries(hostileTexts)) {
        const line = requestLine({
          time: "2026-11-24T08:01:00.000Z",
          protocol: text,
          scheme: "NTLM",
          user: text,
          server: text,
        });
        writeFileSync(join(folder, "a.log"), `${heading}${line}${text}\r\n`);
        const written = logsText(await readHttpProxyLogs([folder], { users: 20 }));
        assert.doesNotMatch(written, /(?!\n)\p{Cc}/u, what);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
