import { strict as assert } from "node:assert";
import { listExchangeServers } from "../../provider/exchange/exchange-servers";
import type { RemoteShell } from "../../provider/exchange/remote-shell";
import { PsObject, type PsValue } from "../../provider/powershell";
import { completed } from "../support/pipeline-result";

type Server = Record<string, PsValue>;

const mailbox: Server = {
  ...{ Name: "CAS-1", Fqdn: "CAS-1.corp.tailspintoys.com", AdminDisplayVersion: "Version 15.0 (Build 1497.2)" },
  ...{ Site: "corp.tailspintoys.com/Configuration/Sites/ADSite1", IsClientAccessServer: true, IsEdgeServer: false },
};

async function list(...servers: readonly Server[]): Promise<string[]> {
  const output = servers.map((server) => new PsObject({ adapted: new Map(Object.entries(server)) }));
  const shell: RemoteShell = { host: "cas-1", invoke: async () => ({ ...completed, output }) };
  const found = await listExchangeServers(shell);
  return found.map(({ name, product, site, clientAccess }) => `${name} ${product} ${site} ${clientAccess}`);
}

/** What stands in an organization beside the servers that this package is about. */
describe("the servers of an organization", () => {
  it("are those that clients may come to, whatever form their properties come in", async () => {
    assert.deepEqual(
      await list(mailbox, { ...mailbox, Name: "CAS-2", IsClientAccessServer: "True", IsEdgeServer: null }),
      ["CAS-1 2013 ADSite1 true", "CAS-2 2013 ADSite1 true"],
    );
    const backEnd = { ...mailbox, Name: "MBX-1", IsClientAccessServer: "False", Site: null };
    assert.deepEqual(await list(backEnd), ["MBX-1 2013  false"]);
  });

  it("are none at the edge, and none from before 2010, which cannot have the credential: 2013 lives with 2007", async () => {
    const edge = { ...mailbox, Name: "EDGE-1", IsEdgeServer: "True", AdminDisplayVersion: "" };
    const old = [
      { ...mailbox, Name: "OLD-1", AdminDisplayVersion: "Version 8.3 (Build 83.6)" },
      { ...mailbox, Name: "OLD-2", Fqdn: null, AdminDisplayVersion: "Version 6.5 (Build 7638.2: Service Pack 2)" },
    ];
    assert.deepEqual(await list(edge, ...old, mailbox), ["CAS-1 2013 ADSite1 true"]);
  });

  it("are told apart by their builds", async () => {
    const builds = { "14.3 (Build 123.4)": "2010", "15.1 (Build 2507.6)": "2016", "15.2 (Build 2561.99)": "2019" };
    for (const [build, product] of Object.entries({ ...builds, "15.2 (Build 2562.17)": "SE" })) {
      const found = await list({ ...mailbox, AdminDisplayVersion: `Version ${build}` });
      assert.deepEqual(found, [`CAS-1 ${product} ADSite1 true`]);
    }
  });

  it("are refused where one has a version that nobody here knows", async () => {
    for (const version of ["Version 15.3 (Build 1.1)", "Version 16.0 (Build 8000.1)", ""]) {
      await assert.rejects(list(mailbox, { ...mailbox, AdminDisplayVersion: version }), {
        code: "refused",
        message: /cas-1\.corp\S+ has a version that this package does not know/i,
      });
    }
  });
});
