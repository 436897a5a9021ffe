import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "mocha";
import { type CommandOutput, mustRun, runCommand } from "../../lab/command";
import { administrator, corp, users } from "../../lab/domain-controller";
import { exchangeUnit } from "../../lab/people";
import { replicate } from "../checks/breaking";
import { changesIn, ForestByHand } from "../stack/forest-by-hand";
import { dump, exchangeEnvironment, exchangeWrites, settle } from "../support/exchange";
import { requireLab, skip } from "../support/lab";
import { programsFolder } from "../support/programs";
import { Stack } from "../support/stack";

const full = (name: string) => `${name}.${corp.dnsName}`;
const bin = join(programsFolder, "node_modules/.bin/exchange-kerberos");
const compiler = resolve(__dirname, "../../node_modules/typescript/bin/tsc");
const entry = ["--entry", full("cas-1")];

/** From nothing to Kerberos by the tool's own words: plan, program, up, check; then all of it gone again. */
describe("exchange-kerberos plan and check, as installed", function () {
  this.timeout(300_000);
  let forest: ForestByHand;
  let stack: Stack;
  let environment: NodeJS.ProcessEnv;

  const run = (...words: string[]): Promise<CommandOutput> =>
    runCommand(bin, words, { folder: stack.folder, environment: { ...process.env, ...environment } });
  const json = async (...words: string[]) => JSON.parse((await run(...words, "--json")).stdout);
  /** What is not as it should be. */
  const troubles = async (...words: string[]): Promise<string[]> => {
    const { results } = await json("check", ...entry, ...words);
    return results
      .filter(({ outcome }: { outcome: string }) => outcome !== "pass")
      .map(({ check, object, seen }: Record<string, string>) => `${check} ${object}: ${seen}`);
  };

  before(async function () {
    requireLab(this);
    if (!existsSync(bin)) skip(this, "the package is not installed; `npm test` packs and installs it");
    forest = await ForestByHand.open();
    const { name, password } = administrator(users);
    environment = {
      ...(await exchangeEnvironment()),
      TS_NODE_TRANSPILE_ONLY: "1",
      EXCHANGE_KERBEROS_CONTOSO_DOMAIN: users.dnsName,
      EXCHANGE_KERBEROS_CONTOSO_CA_FILE: process.env.EXCHANGE_KERBEROS_CA_FILE,
      EXCHANGE_KERBEROS_CONTOSO_USERNAME: `${name}@${users.dnsName}`,
      EXCHANGE_KERBEROS_CONTOSO_PASSWORD: password,
    };
    stack = await Stack.fromExample("single-site", { environment });
    rmSync(join(stack.folder, "index.ts"));
    // From the stack's configuration: the environment knows nothing of this one.
    await stack.pulumi(["config", "set", "exchange-kerberos:managementHost", full("cas-1")]);
  });
  after(async () => {
    if (forest === undefined) return;
    await stack?.destroy();
    await stack?.remove();
    await forest.close();
  });

  it("says what is needed, and who holds it", async () => {
    const { names, sites, account, disagreements } = await json("plan");
    const needed = names.filter(({ kind }: { kind: string }) => kind === "needed");
    const spns = needed.map((name: { servicePrincipalName: string }) => name.servicePrincipalName);
    for (const name of ["mail", "autodiscover"]) assert.ok(spns.includes(`http/${full(name)}`), spns.join());
    assert.deepEqual(
      needed.flatMap(({ holders }: { holders: string[] }) => holders),
      [],
    );
    assert.deepEqual([account, disagreements], [undefined, []]);
    assert.ok(sites[0].servers.includes(full("cas-2")));
    assert.match((await run("plan")).stdout, new RegExp(`http/${full("mail")} .*nobody`));
  });

  it("says the same to a program, in a preview, by a connection that has its settings in both places", async () => {
    const source = `module.exports = async () => {
      const { names } = await ek.planServicePrincipalNames({ entry: "${full("cas-1")}", connection: "planning" });
      const spns = names.filter(({ kind }) => kind === "needed").map((name) => name.servicePrincipalName);
      return { spns: spns.join(" ") };
    };`;
    const prefix = /^EXCHANGE_KERBEROS_/;
    const settings = Object.entries({ ...process.env, ...environment }).filter(([name]) => prefix.test(name));
    const planning = Object.fromEntries([
      ...settings.map(([name]) => [name, undefined]),
      ...settings.map(([name, value]) => [name.replace(prefix, "EXCHANGE_KERBEROS_PLANNING_"), value]),
      ["EXCHANGE_KERBEROS_PLANNING_DOMAIN", undefined],
    ]);
    const config = { "exchange-kerberos:planning": JSON.stringify({ domain: corp.dnsName }) };
    const program = await Stack.create("planning", source, { environment: planning, config });
    try {
      const { status, stdout, stderr } = await program.preview();
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, new RegExp(`spns *: "http/${full("autodiscover")} .*http/${full("mail")}`));
    } finally {
      await program.remove();
    }
  });

  it("fails, and says so to CI, where nothing is done yet", async () => {
    const { status, stdout } = await run("check", ...entry);
    assert.equal(status, 2, stdout);
    assert.match(stdout, /no server holds an alternate service account/);
    assert.doesNotMatch(stdout, new RegExp(String.fromCharCode(27)));
  });

  it("is not green, and says so to CI, where it was told to look at nothing", async () => {
    const { status, stdout } = await run("check", ...entry, "--only", "trust");
    assert.equal(status, 1, stdout);
    assert.match(stdout, /no forest of users is named.*\n *Not checked: 3 checks \(trust-kind/);
  });

  it("writes a program that compiles and, brought up, passes every check with a ticket on every server", async () => {
    const { stdout: program } = await run("plan", "--program", "--organizational-unit", exchangeUnit);
    writeFileSync(join(stack.folder, "index.ts"), program);
    await mustRun(process.execPath, [compiler, "-p", "."], { folder: stack.folder });
    const up = await stack.up();
    assert.equal(up.status, 0, up.stdout + up.stderr);
    await settle();
    // `up` has waited for the account only; of the roll and the names dc2 may not have heard yet.
    await replicate();
    assert.deepEqual(await troubles("--connect", "--user-forest", "contoso"), []);
    assert.equal((await run("check", "--connect", "--user-forest", "contoso")).status, 0);
  });

  it("writes nothing anywhere, whatever is asked", async () => {
    const before = [await exchangeWrites(), changesIn(corp.baseDn), await dump(forest)];
    for (const words of [
      ["plan"],
      ["plan", "--program"],
      ["check", "--list"],
      ["check", "--connect", "--user-forest", "contoso"],
      ["check", "--json", "--only", "account", "spn"],
    ]) {
      assert.equal((await run(...words, ...(words.includes("--list") ? [] : entry))).status, 0, words.join(" "));
    }
    assert.deepEqual([await exchangeWrites(), changesIn(corp.baseDn), await dump(forest)], before);
  });

  it("writes figures that say so, and an exit code that does too, where status cannot read the organization", async () => {
    const figures = join(stack.folder, "exchange.prom");
    const status = (...words: string[]) => run("status", "--prometheus", "--output", figures, ...words);
    const organizationRead = () =>
      /^exchange_kerberos_organization_read\{.*\} (\d)$/m.exec(readFileSync(figures, "utf8"));
    const good = await status(...entry);
    assert.deepEqual([good.status, good.stderr, organizationRead()?.[1]], [0, "", "1"]);
    const bad = await status("--entry", full("nobody"));
    assert.deepEqual([bad.status, organizationRead()?.[1]], [3, "0"], bad.stderr);
    assert.match(bad.stderr, /^The Exchange organization could not be read: .*nobody\./);
  });

  it("has an exit code of its own for what could not be done, and no stack trace", async () => {
    for (const [words, said] of [
      [["check", "--only", "nonsense"], /There is no check nonsense\. The checks are dns-address-record, /],
      [["check", "--entry", "nobody.example.com", "--only", "server-version", "--nonsense"], /unknown option/],
      [["plan", "--entry", full("mail")], /./],
      [["plan", "--connection", "elsewhere"], /elsewhere: domain|Connection "elsewhere"/],
    ] as const) {
      const { status, stderr } = await run(...words);
      assert.equal(status, 3, `${words.join(" ")}: ${stderr}`);
      assert.match(stderr, said);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});
