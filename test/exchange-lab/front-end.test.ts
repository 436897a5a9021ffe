import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { corp } from "../../lab/domain-controller";
import { exchangeFolder } from "../../lab/exchange/up";
import { namespaceProcesses } from "../../lab/network-namespace";
import { corpUser } from "../../lab/people";
import { logFolder } from "../../lab/processes";
import { requireExchange } from "../support/lab";
import {
  basicOptions,
  deploy,
  exchangeAdministrator,
  httpProxyRows,
  MailClient,
  removeCredentials,
  TestAccount,
  tell,
} from "./support/clients";

const mail = `mail.${corp.dnsName}`;
const spn = `http/${mail}`;
const servers = ["cas-1", "cas-2"];
const random = () => randomBytes(24).toString("base64url");

describe("Exchange lab: clients in front of real Kerberos", function () {
  this.timeout(60_000);
  const account = new TestAccount("LABASA", random());
  const other = new TestAccount("LABOTHER", random());
  const client = new MailClient();
  let ready = false;

  before(async function () {
    await requireExchange(this);
    ready = true;
    for (const server of servers) await removeCredentials(server);
    await account.create();
    await other.create();
    await account.addSpn(spn);
  });

  after(async () => {
    if (!ready) return;
    for (const server of servers) await removeCredentials(server);
    await account.delete();
    await other.delete();
  });

  beforeEach(async () => {
    await account.setPassword(account.secret);
    for (const server of servers) {
      await removeCredentials(server);
      await deploy(server, account.samAccountName, account.secret);
    }
    await client.logOn();
  });

  /** Statuses by the server that answered, of so many requests through the balancer. */
  async function through(url: string, requests = 4): Promise<Map<string, Set<number>>> {
    const seen = new Map<string, Set<number>>();
    for (let at = 0; at < requests; at++) {
      const { status, server } = await client.get(url);
      seen.set(server, (seen.get(server) ?? new Set()).add(status));
    }
    return seen;
  }

  it("lets a client with a ticket in on every server, and logs it as HttpProxy does", async () => {
    for (const path of [
      "mapi/emsmdb",
      "rpc/rpcproxy.dll",
      "EWS/Exchange.asmx",
      "OAB/x",
      "autodiscover/autodiscover.xml",
    ]) {
      const seen = await through(`https://${mail}/${path}`);
      assert.deepEqual([...seen.keys()].sort(), ["CAS-1", "CAS-2"], path);
      for (const statuses of seen.values()) assert.deepEqual([...statuses], [200], path);
    }
    assert.deepEqual(
      [...(await through(`http://${mail}/mapi/`)).values()].map((one) => [...one]),
      [[200], [200]],
    );
    for (const server of servers) {
      const row = httpProxyRows(server, "Mapi").findLast(({ HttpStatus }) => HttpStatus === "200");
      assert.equal(row?.AuthenticationType, "Negotiate");
      assert.equal(row?.IsAuthenticated, "true");
      assert.equal(row?.AuthenticatedUser, `TAILSPIN\\${corpUser}`);
      assert.equal(row?.UrlHost, mail);
      assert.equal(row?.ServerHostName, server.toUpperCase());
    }
  });

  it("turns away who has not bound the logon to the TLS connection where Extended Protection is required", async () => {
    const protect = async (checking: "Require" | "None") => {
      const parameters = { Identity: "CAS-2\\mapi (Default Web Site)", ExtendedProtectionTokenChecking: checking };
      const commands = [{ name: "Set-MapiVirtualDirectory", parameters }];
      await tell({ request: "invoke", server: "cas-2", user: exchangeAdministrator, commands });
      await tell({ request: "recycle", server: "cas-2", pool: "MSExchangeMapiFrontEndAppPool" });
    };
    await protect("Require");
    try {
      const seen = await through(`https://${mail}/mapi/`, 6);
      assert.deepEqual([...(seen.get("CAS-1") ?? [])], [200]);
      assert.deepEqual([...(seen.get("CAS-2") ?? [])], [401]);
    } finally {
      await protect("None");
    }
  });

  it("turns away exactly the requests of the server that has a wrong password", async () => {
    await removeCredentials("cas-2");
    await deploy("cas-2", account.samAccountName, "not the password");
    const seen = await through(`https://${mail}/mapi/`, 6);
    assert.deepEqual([...(seen.get("CAS-1") ?? [])], [200]);
    assert.deepEqual([...(seen.get("CAS-2") ?? [])], [401]);
  });

  it("turns away all requests when the name belongs to another account", async () => {
    await account.removeSpn(spn);
    await other.addSpn(spn);
    try {
      const seen = await through(`https://${mail}/mapi/`);
      for (const statuses of seen.values()) assert.deepEqual([...statuses], [401]);
    } finally {
      await other.removeSpn(spn);
      await account.addSpn(spn);
    }
  });

  it("opens tickets of the old password with the older credential, and of the new one once it is set", async () => {
    const next = random();
    for (const server of servers) await deploy(server, account.samAccountName, next);
    for (const statuses of (await through(`https://${mail}/mapi/`)).values()) assert.deepEqual([...statuses], [200]);
    await account.setPassword(next);
    // The ticket of before is still in the cache, and a new log-on gets one of the new key.
    for (const statuses of (await through(`https://${mail}/mapi/`)).values()) assert.deepEqual([...statuses], [200]);
    await client.logOn();
    for (const statuses of (await through(`https://${mail}/mapi/`)).values()) assert.deepEqual([...statuses], [200]);
  });

  it("needs the Service Host for the alternate account, and not for the server's own name", async () => {
    const service = { request: "set-service", server: "cas-1", service: "MSExchangeServiceHost" } as const;
    await tell({ ...service, state: "Stopped" });
    try {
      await tell({ request: "settle", server: "cas-1" });
      const seen = await through(`https://${mail}/mapi/`);
      assert.deepEqual([...(seen.get("CAS-1") ?? [])], [401]);
      assert.deepEqual([...(seen.get("CAS-2") ?? [])], [200]);
      assert.equal((await client.get(`https://cas-1.${corp.dnsName}/mapi/`)).status, 200);
    } finally {
      await tell({ ...service, state: "Running" });
      await tell({ request: "settle", server: "cas-1" });
    }
    assert.deepEqual([...((await through(`https://${mail}/mapi/`)).get("CAS-1") ?? [])], [200]);
  });

  it("offers what the directory lists, and counts a change only after a recycle", async () => {
    const url = `https://cas-1.${corp.dnsName}`;
    assert.deepEqual((await client.get(`${url}/mapi/`, "--basic")).offers, ["Negotiate", "NTLM", "Bearer"]);
    assert.equal((await client.get(`${url}/rpc/rpcproxy.dll`, ...basicOptions())).status, 200);
    assert.equal((await client.get(`${url}/mapi/`, ...basicOptions())).status, 401);
    const set = (methods: string[]) =>
      tell({
        request: "invoke",
        server: "cas-1",
        user: exchangeAdministrator,
        commands: [
          { name: "Get-MapiVirtualDirectory", parameters: { Server: "cas-1" } },
          { name: "Set-MapiVirtualDirectory", parameters: { IISAuthenticationMethods: methods } },
        ],
      });
    const recycle = () => tell({ request: "recycle", server: "cas-1", pool: "MSExchangeMapiFrontEndAppPool" });
    await set(["Ntlm"]);
    try {
      assert.equal((await client.get(`${url}/mapi/`)).status, 200);
      await recycle();
      assert.deepEqual(await client.get(`${url}/mapi/`), { status: 401, server: "CAS-1", offers: ["NTLM"] });
    } finally {
      await set(["Ntlm", "OAuth", "Negotiate"]);
      await recycle();
    }
  });

  it("writes a deployed password nowhere that others can read", async () => {
    const hidden = [account.secret, Buffer.from(account.secret, "utf16le")];
    const places = [exchangeFolder, logFolder].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile())
        .map((file) => join(file.parentPath, file.name)),
    );
    const processes = (await namespaceProcesses()).flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
    assert(places.length > 5 && processes.length > 2);
    for (const place of [...places, ...processes]) {
      const bytes = existsSync(place) ? readFileSync(place) : Buffer.alloc(0);
      for (const one of hidden) assert(!bytes.includes(one), place);
    }
  });

  it("goes on with the other server when one is down", async () => {
    await tell({ request: "stop-server", server: "cas-2" });
    try {
      assert.equal((await client.get(`https://cas-2.${corp.dnsName}/mapi/`)).status, 0);
      assert.deepEqual([...(await through(`https://${mail}/mapi/`)).keys()], ["CAS-1"]);
    } finally {
      await tell({ request: "start-server", server: "cas-2" });
    }
    assert.equal((await client.get(`https://cas-2.${corp.dnsName}/mapi/`)).status, 200);
  });
});
