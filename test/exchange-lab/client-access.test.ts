import { strict as assert } from "node:assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CmdletError } from "../../lab/exchange/cmdlets/cmdlet-error";
import { ObjectValue, textOf, type Value } from "../../lab/exchange/cmdlets/value";
import { credential, organizationOf, property, type Result, run } from "./support/model";

const status = { IncludeAlternateServiceAccountCredentialStatus: true };
const two = { "cas-1": { product: "2019" }, "cas-2": { product: "2016" } } as const;

function names(result: Result): string[] {
  return result.output.map(textOf);
}

function configuration(result: Result): string {
  return textOf(property(result, "AlternateServiceAccountConfiguration"));
}

function passwords(result: Result): string[] {
  const object = property(result, "AlternateServiceAccountConfiguration");
  assert(object instanceof ObjectValue);
  return (object.properties.EffectiveCredentials as Value[]).map((item) => {
    const inner = (item as ObjectValue).properties.Credential;
    return (inner as unknown as { password: string }).password;
  });
}

describe("Exchange lab: Client Access cmdlets", () => {
  it("returns one server for its name, and all for a name that nobody has", async () => {
    const shell = organizationOf(two).connect("cas-1");
    assert.deepEqual(names(await run(shell, ["Get-ClientAccessService", {}, "cas-2"])), ["CAS-2"]);
    const all = await run(shell, ["Get-ClientAccessService", { Identity: "cas-9" }]);
    assert.deepEqual(names(all), ["CAS-1", "CAS-2"]);
    assert.deepEqual(all.errors, []);
  });

  it("loads the configuration only when asked, and says <Not set> when there is none", async () => {
    const shell = organizationOf(two).connect("cas-1");
    const bare = await run(shell, ["Get-ClientAccessService", { Identity: "cas-1" }]);
    assert.equal(property(bare, "AlternateServiceAccountConfiguration"), null);
    const asked = await run(shell, ["Get-ClientAccessService", { Identity: "cas-1", ...status }]);
    assert.equal(configuration(asked), "Latest: <Not set>\r\nPrevious: <Not set>");
  });

  it("puts the first of the list on top, appends the same credential again, and checks no password", async () => {
    const { connect } = organizationOf(two);
    const shell = connect("cas-1", "?serializationLevel=Full");
    const set = (...list: string[]) =>
      run(shell, [
        "Set-ClientAccessService",
        { Identity: "cas-1", AlternateServiceAccountCredential: list.map((password) => credential(password)) },
      ]);
    await set("newer", "older");
    await set("newer");
    const read = await run(shell, [
      "Get-ClientAccessService",
      { Identity: "cas-1", IncludeAlternateServiceAccountCredentialPassword: true },
    ]);
    assert.deepEqual(passwords(read), ["newer", "newer", "older"]);
    assert.match(configuration(read), /^Latest: .*\\EXCH2016ASA\$\r\nPrevious: .*\\EXCH2016ASA\$\r\n\.\.\.$/);
  });

  it("shows no password with the status, only accounts and times", async () => {
    const shell = organizationOf(two).connect("cas-1");
    await run(shell, [
      "Set-ClientAccessService",
      { Identity: "cas-1", AlternateServiceAccountCredential: [credential("secret")] },
    ]);
    const read = await run(shell, ["Get-ClientAccessService", { Identity: "cas-1", ...status }]);
    const object = property(read, "AlternateServiceAccountConfiguration") as ObjectValue;
    const [first] = object.properties.EffectiveCredentials as ObjectValue[];
    assert.equal(first?.properties.Credential, null);
    assert.equal(first?.properties.QualifiedUserName, "TAILSPIN\\EXCH2016ASA$");
  });

  it("cleans up by trying to log on: one entry for each name stays, and all stay when none would", async () => {
    const { connect, directory } = organizationOf(two);
    const shell = connect("cas-1");
    const set = (parameters: Record<string, Value>) =>
      run(shell, ["Set-ClientAccessService", { Identity: "cas-1", ...parameters }]);
    const cleanUp = { CleanUpInvalidAlternateServiceAccountCredentials: true };
    await set({
      AlternateServiceAccountCredential: [credential("c"), credential("b"), credential("b"), credential("a")],
    });
    const refused = await set(cleanUp);
    assert.equal(refused.warnings.length, 1);
    const read = () =>
      run(shell, [
        "Get-ClientAccessService",
        { Identity: "cas-1", IncludeAlternateServiceAccountCredentialPassword: true },
      ]);
    assert.deepEqual(passwords(await read()), ["c", "b", "b", "a"]);
    directory.add("EXCH2016ASA$", "b");
    const cleaned = await set({ ...cleanUp, AlternateServiceAccountCredential: [credential("new")] });
    assert.deepEqual(cleaned.warnings, []);
    assert.deepEqual(passwords(await read()), ["new", "b"]);
  });

  it("removes everything, then adds; refuses to remove and clean up at once", async () => {
    const shell = organizationOf(two).connect("cas-1");
    const set = (parameters: Record<string, Value>) =>
      run(shell, ["Set-ClientAccessService", { Identity: "cas-1", ...parameters }]);
    await set({ AlternateServiceAccountCredential: [credential("old")] });
    const remove = { RemoveAlternateServiceAccountCredentials: true };
    await set({ ...remove, AlternateServiceAccountCredential: [credential("new")] });
    const read = await run(shell, [
      "Get-ClientAccessService",
      { Identity: "cas-1", IncludeAlternateServiceAccountCredentialPassword: true },
    ]);
    assert.deepEqual(passwords(read), ["new"]);
    const both = await set({ ...remove, CleanUpInvalidAlternateServiceAccountCredentials: true });
    assert.equal(both.errors[0]?.category, "SyntaxError");
    assert.deepEqual((await set(remove)).errors, []);
    assert.deepEqual((await set(remove)).warnings, []);
  });

  it("takes only DOMAIN\\name", async () => {
    const { connect, organization } = organizationOf(two);
    for (const name of ["asa@corp.tailspintoys.com", "TAILSPIN/asa", "A\\B\\C", "asa", "TAILSPIN\\"]) {
      const result = await run(connect("cas-1"), [
        "Set-ClientAccessService",
        { Identity: "cas-1", AlternateServiceAccountCredential: [credential("x", name)] },
      ]);
      assert.equal(result.errors[0]?.category, "InvalidArgument", name);
    }
    assert.equal(organization.require("cas-1").credentials.all.length, 0);
  });

  it("writes, cleans up and reads passwords only on the server itself; status and removal go anywhere", async () => {
    const shell = organizationOf(two).connect("cas-1");
    const refused = await run(shell, [
      "Set-ClientAccessService",
      { Identity: "cas-2", AlternateServiceAccountCredential: [credential("x")] },
    ]);
    assert.match(refused.errors[0]?.message ?? "", /cas-2\.corp\.tailspintoys\.com.*cas-1\.corp\.tailspintoys\.com/);
    const password = await run(shell, [
      "Get-ClientAccessService",
      { Identity: "cas-2", IncludeAlternateServiceAccountCredentialPassword: true },
    ]);
    assert.equal(password.errors[0]?.category, "InvalidOperation");
    assert.deepEqual((await run(shell, ["Get-ClientAccessService", { Identity: "cas-2", ...status }])).errors, []);
    const remove = { Identity: "cas-2", RemoveAlternateServiceAccountCredentials: true };
    assert.deepEqual((await run(shell, ["Set-ClientAccessService", remove])).errors, []);
  });

  it("may run on another server than the one connected to, unless TargetServer pins it", async () => {
    const { connect, organization } = organizationOf(two);
    organization.state.proxyTo = "next";
    assert.equal(connect("cas-1").runsOn, "cas-2.corp.tailspintoys.com");
    const pinned = connect("cas-1", "?serializationLevel=Full;TargetServer=cas-1.corp.tailspintoys.com;PSVersion=5.1");
    assert.equal(pinned.runsOn, "cas-1.corp.tailspintoys.com");
  });

  it("writes the date in the culture and time zone of the server that runs the cmdlet", async () => {
    const { connect, organization } = organizationOf(two);
    const server = organization.require("cas-1");
    server.credentials.add([{ domain: "tailspin", userName: "asa$", password: "x" }], new Date("2016-01-12T22:19:22Z"));
    const read = async () =>
      configuration(await run(connect("cas-1"), ["Get-ClientAccessService", { Identity: "cas-1", ...status }]));
    const previous = "\r\nPrevious: <Not set>";
    assert.equal(await read(), `Latest: 1/12/2016 10:19:22 PM, tailspin\\asa$${previous}`);
    Object.assign(server.state, { culture: "de-DE", timeZone: "Europe/Berlin" });
    assert.equal(await read(), `Latest: 12.01.2016 23:19:22, tailspin\\asa$${previous}`);
    Object.assign(server.state, { culture: "x-comma", timeZone: "Asia/Tokyo" });
    assert.equal(await read(), `Latest: 13 January, 2016 07:19:22, tailspin\\asa$${previous}`);
  });

  it("knows the names of its version, and warns of the former one", async () => {
    const { connect } = organizationOf({ "cas-1": { product: "2013" }, "cas-2": { product: "SE" } });
    await assert.rejects(run(connect("cas-1"), ["Get-ClientAccessService"]), { errorId: "CommandNotFoundException" });
    assert.deepEqual((await run(connect("cas-1"), ["Get-ClientAccessServer", {}, "cas-1"])).warnings, []);
    assert.equal((await run(connect("cas-2"), ["Get-ClientAccessServer", {}, "cas-2"])).warnings.length, 1);
    const silent = { WarningAction: "SilentlyContinue" };
    assert.deepEqual((await run(connect("cas-2"), ["Get-ClientAccessServer", silent, "cas-2"])).warnings, []);
  });

  it("hides commands and parameters without their role", async () => {
    const { connect, organization } = organizationOf(two);
    organization.state.administrators["reader@corp.tailspintoys.com"] = ["View-Only Configuration"];
    organization.state.administrators["clerk@corp.tailspintoys.com"] = ["Organization Client Access"];
    const set = { Identity: "cas-1", AlternateServiceAccountCredential: [credential("x")] };
    const reader = connect("cas-1", "", "reader@corp.tailspintoys.com");
    await assert.rejects(run(reader, ["Set-ClientAccessService", set]), { errorId: "CommandNotFoundException" });
    const clerk = connect("cas-1", "", "clerk@corp.tailspintoys.com");
    await assert.rejects(run(clerk, ["Set-ClientAccessService", set]), /cannot be found that matches parameter name/);
    assert.throws(() => connect("cas-1", "", "nobody@corp.tailspintoys.com"), /management roles/);
  });

  it("does not mix the account's parameters with those of Autodiscover", async () => {
    const shell = organizationOf(two).connect("cas-1");
    const mixed = { Identity: "cas-1", RemoveAlternateServiceAccountCredentials: true, AutoDiscoverSiteScope: ["a"] };
    await assert.rejects(run(shell, ["Set-ClientAccessService", mixed]), (error: CmdletError) =>
      error.errorId.startsWith("AmbiguousParameterSet"),
    );
  });

  it("does nothing for -WhatIf, and warns when nothing was asked", async () => {
    const { connect, organization } = organizationOf(two);
    const shell = connect("cas-1");
    const set = { Identity: "cas-1", AlternateServiceAccountCredential: [credential("x")], WhatIf: true };
    await run(shell, ["Set-ClientAccessService", set]);
    assert.equal(organization.require("cas-1").credentials.all.length, 0);
    assert.equal((await run(shell, ["Set-ClientAccessService", { Identity: "cas-1" }])).warnings.length, 1);
  });

  it("keeps credentials encrypted across a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "exchange-lab-"));
    try {
      const shell = organizationOf({ "cas-1": {} }, folder).connect("cas-1");
      const set = { Identity: "cas-1", AlternateServiceAccountCredential: [credential("findMeIfYouCan")] };
      await run(shell, ["Set-ClientAccessService", set]);
      const again = organizationOf({}, folder).organization.require("cas-1");
      assert.equal(again.credentials.all[0]?.password, "findMeIfYouCan");
      for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (file.isFile())
          assert(!readFileSync(join(file.parentPath, file.name)).includes("findMeIfYouCan"), file.name);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("limits the shells of one user on one server", () => {
    const { connect, organization, registry } = organizationOf(two);
    organization.state.maximumShells = 2;
    const first = connect("cas-1");
    connect("cas-1");
    assert.throws(() => connect("cas-1"), /maximum number of connections allowed : 2 /);
    connect("cas-2");
    first.close();
    connect("cas-1");
    assert.equal(registry.expire("CAS-1"), 2);
  });
});
