import { strict as assert } from "node:assert";
import type { Value } from "../../lab/exchange/cmdlets/value";
import type { LogOn } from "../../lab/exchange/model/account-directory";
import { FullLanguageShell } from "../../lab/exchange/shell/full-language-shell";
import { administrator, organizationOf, run } from "./support/model";

const script = "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Scripts\\RollAlternateServiceAccountPassword.ps1";
const account = "TAILSPIN\\EXCH2016ASA$";

function shellOn(lab: ReturnType<typeof organizationOf>, server: string, logOn?: LogOn) {
  return new FullLanguageShell(lab.organization, lab.registry, {
    entry: lab.organization.require(server),
    user: administrator,
    logOn,
  });
}

function world() {
  const lab = organizationOf({ "cas-1": {}, "cas-2": {}, "cas-3": {} });
  lab.directory.add("EXCH2016ASA$", "set by hand");
  const shell = shellOn(lab, "cas-1", { name: administrator, password: "known" });
  const roll = async (parameters: Record<string, Value>) => {
    const { host } = await run(shell, [script, parameters]);
    const exit = await run(shell, ["Get-Variable", { Name: "LASTEXITCODE", ValueOnly: true }]);
    return { text: host.join("\n"), last: host.at(-1)?.trim(), exitCode: exit.output[0] };
  };
  const passwords = (server: string) =>
    lab.organization.require(server).credentials.all.map(({ password }) => password);
  const events = () =>
    lab.organization
      .require("cas-1")
      .events.read()
      .map(({ id }) => id);
  return { ...lab, shell, roll, passwords, events };
}

const generate = { GenerateNewPasswordFor: account, Unattended: true };

describe("Exchange lab: the roll script", () => {
  it("pushes one new password to all servers, then sets it in the directory", async () => {
    const { roll, passwords, directory, events } = world();
    const { text, last, exitCode } = await roll({ ToSpecificServers: true, Identity: ["cas-1", "cas-2"], ...generate });
    assert.equal(last, "THE SCRIPT HAS SUCCEEDED");
    assert.equal(exitCode, 0);
    const [password = ""] = passwords("cas-1");
    assert.match(password, /^[0-9a-f-]{36}X[0-9a-f-]{36}$/);
    assert.deepEqual(passwords("cas-2"), [password]);
    assert.equal(directory.passwordOf("EXCH2016ASA$"), password);
    assert.deepEqual(events(), [14002, 14001]);
    assert(text.indexOf("Pushing credentials to server CAS-2") < text.indexOf("Resetting a password"));
    assert(!text.includes(password));
  });

  it("keeps the password that still works beside the new one", async () => {
    const { roll, passwords } = world();
    const all = { ToSpecificServers: true, Identity: ["cas-1", "cas-2"], ...generate };
    await roll(all);
    const [first = ""] = passwords("cas-1");
    await roll(all);
    assert.equal(passwords("cas-1").length, 2);
    assert.equal(passwords("cas-2")[1], first);
  });

  it("binds -ToSpecificServer by its beginning and the server by position", async () => {
    const { shell, passwords } = world();
    await run(shell, [script, { ToSpecificServer: true, GenerateNewPasswordFor: account, Unattended: true }, "cas-1"]);
    assert.equal(passwords("cas-1").length, 1);
  });

  it("copies all credentials and removes what was there", async () => {
    const { roll, passwords, organization } = world();
    organization.require("cas-2").credentials.add([{ domain: "TAILSPIN", userName: "OTHER$", password: "stale" }]);
    await roll({ ToSpecificServers: true, Identity: ["cas-1"], ...generate });
    const { last } = await roll({ ToSpecificServers: true, Identity: ["cas-2"], CopyFrom: "cas-1", Unattended: true });
    assert.equal(last, "THE SCRIPT HAS SUCCEEDED");
    assert.deepEqual(passwords("cas-2"), passwords("cas-1"));
  });

  it("fails, and changes nothing, when the source of a copy has no credential", async () => {
    const { roll, passwords, organization } = world();
    organization.require("cas-2").credentials.add([{ domain: "TAILSPIN", userName: "OTHER$", password: "kept" }]);
    const copy = { ToSpecificServers: true, Identity: ["cas-2"], CopyFrom: "cas-1", Unattended: true };
    const { last, exitCode } = await roll(copy);
    assert.equal(last, "THE SCRIPT HAS FAILED");
    assert.equal(exitCode, 1);
    assert.deepEqual(passwords("cas-2"), ["kept"]);
  });

  it("fails a copy that not every server took", async () => {
    const { roll, passwords, organization } = world();
    await roll({ ToSpecificServers: true, Identity: ["cas-1"], ...generate });
    organization.faults.add({ fault: "fail", server: "cas-2", cmdlet: "Set-ClientAccessServer", times: 1 });
    const copy = { ToSpecificServers: true, Identity: ["cas-2", "cas-3"], CopyFrom: "cas-1", Unattended: true };
    const { last, exitCode } = await roll(copy);
    assert.deepEqual([last, exitCode], ["THE SCRIPT HAS FAILED", 1]);
    assert.deepEqual([passwords("cas-2"), passwords("cas-3")], [[], passwords("cas-1")]);
  });

  it("changes nothing when a server cannot be reached beforehand", async () => {
    const { roll, passwords, directory, organization, events } = world();
    organization.require("cas-2").online = false;
    const { exitCode } = await roll({ ToSpecificServers: true, Identity: ["cas-1", "cas-2"], ...generate });
    assert.equal(exitCode, 1);
    assert.deepEqual(passwords("cas-1"), []);
    assert.equal(directory.passwordOf("EXCH2016ASA$"), "set by hand");
    assert.deepEqual(events(), [14004, 14001]);
  });

  it("leaves the directory alone when a push fails, and says so", async () => {
    const { roll, passwords, directory, organization } = world();
    organization.faults.add({ fault: "fail", server: "cas-2", cmdlet: "Set-ClientAccessServer", times: 1 });
    const { text, exitCode } = await roll({ ToSpecificServers: true, Identity: ["cas-1", "cas-2"], ...generate });
    assert.equal(exitCode, 1);
    assert.match(text, /ERROR: The operation failed because the lab was told to/);
    assert.equal(passwords("cas-1").length, 1);
    assert.deepEqual(passwords("cas-2"), []);
    assert.equal(directory.passwordOf("EXCH2016ASA$"), "set by hand");
  });

  it("fails when the directory refuses the new password", async () => {
    const { roll, organization, directory } = world();
    organization.faults.add({ fault: "refuse-password-change", refuse: true });
    const { exitCode, last } = await roll({ ToSpecificServers: true, Identity: ["cas-1"], ...generate });
    assert.deepEqual([exitCode, last], [1, "THE SCRIPT HAS FAILED"]);
    assert.equal(directory.passwordOf("EXCH2016ASA$"), "set by hand");
  });

  it("cannot pass on a log-on that has no password: the second hop is refused", async () => {
    const lab = organizationOf({ "cas-1": {} });
    lab.directory.add("EXCH2016ASA$", "x");
    const roll = run(shellOn(lab, "cas-1"), [script, { ToSpecificServers: true, ...generate }, "cas-1"]);
    await assert.rejects(roll, /valid servers from the specified destination scope.*Access is denied/s);
  });

  it("ends with an error where it would prompt and nobody is there", async () => {
    const { shell, directory } = world();
    const attended = { ToSpecificServers: true, GenerateNewPasswordFor: account };
    await assert.rejects(run(shell, [script, attended, "cas-1"]), /does not support user interaction/);
    assert.equal(directory.passwordOf("EXCH2016ASA$"), "set by hand");
  });

  it("throws for an unknown account, a bad name, and arrays that are not there", async () => {
    const { roll } = world();
    const on = { ToSpecificServers: true, Identity: ["cas-1"], Unattended: true };
    await assert.rejects(roll({ ...on, GenerateNewPasswordFor: "TAILSPIN\\NOBODY$" }), /was not found/);
    await assert.rejects(roll({ ...on, GenerateNewPasswordFor: "asa@corp.tailspintoys.com" }), /does not match/);
    await assert.rejects(roll({ ToEntireForest: true, ...generate }), /No Client Access Arrays/);
    await assert.rejects(roll({ ...on, CopyFrom: "cas-9" }), /resolves to exactly one/);
  });

  it("can report another exit code than its last line says", async () => {
    const { roll, organization } = world();
    organization.faults.add({ fault: "misreport-script", exitCode: 0 });
    organization.faults.add({ fault: "refuse-password-change", refuse: true });
    const { exitCode, last } = await roll({ ToSpecificServers: true, Identity: ["cas-1"], ...generate });
    assert.deepEqual([exitCode, last], [0, "THE SCRIPT HAS FAILED"]);
  });
});
