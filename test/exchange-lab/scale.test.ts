import { strict as assert } from "node:assert";
import { ModelSession } from "../../lab/exchange/model-session";
import { PsCredential, PsObject, SecureString } from "../../provider/powershell/psrp";
import { organizationOf } from "./support/model";

describe("Exchange lab: at scale", () => {
  it("holds 300 servers in one process, each with a session and a credential of its own", async () => {
    const count = 300;
    const { connect, organization } = organizationOf(
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`cas-${index + 1}`, {}])),
    );
    organization.faults.add({ fault: "delay", milliseconds: 200 });
    const names = organization.servers.map((server) => server.fqdn);
    const started = Date.now();
    const texts = await Promise.all(
      names.map(async (name, index) => {
        const session = new ModelSession(name, connect(name));
        const secret = new PsCredential("TAILSPIN\\EXCH2016ASA$", new SecureString(`password ${index}`));
        await session.invoke([
          {
            name: "Set-ClientAccessService",
            parameters: { Identity: name, AlternateServiceAccountCredential: [secret] },
          },
        ]);
        const { output } = await session.invoke([
          {
            name: "Get-ClientAccessService",
            parameters: { Identity: name, IncludeAlternateServiceAccountCredentialStatus: true },
          },
        ]);
        await session.close();
        const [object] = output;
        return object instanceof PsObject ? object.property("AlternateServiceAccountConfiguration") : undefined;
      }),
    );
    for (const text of texts)
      assert.match(String(text), /^Latest: .*, TAILSPIN\\EXCH2016ASA\$\r\nPrevious: <Not set>$/);
    const passwords = new Set(organization.servers.map((server) => server.credentials.all[0]?.password));
    assert.equal(passwords.size, count);
    // Two calls of 200 ms each, all servers at once: one after the other would be two minutes.
    assert(Date.now() - started < 10_000);
  });

  it("fails the next calls of one cmdlet, and only so many", async () => {
    const { connect, organization } = organizationOf({ "cas-1": {} });
    organization.faults.add({ fault: "fail", server: "cas-1", cmdlet: "Get-ClientAccessService", times: 2 });
    const session = new ModelSession("cas-1", connect("cas-1"));
    const states = [];
    for (let call = 0; call < 3; call++) {
      states.push((await session.invoke([{ name: "Get-ClientAccessService" }])).state);
    }
    assert.deepEqual(states, ["failed", "failed", "completed"]);
  });

  it("stops a call that hangs", async () => {
    const { connect, organization } = organizationOf({ "cas-1": {} });
    organization.faults.add({ fault: "hang", cmdlet: "*" });
    const session = new ModelSession("cas-1", connect("cas-1"));
    await assert.rejects(session.invoke([{ name: "Get-ClientAccessService" }], { deadline: 50 }), { code: "timeout" });
  });
});
