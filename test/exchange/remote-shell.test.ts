import { strict as assert } from "node:assert";
import { ModelSession } from "../../lab/exchange/model-session";
import { ProviderError } from "../../provider/error";
import { addAlternateAccount, readAlternateAccount } from "../../provider/exchange/alternate-account";
import type { ExchangeServer } from "../../provider/exchange/exchange-servers";
import { type RemoteShell, run } from "../../provider/exchange/remote-shell";
import { readServiceHealth } from "../../provider/exchange/service-health";
import { type Command, type PipelineResult, PsObject, type PsValue, SecureString } from "../../provider/powershell";
import { organizationOf } from "../exchange-lab/support/model";
import { completed } from "../support/pipeline-result";

const server: ExchangeServer = {
  ...{ name: "CAS-1", fqdn: "cas-1.corp.tailspintoys.com", product: "2016", version: "15.1.2507.6", site: "ADSite1" },
  ...{ clientAccess: true, mailbox: true },
};

function shell(answer: () => PipelineResult): RemoteShell & { readonly sent: Command[] } {
  const sent: Command[] = [];
  const invoke: RemoteShell["invoke"] = async ([command]) => {
    sent.push(command);
    return answer();
  };
  return { host: "cas-9", sent, invoke };
}

const named = (name: string): PsValue => new PsObject({ adapted: new Map([["Name", name]]) });

describe("a command of Exchange", () => {
  it("is not done where it came to another end than its own, without an error", async () => {
    for (const state of ["stopped", "failed"] as const) {
      const work = run(
        shell(() => ({ ...completed, state })),
        [{ name: "Set-Something" }],
        { what: "do it" },
      );
      const message = new RegExp(`^cas-9: could not do it: the command was ${state}\\.`);
      await assert.rejects(work, { code: "powershell-failed", message });
    }
  });

  it("has changed nothing where it only reads and the connection breaks; else nobody knows", async () => {
    const dead = shell(() => {
      throw new ProviderError("unclear-outcome", "The line is dead.");
    });
    const reads = run(dead, [{ name: "Get-Something" }], { what: "read it" });
    await assert.rejects(reads, { code: "protocol", message: /could not read it: .*Nothing was changed/ });
    const writes = run(dead, [{ name: "Get-Something" }, { name: "Set-Something" }], { what: "write it" });
    await assert.rejects(writes, { code: "unclear-outcome", message: /whether it is done to write it is not known/ });
  });
});

describe("an error of Exchange", () => {
  const said = (message: string) => {
    const error = { message, fullyQualifiedErrorId: "x", category: 0, target: null, value: message };
    const busy = shell(() => ({ ...completed, errors: [error] }));
    return run(busy, [{ name: "Set-Something" }], { what: "do it" });
  };

  it("has the remedy besides its words, where those have a known meaning", async () => {
    const quota = "The user load quota of 1000 requests per 0 seconds has been exceeded.";
    await assert.rejects(said(quota), {
      code: "powershell-failed",
      message: `cas-9: could not do it: ${quota} The server is busy, or limits this account: wait some minutes, run fewer operations at once, or raise its throttling policy.`,
    });
  });

  it("has its words alone, where nobody knows more", async () => {
    await assert.rejects(said("The object is corrupt."), { message: "cas-9: could not do it: The object is corrupt." });
  });
});

describe("the services of one server", () => {
  const { organization, connect } = organizationOf({ "cas-1": {} });
  const model = new ModelSession("cas-1", connect("cas-1"));

  it("are told of also where one does not run, for which Test-ServiceHealth writes an error besides", async () => {
    const seen = async () => (await readServiceHealth(model, server)).stopped;
    assert.deepEqual(await seen(), []);
    organization.require("cas-1").setService("MSExchangeServiceHost", "Stopped");
    assert.deepEqual([...new Set(await seen())], ["MSExchangeServiceHost"]);
  });

  it("are not known of a server that is not there, nor where the command was cut short", async () => {
    const gone = readServiceHealth(model, { ...server, fqdn: "cas-8.corp.tailspintoys.com" });
    await assert.rejects(gone, { code: "powershell-failed", message: /object 'cas-8\S+' couldn't be found/ });
    const cut = shell(() => ({ ...completed, state: "stopped", output: [named("Mailbox Server Role")] }));
    await assert.rejects(readServiceHealth(cut, server), { message: /the command was stopped/ });
  });
});

describe("the credential of one server", () => {
  it("is read from no answer about another, or about all, as Exchange gives for a name that it does not know", async () => {
    const answers: [objects: PsValue[], about: string][] = [
      [[], "no server"],
      [[named("CAS-2")], "CAS-2"],
      [[named("CAS-1"), named("CAS-2")], "CAS-1"],
    ];
    for (const [output, about] of answers) {
      const read = readAlternateAccount(
        shell(() => ({ ...completed, output })),
        server,
      );
      await assert.rejects(read, { code: "wrong-server", message: new RegExp(`the answer is about ${about}\\.`) });
    }
    const read = await readAlternateAccount(
      shell(() => ({ ...completed, output: [named("cas-1")] })),
      server,
    );
    assert.deepEqual(read.credentials, []);
  });

  it("says what to do where it comes to another server than the one that encrypts it, which both are in Exchange's words", async () => {
    const { organization, connect } = organizationOf({ "cas-1": {}, "cas-2": {} });
    organization.state.proxyTo = "next-always";
    const elsewhere = new ModelSession(server.fqdn, connect("cas-1", `TargetServer=${server.fqdn}`));
    const credential = { account: "TAILSPIN\\EXCH2016ASA$", password: new SecureString("Keep-1") };
    await assert.rejects(addAlternateAccount(elsewhere, server, credential, "keep"), {
      code: "powershell-failed",
      message: /but it was run on "cas-2\.corp.*This has to run on cas-1\.corp\S+ itself.*use method: "script"\.$/,
    });
    assert.deepEqual((await readAlternateAccount(elsewhere, server)).credentials, []);
  });

  it("comes beside those that are there, or in place of those that cannot log on, by the cmdlet of its version", async () => {
    const credential = { account: "TAILSPIN\\EXCH2016ASA$", password: new SecureString("Keep-1") };
    const sent = async (product: ExchangeServer["product"], older: "keep" | "clean-up") => {
      const to = shell(() => completed);
      await addAlternateAccount(to, { ...server, product }, credential, older);
      const [{ name = "", parameters = {} } = {}] = to.sent;
      return [name, parameters.Identity, parameters.CleanUpInvalidAlternateServiceAccountCredentials ?? false];
    };
    assert.deepEqual(await sent("2013", "keep"), ["Set-ClientAccessServer", server.fqdn, false]);
    for (const product of ["2016", "2019", "SE"] as const) {
      assert.deepEqual(await sent(product, "clean-up"), ["Set-ClientAccessService", server.fqdn, true]);
    }
  });
});
