import { strict as assert } from "node:assert";
import { join } from "node:path";
import { authorityFile } from "../../lab/certificates";
import { mustRun } from "../../lab/command";
import { corp } from "../../lab/domain-controller";
import { labStatus } from "../../lab/exchange/control/client";
import { exchangeControlSocket } from "../../lab/exchange/up";
import { labFolder } from "../../lab/folders";
import { password } from "../../lab/passwords";
import { corpUser, delegatedUser } from "../../lab/people";
import { requireExchange, skip } from "../support/lab";
import { foreignPython } from "../support/python";
import { removeCredentials, tell } from "./support/clients";

interface Call {
  readonly name?: string;
  readonly parameters?: Record<string, unknown>;
  readonly script?: string;
}

interface CallResult {
  /** PSInvocationState: 4 completed, 5 failed. */
  readonly state: number;
  readonly seconds: number;
  readonly output: Record<string, string>[];
  readonly errors: { message: string; id: string }[];
  readonly warnings: string[];
}

const server = `cas-1.${corp.dnsName}`;
const status: Call = {
  name: "Get-ClientAccessService",
  parameters: { Identity: "cas-1", IncludeAlternateServiceAccountCredentialStatus: true },
};
const credential = { userName: `${corp.netbiosName}\\EXCH2016ASA$`, password: 'pä$$ "word" 🔑' };
const write: Call = {
  name: "Set-ClientAccessService",
  parameters: { Identity: "cas-1", AlternateServiceAccountCredential: [credential], Confirm: false },
};

/** A foreign client, over HTTP with sealed bodies unless it says otherwise. */
describe("Exchange lab: remote PowerShell for pypsrp", function () {
  this.timeout(60_000);
  let python = "";

  before(async function () {
    await requireExchange(this);
    python = foreignPython() ?? skip(this, "no Python with pypsrp; npm test installs it where there is a network");
    await logOn(delegatedUser);
  });

  afterEach(async () => {
    if (python === "") return;
    await tell({ request: "clear-faults" });
    await tell({ request: "set-organization", proxyTo: "same", maximumShells: 18 });
    await removeCredentials("cas-1");
  });

  const cacheOf = (user: string) => join(labFolder, `${user}-${process.pid}.ccache`);

  async function logOn(user: string): Promise<void> {
    const input = `${password(`${user}@${corp.dnsName}`)}\n`;
    await mustRun("kinit", ["-c", cacheOf(user), `${user}@${corp.realm}`], { input });
  }

  async function ask(
    calls: readonly Call[],
    more: Record<string, unknown> = {},
    user = delegatedUser,
  ): Promise<{ results?: CallResult[]; failure?: string }> {
    const input = JSON.stringify({ server, calls, ...more });
    const environment = { ...process.env, KRB5CCNAME: cacheOf(user) };
    return JSON.parse(await mustRun(python, [join(__dirname, "foreign-client.py")], { input, environment }));
  }

  async function results(calls: readonly Call[], more: Record<string, unknown> = {}): Promise<CallResult[]> {
    const { results: came, failure } = await ask(calls, more);
    assert.equal(failure, undefined);
    return came ?? [];
  }

  it("reads the status of the alternate service account", async () => {
    const [read] = await results([status]);
    assert.equal(read?.output[0]?.Name, "CAS-1");
    assert.equal(read?.output[0]?.AlternateServiceAccountConfiguration, "Latest: <Not set>\r\nPrevious: <Not set>");
  });

  it("takes a credential under the session key, exactly as it was given", async () => {
    const [written, read] = await results([write, status], { secrets: true });
    assert.deepEqual(written?.errors, []);
    const text = read?.output[0]?.AlternateServiceAccountConfiguration ?? "";
    assert.match(text, /^Latest: .*, TAILSPIN\\EXCH2016ASA\$\r\nPrevious: <Not set>$/);
  });

  it("serves HTTPS as well", async () => {
    const [read] = await results([status], { caFile: authorityFile });
    assert.equal(read?.output[0]?.Fqdn, server);
  });

  it("answers many calls in one session, and one that takes longer than the operation time-out", async () => {
    const many = await results(Array.from({ length: 50 }, () => status));
    assert.equal(many.filter(({ state }) => state === 4).length, 50);
    await tell({ request: "add-fault", fault: { fault: "delay", server: "CAS-1", milliseconds: 3000 } });
    const [slow] = await results([status]);
    assert.equal(slow?.state, 4);
    assert(slow.seconds > 3);
  });

  it("refuses scripts and unknown commands, writes errors and warnings", async () => {
    const [script, unknown, missing, deprecated] = await results([
      { script: "Get-ClientAccessService cas-1" },
      { name: "Get-Process", parameters: {} },
      { name: "Get-OutlookAnywhere", parameters: { Server: "cas-9" } },
      { name: "Get-ClientAccessServer", parameters: { Identity: "cas-1" } },
    ]);
    assert.deepEqual([script?.state, script?.errors[0]?.id], [5, "ScriptsNotAllowed"]);
    assert.deepEqual([unknown?.state, unknown?.errors[0]?.id], [5, "CommandNotFoundException"]);
    assert.equal(missing?.state, 4);
    assert.match(missing?.errors[0]?.id ?? "", /FailureCategory=Cmdlet-ManagementObjectNotFoundException/);
    assert.equal(deprecated?.warnings.length, 1);
  });

  it("may run on another server, unless the session names its own", async () => {
    await tell({ request: "set-organization", proxyTo: "next" });
    const [elsewhere] = await results([write], { secrets: true });
    assert.match(elsewhere?.errors[0]?.message ?? "", /cas-1\.corp.*cas-2\.corp/);
    const path = `PowerShell?serializationLevel=Full;TargetServer=${server}`;
    const [pinned] = await results([write], { secrets: true, path });
    assert.deepEqual(pinned?.errors, []);
  });

  it("limits a user's shells, and forgets those that have expired", async () => {
    await tell({ request: "set-organization", maximumShells: 2 });
    assert.match((await ask([status], { pools: 3 })).failure ?? "", /maximum number of connections allowed : 2 /);
    await tell({ request: "expire-shells", server: "cas-1" });
    await tell({ request: "add-fault", fault: { fault: "delay", server: "CAS-1", milliseconds: 1500 } });
    const asked = ask([status]);
    const open = async () => (await labStatus(exchangeControlSocket)).servers[0]?.shells === 1;
    for (const deadline = Date.now() + 10_000; !(await open()); ) assert(Date.now() < deadline, "no shell was opened");
    await tell({ request: "expire-shells", server: "cas-1" });
    assert.match(JSON.stringify(await asked), /InvalidShellID|not found on the server|Broken|broken/);
  });

  it("shows only what the user's roles give", async () => {
    const user = `${corpUser}@${corp.dnsName}`;
    await logOn(corpUser);
    assert.match((await ask([status], {}, corpUser)).failure ?? "", /management roles/);
    await tell({ request: "set-roles", user, roles: ["View-Only Configuration"] });
    try {
      const { results: came } = await ask([status, { ...write, parameters: { Identity: "cas-1" } }], {}, corpUser);
      assert.deepEqual([came?.[0]?.state, came?.[1]?.errors[0]?.id], [4, "CommandNotFoundException"]);
    } finally {
      await tell({ request: "set-roles", user, roles: [] });
    }
  });
});
