import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../lab/command";
import { CredentialStore } from "../../lab/exchange/model/credential";
import { exchangeFolder } from "../../lab/exchange/up";
import { labFolder } from "../../lab/folders";
import { tell } from "../exchange-lab/support/clients";
import { exchangeEnvironment } from "../support/exchange";
import { requireLab } from "../support/lab";
import { programsFolder } from "../support/programs";
import { Stack } from "../support/stack";
import { fullNames, Site, spns } from "./exchange/site";
import { assertAbsent, Exposure, textUnder } from "./exposure";
import { ForestByHand } from "./forest-by-hand";

const givenPassword = "Given-in-the-program-1";
/** Of the stack configuration, which Pulumi keeps in the state: one of the default connection, one of another. */
const configured = {
  "exchange-kerberos:sshPassword": "Configured-1",
  "exchange-kerberos:contoso.password": "Configured-2",
};

describe("passwords", function () {
  this.timeout(180_000);
  const grpcLog = join(programsFolder, "secrets-grpc.json");
  const directoryPassword = process.env.EXCHANGE_KERBEROS_PASSWORD ?? "";
  let forest: ForestByHand;
  let unit: string;
  let random: Stack;
  let given: Stack;
  let printed = "";
  const temporary = join(labFolder, "secrets");
  let exposure: Exposure;

  const program = (name: string, more: object) => `
    const account = new ek.AsaAccount("asa",
      ${JSON.stringify({ name, organizationalUnit: unit, replication: false, ...more })});
    new ek.ServicePrincipalName("mail", { account: account.qualifiedName,
      spn: "http/${name}.secrets.corp.tailspintoys.com", allowBeforeDeployment: true });
    exports.account = account;`;

  async function run(stack: Stack, ...words: string[]): Promise<void> {
    const { status, stdout, stderr } = await exposure.during(() => stack.pulumi(words));
    printed += stdout + stderr;
    assert.equal(status, 0, stdout + stderr);
  }

  before(async function () {
    requireLab(this);
    forest = await ForestByHand.open();
    unit = await forest.freshUnit("Secrets");
    rmSync(grpcLog, { force: true });
    exposure = new Exposure(temporary);
    random = await Stack.create("secrets-random", program("RANDOM", {}), {
      environment: { PULUMI_DEBUG_GRPC: grpcLog },
    });
    await run(random, "up", "--yes", "--skip-preview", "--diff");
    await run(random, "refresh", "--yes", "--skip-preview", "--diff");
    given = await Stack.create("secrets-given", program("GIVEN", { password: givenPassword }));
    for (const [key, value] of Object.entries(configured)) {
      await run(given, "config", "set", "--secret", "--path", key, value);
    }
    await run(given, "up", "--yes", "--diff");
    await run(given, "preview", "--json");
  });
  after(async () => {
    if (forest === undefined) return;
    for (const stack of [random, given]) {
      await stack?.destroy();
      await stack?.remove();
    }
    await forest.removeUnit(unit);
    await forest.close();
  });

  it("are in no state, history or backup of the backend", () => {
    const state = textUnder(new URL(process.env.PULUMI_BACKEND_URL ?? "").pathname);
    assert.ok(state.includes("exchangeKerberos:AsaAccount"));
    for (const key of ["sshPassword", "contoso"]) assert.ok(state.includes(`"exchange-kerberos:${key}"`), key);
    assertAbsent(state, directoryPassword, givenPassword, ...Object.values(configured));
  });

  it("are in no line that Pulumi or we print", () => {
    assert.ok(printed.includes("AsaAccount"));
    assertAbsent(printed, directoryPassword, givenPassword, ...Object.values(configured));
  });

  it("are in no line either where a password itself is refused", async () => {
    given.write(program("GIVEN", { password: givenPassword, adopt: true }));
    const { status, stdout, stderr } = await given.preview();
    assert.notEqual(status, 0);
    assert.match(stdout, /password: An account that is adopted keeps its password/);
    assertAbsent(stdout + stderr, givenPassword);
  });

  it("are in nobody's process list", () => {
    assert.ok(exposure.commandLines.includes("dynamic-provider"));
    assertAbsent(exposure.commandLines, directoryPassword, givenPassword);
  });

  it("are not in the debug log of what the engine and the provider say to each other", () => {
    const log = readFileSync(grpcLog, "utf8");
    assert.ok(log.includes("/pulumirpc.ResourceProvider/Create"));
    assertAbsent(log, directoryPassword);
    // A password that we make up never leaves the provider: no value of that name goes over the wire.
    assert.doesNotMatch(log, /"password"\s*:/);
  });

  it("are in a log of Pulumi's own folder neither", () => {
    assertAbsent(textUnder(process.env.PULUMI_HOME ?? ""), directoryPassword, givenPassword);
  });

  it("leave one line of ours per resource in the state, and no outputs but facts", async () => {
    const resources = await random.resources();
    const [account, spn] = ["AsaAccount", "ServicePrincipalName"].map(
      (kind) => resources.find(({ type }) => type.endsWith(`:${kind}`)) ?? assert.fail(kind),
    );
    const size = (value: unknown) => JSON.stringify(value).length;
    const overhead = 'exports.handler = () => require("pulumi-exchange-kerberos/runtime").provider("AsaAccount");';
    assert.equal(account?.inputs?.__provider, overhead);
    assert.equal(account?.outputs?.__provider, overhead);
    console.log(
      `      inputs and outputs in the state: AsaAccount ${size(account?.inputs) + size(account?.outputs)} bytes, ` +
        `ServicePrincipalName ${size(spn?.inputs) + size(spn?.outputs)} bytes`,
    );
    assert.ok(size(account?.inputs) + size(account?.outputs) < 2000);
    assert.ok(size(spn?.inputs) + size(spn?.outputs) < 1000);
  });
});

/**
 * The whole chain with marked secrets, in good days and in bad ones. The passwords are in the stack configuration: what stands in
 * the environment of whoever starts Pulumi is in that of all its children, and that is for him to know.
 */
describe("passwords, through the whole chain", function () {
  this.timeout(400_000);
  const given = 'Given-"marked"-ü$`-1';
  const wrong = "Wrong-marked-\u20ac-2";
  const password = process.env.EXCHANGE_KERBEROS_PASSWORD ?? "";
  const secrets = [given, wrong, password];
  const temporary = join(labFolder, "leaks");
  const grpcLog = join(programsFolder, "leaks-grpc.json");
  let exposure: Exposure;
  const bin = join(programsFolder, "node_modules/.bin/exchange-kerberos");
  let site: Site;
  let stack: Stack;
  let environment: NodeJS.ProcessEnv;
  let printed = "";

  const program = (method: string, more = "") => `
    const account = new ek.AsaAccount("asa", { name: "LEAKS", organizationalUnit: ${JSON.stringify(site.unit)},
      replication: false, password: ${JSON.stringify(given)}${more} });
    const deployment = new ek.AsaDeployment("deployment", { account: account.qualifiedName, method: "${method}",
      servers: ${JSON.stringify(fullNames)}, rotation: { trigger: "${method}" } });
    new ek.ServicePrincipalName("mail", { account: account.qualifiedName, spn: "${spns[0]}", deployment: deployment.id });
    new ek.OutlookAuthSetting("outlook", { server: "${fullNames[0]}", mapi: { include: ["Negotiate"] } });`;

  async function say(command: string, words: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<number> {
    const { status, stdout, stderr } = await exposure.during(() =>
      runCommand(command, words, {
        folder: stack.folder,
        environment: { ...process.env, ...environment, ...more },
        deadline: 300_000,
      }),
    );
    printed += stdout + stderr;
    return status;
  }
  const passwordsOn = (server: string) =>
    new CredentialStore(join(exchangeFolder, "servers", server)).all.map((credential) => credential.password);
  const pulumi = (words: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    say("pulumi", [...words, "--non-interactive", "--color=never"], more);
  /** The value comes through the pipe. */
  const configure = (name: string, value: string) =>
    runCommand("pulumi", ["config", "set", "--secret", `exchange-kerberos:${name}`, "--non-interactive"], {
      folder: stack.folder,
      environment: { ...process.env, ...environment },
      input: value,
    });

  before(async function () {
    site = await Site.enter(this, "Leaks");
    exposure = new Exposure(temporary);
    rmSync(grpcLog, { force: true });
    environment = {
      ...(await exchangeEnvironment()),
      TMPDIR: temporary,
      EXCHANGE_KERBEROS_PASSWORD: undefined,
      EXCHANGE_KERBEROS_SSH_PASSWORD: undefined,
    };
    stack = await Stack.create("leaks", program("cmdlet"), { environment });
    for (const name of ["password", "sshPassword"]) await configure(name, wrong);
    assert.notEqual(await pulumi(["up", "--yes", "--skip-preview"]), 0);
    for (const name of ["password", "sshPassword"]) await configure(name, password);
    const up = ["up", "--yes", "--skip-preview", "-v=9", "--logtostderr"];
    assert.equal(await pulumi(up, { PULUMI_DEBUG_GRPC: grpcLog }), 0, printed.slice(-3000));
    // By cmdlet a roll makes up a password that Pulumi never hears of, and so cannot hide.
    const rolled = passwordsOn("cas-1");
    assert.equal(rolled.length, 1);
    secrets.push(...rolled);
    stack.write(program("script"));
    // A server goes away under the roll; then it is there again.
    await tell({ request: "stop-server", server: "cas-2" });
    assert.notEqual(await pulumi(["up", "--yes", "--skip-preview"]), 0);
    await tell({ request: "start-server", server: "cas-2" });
    assert.equal(await pulumi(["up", "--yes", "--skip-preview"]), 0, printed.slice(-3000));
    // The directory refuses; what it says may quote what it was sent.
    stack.write(program("script", ', description: "x".repeat(1024), enabled: false, encryptionTypes: []'));
    assert.notEqual(await pulumi(["up", "--yes", "--skip-preview"]), 0);
    const entry = ["--entry", fullNames[0] ?? ""];
    for (const words of [["plan"], ["status", "--json", ...entry]]) {
      assert.equal(await say(bin, words), 0, printed.slice(-3000));
    }
    assert.equal(await pulumi(["destroy", "--yes", "--skip-preview"]), 0, printed.slice(-3000));
  });
  after(async () => {
    if (site === undefined) return;
    await stack?.remove();
    await site.leave();
    rmSync(temporary, { recursive: true, force: true });
  });

  it("are in nothing that was printed, at the most talkative level", () => {
    assert.match(printed, /the user name or the password is wrong|Preauthentication failed/);
    // At that level the engine writes down the inputs that it hands on, in lines of JSON of its own: nothing that we could keep from it.
    const engine = /^\{"time":"[^"]+","level":"[^"]+","msg":/;
    const lines = printed.split("\n");
    assert.ok(lines.some((line) => engine.test(line)));
    assertAbsent(lines.filter((line) => !engine.test(line)).join("\n"), ...secrets);
  });

  it("are in no state, history, backup or log of Pulumi's", () => {
    assertAbsent(textUnder(new URL(process.env.PULUMI_BACKEND_URL ?? "").pathname), ...secrets);
    assertAbsent(textUnder(process.env.PULUMI_HOME ?? ""), ...secrets);
    // Our program has the password in it: everything else of the project.
    assertAbsent(readFileSync(join(stack.folder, "Pulumi.test.yaml"), "utf8"), ...secrets);
  });

  it("are in no arguments of any process, and no temporary file", () => {
    assert.ok(exposure.commandLines.includes("dynamic-provider"));
    assertAbsent(exposure.commandLines, ...secrets);
    assertAbsent(`${" ".repeat(101)}${exposure.temporary}`, ...secrets);
  });

  it("are in no environment of a process that we start", () => {
    // The engine gives programs and providers the configuration in PULUMI_CONFIG: Pulumi's own way, from the engine to its children.
    const pulumis = /^\S*pulumi|pulumi-language|@pulumi\/pulumi\/cmd|pulumi-resource/;
    const ours = [...exposure.environments].filter(([program]) => !pulumis.test(program));
    assert.ok(
      ours.some(([program]) => program.includes("exchange-kerberos")),
      [...exposure.environments.keys()].join("\n"),
    );
    for (const [program, text] of ours) assertAbsent(`${program}\n${text}`, ...secrets);
  });

  it("are in no answer of ours, where the engine writes down all that is said", () => {
    // The engine's questions have secrets in them: the configuration, and inputs in clear. Answers are ours; that of Check gives
    // back the inputs, which is what it is for.
    const lines = readFileSync(grpcLog, "utf8").trim().split("\n");
    const calls = lines.map((line) => JSON.parse(line) as { method: string; response?: unknown; errors?: unknown });
    const answers = calls.filter(({ method }) => /ResourceProvider\/(?!Check$)/.test(method));
    assert.ok(answers.some(({ method }) => method.endsWith("/Create")));
    for (const { method, response, errors } of answers) {
      assertAbsent(`${method} ${JSON.stringify([response, errors])}${" ".repeat(100)}`, ...secrets);
    }
  });
});
