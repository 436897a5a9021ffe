import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { Attribute, Change } from "ldapts";
import { mustRun } from "../../lab/command";
import { corp, users } from "../../lab/domain-controller";
import { checkoutFolder } from "../../lab/folders";
import { contosoUser, exchangeUnit } from "../../lab/people";
import {
  deploy,
  exchangeAdministrator,
  MailClient,
  removeCredentials,
  TestAccount,
  tell,
} from "../exchange-lab/support/clients";
import { dump, exchangeEnvironment, exchangeWrites, settle } from "../support/exchange";
import { requireLab } from "../support/lab";
import { programsFolder } from "../support/programs";
import { Stack, succeeded } from "../support/stack";
import { changesIn, ForestByHand } from "./forest-by-hand";

const full = (name: string) => `${name}.${corp.dnsName}`;
const compiler = resolve(__dirname, "../../node_modules/typescript/bin/tsc");
const examples = readdirSync(join(checkoutFolder, "examples"));

describe("examples, as a user copies them", function () {
  this.timeout(300_000);
  const client = new MailClient();
  let forest: ForestByHand;
  let environment: NodeJS.ProcessEnv;
  let asItWas: unknown;
  let stack: Stack | undefined;

  before(async function () {
    requireLab(this);
    forest = await ForestByHand.open();
    environment = await exchangeEnvironment();
  });
  after(() => forest?.close());
  beforeEach(async () => {
    asItWas = await dump(forest);
    await client.logOn();
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed") {
      await stack?.pulumi(["state", "unprotect", "--all", "--yes"]);
      await stack?.destroy();
    }
    await stack?.remove();
    stack = undefined;
  });

  const copy = async (example: string): Promise<Stack> => {
    // The compiler has had its say; at every run of the program it would say the same again.
    stack = await Stack.fromExample(example, { environment: { ...environment, TS_NODE_TRANSPILE_ONLY: "1" } });
    await mustRun(process.execPath, [compiler, "-p", "."], { folder: stack.folder });
    return stack;
  };

  /** Statuses of some requests through the load balancer, by the server that answered. */
  async function through(host: string, path = "mapi/emsmdb"): Promise<Record<string, number>> {
    const seen: Record<string, number> = {};
    for (let request = 0; request < 4; request++) {
      const { server, status } = await client.get(`https://${full(host)}/${path}`);
      assert.equal(seen[server] ?? status, status, `${server} answers now so, now so`);
      seen[server] = status;
    }
    return seen;
  }

  async function upAndSettled(one: Stack): Promise<void> {
    succeeded(await one.up());
    await settle();
    await client.logOn();
    const writes = [await exchangeWrites(), changesIn(corp.baseDn)];
    succeeded(await one.up("--expect-no-changes"));
    assert.deepEqual([await exchangeWrites(), changesIn(corp.baseDn)], writes, "an up without changes wrote");
  }

  async function downAsBefore(one: Stack): Promise<string> {
    const said = succeeded(await one.destroy());
    await settle();
    assert.deepEqual(await dump(forest), asItWas);
    return said;
  }

  it("multi-site: a site's name opens on that site's servers", async () => {
    const one = await copy("multi-site");
    assert.match(await client.ticket(`http/${full("mailsdc")}`), /not found in Kerberos database/);
    await upAndSettled(one);
    for (const host of ["mail", "autodiscover"]) assert.deepEqual(await through(host), { "CAS-1": 200, "CAS-2": 200 });
    for (const host of ["mailsdc", "autodiscoversdc"]) {
      assert.deepEqual(await through(host), { "CAS-3": 200, "CAS-4": 200 });
    }
    // The other site's servers have another key: a ticket for mailsdc is of no use to them.
    const connect = ["--connect-to", `::${full("cas-1")}:`];
    const { status, server } = await client.get(
      `https://${full("mailsdc")}/mapi/`,
      "--negotiate",
      "-u",
      ":",
      ...connect,
    );
    assert.deepEqual([server, status], ["CAS-1", 401]);
    assert.match(await downAsBefore(one), /Clients keep their tickets/);
  });

  it("single-site: both names open on both servers", async () => {
    const one = await copy("single-site");
    await upAndSettled(one);
    for (const host of ["mail", "autodiscover"]) assert.deepEqual(await through(host), { "CAS-1": 200, "CAS-2": 200 });
    await downAsBefore(one);
  });

  it("hybrid: OAuth stays", async () => {
    const one = await copy("hybrid");
    await upAndSettled(one);
    succeeded(await one.preview("--expect-no-changes"));
    assert.deepEqual(await through("mail"), { "CAS-1": 200, "CAS-2": 200 });
    for (const server of ["cas-1", "cas-2"]) {
      const { offers } = await client.get(`https://${full(server)}/mapi/`, "--basic");
      assert.deepEqual(offers, ["Negotiate", "NTLM", "Bearer"]);
    }
    await downAsBefore(one);
  });

  it("cross-forest: users of the other forest get in", async () => {
    const one = await copy("cross-forest");
    await upAndSettled(one);
    await client.logOn(contosoUser, users);
    for (const host of ["mail", "autodiscover"]) assert.deepEqual(await through(host), { "CAS-1": 200, "CAS-2": 200 });
    await downAsBefore(one);
  });

  describe("existing", () => {
    const byHand = new TestAccount("EXCH2016ASA", randomBytes(24).toString("base64url"), exchangeUnit);
    const servers = ["cas-1", "cas-2"];
    const outlook = async (internal: string, methods: readonly string[]) => {
      for (const server of servers) {
        for (const [noun, parameters] of [
          ["OutlookAnywhere", { InternalClientAuthenticationMethod: internal }],
          ["MapiVirtualDirectory", { IISAuthenticationMethods: methods }],
        ] as const) {
          const commands = [
            { name: `Get-${noun}`, parameters: { Server: server } },
            { name: `Set-${noun}`, parameters },
          ];
          await tell({ request: "invoke", server, user: exchangeAdministrator, commands });
        }
        for (const pool of ["MSExchangeMapiFrontEndAppPool", "MSExchangeRpcProxyFrontEndAppPool"] as const) {
          await tell({ request: "recycle", server, pool });
        }
      }
    };

    beforeEach(async () => {
      await byHand.create();
      for (const server of servers) await deploy(server, byHand.samAccountName, byHand.secret);
      for (const host of ["mail", "autodiscover"]) await byHand.addSpn(`http/${full(host)}`);
      await outlook("Negotiate", ["Ntlm", "Negotiate"]);
      asItWas = await dump(forest);
    });
    afterEach(async () => {
      await outlook("Ntlm", ["Ntlm", "OAuth", "Negotiate"]);
      for (const server of servers) await removeCredentials(server);
      await byHand.delete();
    });

    it("is taken over without a single write, and stays on destroy", async () => {
      const one = await copy("existing");
      const writes = [await exchangeWrites(), changesIn(corp.baseDn)];
      succeeded(await one.up());
      succeeded(await one.preview("--refresh", "--expect-no-changes"));
      await client.logOn();
      assert.deepEqual(await through("mail"), { "CAS-1": 200, "CAS-2": 200 });
      succeeded(await one.destroy());
      assert.deepEqual([await exchangeWrites(), changesIn(corp.baseDn)], writes);
      assert.deepEqual(await dump(forest), asItWas);
      assert.deepEqual(await through("mail"), { "CAS-1": 200, "CAS-2": 200 });
    });

    it("shows drift, and up repairs only that", async () => {
      const one = await copy("existing");
      succeeded(await one.up());
      await byHand.removeSpn(`http/${full("autodiscover")}`);
      const { status, stdout } = await one.preview("--refresh", "--expect-no-changes");
      assert.notEqual(status, 0, stdout);
      assert.match(stdout, /ServicePrincipalName exchange-autodiscover\S* +create/);
      const writes = await exchangeWrites();
      succeeded(await one.up("--refresh"));
      assert.equal(await exchangeWrites(), writes);
      assert.deepEqual(await dump(forest), asItWas);
      succeeded(await one.destroy());
    });
  });

  it("ci: its workflows preview, find drift and leave a young password alone", async () => {
    const one = await copy("ci");
    const workflow = (name: string) => readFileSync(join(one.folder, ".github", "workflows", `${name}.yml`), "utf8");
    const commands = (name: string) => {
      const lines = [...workflow(name).matchAll(/- run: pulumi (.*) --stack prod$/gm)].map(([, words]) => words ?? "");
      assert.equal(lines.length, 1, name);
      return (lines[0] ?? "").split(" ");
    };
    succeeded(await one.pulumi(commands("preview")));
    assert.deepEqual(await dump(forest), asItWas);
    await upAndSettled(one);
    succeeded(await one.pulumi(commands("drift")));
    const writes = [await exchangeWrites(), changesIn(corp.baseDn)];
    assert.match(succeeded(await one.pulumi(commands("roll"))), /unchanged/);
    assert.deepEqual([await exchangeWrites(), changesIn(corp.baseDn)], writes);

    const account = (await forest.find("EXCH2016ASA$")) ?? assert.fail("no account");
    const values = [`http/${full("autodiscover")}`];
    const modification = new Attribute({ type: "servicePrincipalName", values });
    await forest.client.modify(account.dn, new Change({ operation: "delete", modification }));
    assert.notEqual((await one.pulumi(commands("drift"))).status, 0);

    const { status, stdout } = await one.destroy();
    assert.notEqual(status, 0);
    assert.match(stdout, /protect/);
    succeeded(await one.pulumi(["state", "unprotect", "--all", "--yes"]));
    await downAsBefore(one);
  });

  describe("policy", () => {
    const launcher = join(programsFolder, "policy-launcher");
    const violation = (name: string) => new RegExp(`\\[mandatory\\].*${name}`);

    before(() => {
      const pack = join(programsFolder, "policy");
      cpSync(join(checkoutFolder, "examples", "policy"), pack, { recursive: true });
      // The lab's CLI is built from Go modules, and the newest language host among them starts no policy packs: a launcher
      // of ours takes its place, in the way that Pulumi keeps for other runtimes.
      const project = join(pack, "PulumiPolicy.yaml");
      writeFileSync(project, readFileSync(project, "utf8").replace("runtime: nodejs", "runtime: lab"));
      mkdirSync(launcher, { recursive: true });
      const entry = require.resolve("@pulumi/pulumi/cmd/run-policy-pack", { paths: [pack] });
      const script = `#!/bin/sh\ncd '${pack}' && exec node '${entry}' "$@"\n`;
      writeFileSync(join(launcher, "pulumi-analyzer-policy-lab"), script, { mode: 0o755 });
      environment = { ...environment, PATH: `${process.env.PATH}${delimiter}${launcher}` };
    });
    const judged = (one: Stack) => one.preview("--policy-pack", join(programsFolder, "policy"));

    it("compiles", () => mustRun(process.execPath, [compiler, "-p", "."], { folder: join(programsFolder, "policy") }));

    it("lets the program of ci through, and stops what it is there to stop", async () => {
      const one = await copy("ci");
      succeeded(await judged(one));
      const program = join(one.folder, "index.ts");
      const source = readFileSync(program, "utf8");
      const broken = async (...changes: [policy: string, from: string, to: string][]) => {
        for (const [policy, from] of changes) assert.ok(source.includes(from), policy);
        writeFileSync(
          program,
          changes.reduce((text, [, from, to]) => text.replace(from, to), source),
        );
        const { status, stdout, stderr } = await judged(one);
        assert.notEqual(status, 0);
        for (const [policy] of changes) assert.match(stdout + stderr, violation(policy));
      };
      await broken(
        ["asa-is-protected", "{ protect: true }", "{ protect: false }"],
        ["autodiscover-has-a-name", ', "autodiscover.corp.tailspintoys.com"]', "]"],
      );
      // By itself: the package refuses it as well, and then no policy of the whole stack is asked.
      await broken(["asa-has-aes", '{ name: "EXCH2016ASA",', '{ name: "EXCH2016ASA", encryptionTypes: ["rc4"],']);
    });
  });

  it("each has a README that names its folder, and no two have the same name", () => {
    const names = examples.map((example) => {
      const folder = join(checkoutFolder, "examples", example);
      assert.ok(existsSync(join(folder, "README.md")), example);
      const readme = readFileSync(join(folder, "README.md"), "utf8");
      assert.match(readme, new RegExp(`examples/${example}\\b`));
      // Whoever copies only this example goes by what it says of settings.
      if (/exchange-kerberos:domain/.test(readme)) assert.match(readme, /`caFile`.*README's\s+first stack/s, example);
      return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).name;
    });
    assert.equal(new Set(names).size, examples.length);
  });
});
