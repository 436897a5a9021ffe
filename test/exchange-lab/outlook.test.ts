import { strict as assert } from "node:assert";
import { textOf, type Value } from "../../lab/exchange/cmdlets/value";
import { organizationOf, property, run } from "./support/model";

const servers = { "cas-1": {}, "cas-2": {} };
const rpc = "CAS-1\\Rpc (Default Web Site)";
const mapi = "CAS-1\\mapi (Default Web Site)";

function set(command: string, identity: string) {
  const { connect } = organizationOf(servers);
  const shell = connect("cas-1");
  return (parameters: Record<string, Value>) => run(shell, [command, { Identity: identity, ...parameters }]);
}

describe("Exchange lab: Outlook Anywhere and MAPI", () => {
  it("takes the pipeline of the article", async () => {
    const { connect, organization } = organizationOf(servers);
    const result = await run(
      connect("cas-1"),
      ["Get-OutlookAnywhere", { Server: "CAS-1" }],
      ["Set-OutlookAnywhere", { InternalClientAuthenticationMethod: "Negotiate" }],
    );
    assert.equal(result.warnings.length, 1);
    const [first, second] = organization.servers.map(({ state }) => state.virtualDirectories.outlookAnywhere);
    assert.equal(first?.internalClientAuthenticationMethod, "Negotiate");
    assert.equal(second?.internalClientAuthenticationMethod, "Ntlm");
  });

  it("checks fields against each other", async () => {
    const outlook = set("Set-OutlookAnywhere", rpc);
    const refused: Record<string, Value>[] = [
      { ExternalHostname: "mail.contoso.com" },
      { ExternalHostname: "mail.contoso.com", ExternalClientsRequireSsl: true },
      { InternalHostname: "mail.contoso.com" },
      { InternalHostname: "", ExternalHostname: "" },
      { InternalClientsRequireSsl: false, InternalClientAuthenticationMethod: "Basic", SSLOffloading: true },
      { InternalClientsRequireSsl: false },
      { IISAuthenticationMethods: null },
      { DefaultAuthenticationMethod: "Ntlm", IISAuthenticationMethods: ["Ntlm"] },
    ];
    for (const parameters of refused) {
      const { errors } = await outlook(parameters);
      assert.equal(errors[0]?.category, "InvalidArgument", JSON.stringify(parameters));
    }
    const { errors } = await outlook({ InternalClientsRequireSsl: false, SSLOffloading: true });
    assert.deepEqual(errors, []);
  });

  it("reads by server or by identity, never both; an unknown identity gives all", async () => {
    const shell = organizationOf(servers).connect("cas-1");
    const both = run(shell, ["Get-OutlookAnywhere", { Server: "cas-1", Identity: rpc }]);
    await assert.rejects(both, /Parameter set cannot be resolved/);
    const all = await run(shell, ["Get-OutlookAnywhere", { Identity: "cas-9\\rpc*" }]);
    assert.deepEqual(all.output.map(textOf), [rpc, rpc.replace("1", "2")]);
    const one = await run(shell, ["Get-OutlookAnywhere", { Identity: "cas-1\\rpc*" }]);
    assert.deepEqual(one.output.map(textOf), [rpc]);
    const unknown = await run(shell, ["Get-OutlookAnywhere", { Server: "cas-9" }]);
    assert.equal(unknown.errors.length, 1);
  });

  it("takes the MAPI list as it is: what is not in it is gone", async () => {
    const { connect } = organizationOf(servers);
    const shell = connect("cas-1");
    await run(shell, ["Set-MapiVirtualDirectory", { Identity: mapi, IISAuthenticationMethods: "ntlm,negotiate" }]);
    const read = await run(shell, ["Get-MapiVirtualDirectory", { Server: "cas-1" }]);
    for (const name of ["IISAuthenticationMethods", "InternalAuthenticationMethods"]) {
      assert.deepEqual((property(read, name) as Value[]).map(textOf), ["Ntlm", "Negotiate"]);
    }
  });

  it("wants the MAPI methods beside a URL", async () => {
    const directory = set("Set-MapiVirtualDirectory", mapi);
    const refused = await directory({ InternalUrl: "https://mail.contoso.com/mapi" });
    assert.equal(refused.errors[0]?.category, "InvalidArgument");
    const taken = await directory({
      InternalUrl: "https://mail.contoso.com/mapi",
      IISAuthenticationMethods: ["OAuth"],
    });
    assert.deepEqual(taken.errors, []);
  });

  it("lets a change count for requests only after the application pool has recycled", async () => {
    const { connect, organization } = organizationOf(servers);
    const server = organization.require("cas-1");
    const list = { Identity: mapi, IISAuthenticationMethods: ["OAuth"] };
    await run(connect("cas-1"), ["Set-MapiVirtualDirectory", list]);
    assert(server.effective.mapi.iisAuthenticationMethods.includes("Negotiate"));
    server.recycle("MSExchangeMapiFrontEndAppPool");
    assert.deepEqual(server.effective.mapi.iisAuthenticationMethods, ["OAuth"]);
  });

  it("shows what IIS holds as if it were off where only the directory was asked: nobody can tell the one from the other", async () => {
    const shell = organizationOf(servers).connect("cas-1");
    const [whole, part] = [{ Server: "cas-1" }, { Server: "cas-1", ADPropertiesOnly: true }] as const;
    for (const [noun, shown, hidden] of [
      ["MapiVirtualDirectory", "InternalAuthenticationMethods", "IISAuthenticationMethods"],
      ["OutlookAnywhere", "InternalClientAuthenticationMethod", "IISAuthenticationMethods"],
      ["OwaVirtualDirectory", "InternalUrl", "FormsAuthentication"],
    ] as const) {
      const [all, stored] = [await run(shell, [`Get-${noun}`, whole]), await run(shell, [`Get-${noun}`, part])];
      assert.deepEqual(property(stored, shown), property(all, shown));
      assert.notDeepEqual(property(stored, hidden), property(all, hidden), noun);
      assert.match(textOf(property(stored, hidden)), /^(false)?$/, noun);
      assert.equal(textOf(property(stored, "ExtendedProtectionTokenChecking")), "None");
    }
  });

  it("reads the directory's part of a server that is down, not its IIS", async () => {
    const { connect, organization } = organizationOf(servers);
    organization.require("cas-2").online = false;
    const shell = connect("cas-1");
    const stored = await run(shell, ["Get-MapiVirtualDirectory", { Server: "cas-2", ADPropertiesOnly: true }]);
    assert.equal(stored.output.length, 1);
    const live = await run(shell, ["Get-MapiVirtualDirectory", { Server: "cas-2" }]);
    assert.deepEqual([live.output.length, live.errors[0]?.category], [0, "ResourceUnavailable"]);
  });
});
