import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type CommandOutput, runCommand } from "../../lab/command";
import { checkoutFolder, labFolder } from "../../lab/folders";
import { labIsUp } from "../../lab/up";
import { ForestByHand } from "../stack/forest-by-hand";
import { requireLab } from "../support/lab";
import { programsFolder } from "../support/programs";

/** An ES module: the other stacks of these tests are CommonJS. */
const program = `
import { AsaAccount } from "pulumi-exchange-kerberos";
const account = new AsaAccount("asa", { name: "BYHAND",
  organizationalUnit: "OU=Exchange,DC=corp,DC=tailspintoys,DC=com", replication: false });
export const dn = account.distinguishedName;
`;

/** The lab as a command, in a second checkout on the same machine: the one of this test run stands beside it all the time. */
describe("the lab by hand", function () {
  this.timeout(120_000);
  let folder: string;
  let checkout: string;
  let bystander: ChildProcess;

  before(function () {
    requireLab(this);
    folder = mkdtempSync(join(tmpdir(), "lab-by-hand-"));
    checkout = join(folder, "checkout");
    for (const part of ["lab", "provider", "test", "package.json", "tsconfig.json"])
      cpSync(join(checkoutFolder, part), join(checkout, part), { recursive: true });
    symlinkSync(join(checkoutFolder, "node_modules"), join(checkout, "node_modules"));
    bystander = spawn("sleep", ["1000"]);
  });
  after(async () => {
    if (folder === undefined) return;
    await shell("npm run -s lab -- down");
    rmSync(folder, { recursive: true });
    bystander.kill();
  });

  /** A user's shell in the checkout: outside the namespace that the tests are in, and without what the lab of the tests exports. */
  function shell(script: string): Promise<CommandOutput> {
    const ours = /^(PULUMI_|EXCHANGE_KERBEROS_|KRB5|LDAPTLS_|LAB_|npm_package_|npm_lifecycle_|npm_config_local_prefix)/;
    const kept = Object.entries(process.env).filter(([name]) => !ours.test(name));
    const path = (process.env.PATH ?? "").split(delimiter).filter((one) => !one.startsWith(checkoutFolder));
    const environment = { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
    // Who sent us into the namespace is not inside itself: test/run.ts.
    const words = ["--target", String(process.ppid), "--net", "--mount", "sh", "-c", `cd '${checkout}' && ${script}`];
    return runCommand("nsenter", words, { environment });
  }
  async function succeeds(script: string): Promise<CommandOutput> {
    const output = await shell(script);
    assert.equal(output.status, 0, output.stdout + output.stderr);
    return output;
  }
  const lab = (words: string) => shell(`npm run -s lab -- ${words}`);

  interface State {
    readonly processes: { readonly name: string; readonly pid: number }[];
  }
  const stateFile = () => join(checkout, ".lab", "lab.json");
  const processes = () => (JSON.parse(readFileSync(stateFile(), "utf8")) as State).processes;
  const namespaces = async () => (await succeeds("ip netns list")).stdout;
  const name = async () => /namespace (ek-\w+)/.exec((await lab("status")).stdout)?.[1] ?? assert.fail("no name");

  it("says that nothing is up, with exit code 1, and how to bring it up", async () => {
    const status = await lab("status");
    assert.equal(status.status, 1);
    assert.match(status.stdout, /^down: /);
    const environment = await lab("env");
    assert.equal(environment.status, 1);
    assert.match(environment.stderr, /npm run lab -- up/);
    assert.equal(environment.stdout, "");
  });

  it("comes up, and a second time without another process", async () => {
    await succeeds("npm run -s lab -- up");
    assert.match((await succeeds("npm run -s lab -- status")).stdout, /^up: .*dc1/);
    assert.ok((await namespaces()).includes(await name()));
    const before = processes();
    assert.ok(before.length > 0);
    await succeeds("npm run -s lab -- up");
    assert.deepEqual(processes(), before);
  });

  it("lets a shell's own pulumi, kinit and ldapsearch see it after eval of its environment", async () => {
    const own = join(folder, "own");
    mkdirSync(own);
    symlinkSync(join(programsFolder, "node_modules"), join(own, "node_modules"));
    writeFileSync(join(own, "Pulumi.yaml"), "name: own\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n");
    writeFileSync(join(own, "package.json"), JSON.stringify({ name: "own", type: "module", main: "index.js" }));
    writeFileSync(join(own, "index.js"), program);
    const inLab = (script: string) => succeeds(`eval "$(npm run -s lab -- env)" && cd '${own}' && ${script}`);
    const { stdout } = await inLab("pulumi stack init own && pulumi up --yes --skip-preview --color=never");
    assert.match(stdout, /dn *: "CN=BYHAND,OU=Exchange/);
    const found = await inLab(
      'ldapsearch -LLL -H "ldaps://$EXCHANGE_KERBEROS_DOMAIN_CONTROLLER" -x -D "$EXCHANGE_KERBEROS_USERNAME" ' +
        '-w "$EXCHANGE_KERBEROS_PASSWORD" -b DC=corp,DC=tailspintoys,DC=com "(sAMAccountName=BYHAND$)" dn',
    );
    assert.match(found.stdout, /dn: CN=BYHAND,OU=Exchange/);
    const ticket = await inLab(
      'printf "%s\\n" "$EXCHANGE_KERBEROS_PASSWORD" | kinit svc-pulumi@CORP.TAILSPINTOYS.COM >/dev/null && klist',
    );
    assert.match(ticket.stdout, /krbtgt\/CORP\.TAILSPINTOYS\.COM/);
    assert.ok(!existsSync(join(checkout, "Pulumi.yaml")));
  });

  it("does not disturb the lab of another checkout, which has not got that account", async () => {
    assert.ok(labIsUp());
    const forest = await ForestByHand.open();
    try {
      assert.equal(await forest.find("BYHAND$"), undefined);
    } finally {
      await forest.close();
    }
  });

  it("is found dead when a process of it is, and cleared away for a new one", async () => {
    const dead = processes().find((one) => one.name === "dc1") ?? assert.fail("no dc1");
    process.kill(-dead.pid, "SIGKILL");
    assert.equal((await lab("status")).status, 1);
    const { stderr } = await succeeds("npm run -s lab -- up --no-pulumi");
    assert.match(stderr, /Found a dead lab/);
    await succeeds("npm run -s lab -- status");
    assert.notDeepEqual(
      processes().find((one) => one.name === "dc1"),
      dead,
    );
  });

  it("goes down and leaves nothing, twice, and ends nobody else's process", async () => {
    const namespace = await name();
    const pids = processes().map(({ pid }) => pid);
    // From the shell that sees the lab: its npm and node are in the namespace that goes.
    await succeeds('eval "$(npm run -s lab -- env)" && npm run -s lab -- down');
    for (const pid of pids) assert.ok(!isRunning(pid), `process ${pid} still runs`);
    assert.ok(!(await namespaces()).includes(namespace));
    assert.ok(!existsSync(join("/etc/netns", namespace)));
    assert.ok(!existsSync(join(checkout, ".lab")));
    const commandLines = (await succeeds("ps -eo args")).stdout;
    assert.ok(!commandLines.includes(join(checkout, ".lab")), commandLines);
    await succeeds("npm run -s lab -- down");

    assert.equal(bystander.exitCode, null);
    assert.equal(bystander.signalCode, null);
    assert.ok(labIsUp());
    assert.ok(existsSync(labFolder));
  });
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
