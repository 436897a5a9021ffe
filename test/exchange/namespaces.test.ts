import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import type { ExchangeProduct, ExchangeServer } from "../../provider/exchange/exchange-servers";
import { readNamespaces } from "../../provider/exchange/namespaces";
import type { RemoteShell } from "../../provider/exchange/remote-shell";
import { type Pipeline, PsObject, type PsValue } from "../../provider/powershell";
import { completed } from "../support/pipeline-result";

type Directory = Record<string, PsValue>;

/** What is read where one command gives these objects and the others none, and which commands were sent. */
async function read(command: string, directories: readonly Directory[], product: ExchangeProduct = "2019") {
  const sent: Pipeline[0][] = [];
  const shell: RemoteShell = {
    host: "cas-1",
    invoke: async ([asked]) => {
      if (asked !== undefined) sent.push(asked);
      const found = asked?.name === command ? directories : [];
      const output = found.map(({ text, ...given }) => {
        return new PsObject({ adapted: new Map(Object.entries(given)), text: text as string | undefined });
      });
      return { ...completed, output };
    },
  };
  const entry: ExchangeServer = {
    ...{ name: "CAS-1", fqdn: "cas-1.example.com", product, version: "15.2.1748.10" },
    ...{ site: "ADSite1", clientAccess: true, mailbox: true },
  };
  const found = await readNamespaces(shell, entry);
  return { sent, names: found.map(({ server, internal, external }) => [server, internal, external]) };
}

/** A name that is missed here has no SPN, and its clients no Kerberos. */
describe("the names that servers give to clients", () => {
  it("are the hosts of URLs, however these are written", async () => {
    const from = async (url: string | null) => {
      const directory = { Server: "CAS-1", InternalUrl: url, ExternalUrl: null };
      const { names } = await read("Get-MapiVirtualDirectory", [directory]);
      return names[0]?.[1];
    };
    for (const url of [
      "https://mail.example.com/mapi",
      "HTTPS://Mail.Example.com:443/mapi",
      "https://mail.example.com./",
    ]) {
      assert.equal(await from(url), "mail.example.com", url);
    }
    for (const none of [null, "", " ", "https://"]) assert.equal(await from(none), undefined, String(none));
  });

  it("are Outlook Anywhere's host names as they stand", async () => {
    const directory = { Server: "CAS-1", InternalHostname: " Mail.example.com. ", ExternalHostname: "out.example.com" };
    const { names } = await read("Get-OutlookAnywhere", [directory]);
    assert.deepEqual(names, [["CAS-1", "mail.example.com", "out.example.com"]]);
  });

  it("belong to the server that the directory names, in whichever of its forms it comes", async () => {
    const url = { InternalUrl: "https://mail.example.com/OAB", ExternalUrl: "https://out.example.com/OAB" };
    const of = (server: string) => [server, "mail.example.com", "out.example.com"];
    const { names } = await read("Get-OabVirtualDirectory", [
      { ...url, Server: "CAS-1", Identity: "CAS-9\\OAB (Default Web Site)" },
      { ...url, Identity: "CAS-2\\OAB (Default Web Site)", text: "CAS-9\\OAB (Default Web Site)" },
      { ...url, text: "CAS-3\\OAB (Default Web Site)" },
    ]);
    assert.deepEqual(names, ["CAS-1", "CAS-2", "CAS-3"].map(of));
  });

  it("are asked of the directory alone: a server that is down has names too", async () => {
    const { sent } = await read("", []);
    const [last] = sent.splice(-1);
    assert.equal(sent.length, 7);
    for (const { name, parameters } of sent) assert.deepEqual(parameters, { ADPropertiesOnly: true }, name);
    assert.deepEqual(last?.parameters, {});
  });

  for (const [product, command] of [
    ["2013", "Get-ClientAccessServer"],
    ["2016", "Get-ClientAccessService"],
  ] as const) {
    it(`of Autodiscover are those of the service connection points, by ${product}'s ${command}`, async () => {
      const uri = "https://autodiscover.example.com/autodiscover/autodiscover.xml";
      const { names } = await read(command, [{ Name: "CAS-1", AutoDiscoverServiceInternalUri: uri }], product);
      assert.deepEqual(names, [["CAS-1", "autodiscover.example.com", undefined]]);
    });
  }
});
