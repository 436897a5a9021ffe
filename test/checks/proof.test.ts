import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { Change } from "ldapts";
import { after, before, describe, it } from "mocha";
import { provideCertificate } from "../../lab/certificates";
import { mustRun } from "../../lab/command";
import { corp } from "../../lab/domain-controller";
import { unicodePassword } from "../../lab/exchange/active-directory";
import { labFolder } from "../../lab/folders";
import { addresses } from "../../lab/network-namespace";
import { corpUser } from "../../lab/people";
import { proofTicket } from "../../provider/checks/proof/ticket";
import type { Subject } from "../../provider/checks/subject";
import type { Selection } from "../../provider/checks/world";
import { errorCodeIn, ticketIn } from "../../provider/kerberos";
import { deploy, removeCredentials, TestAccount, tell } from "../exchange-lab/support/clients";
import { fqdn } from "../resources/asa-deployment/world";
import { ticketOf } from "../support/kerberos";
import { Healthy, hostNames, line, type ServerName } from "./healthy";

const names: readonly ServerName[] = ["cas-1", "cas-2"];
const connecting: Selection = { connect: true, only: ["proof", "server"] };

describe("the runbook's proof: tickets taken to the lab's own web sites", function () {
  this.timeout(60_000);
  let healthy: Healthy;
  const everywhere = async (secret: string) => {
    for (const server of names) {
      await removeCredentials(server);
      await deploy(server, `${healthy.accountName}$`, secret);
    }
  };
  const organizationalUnit = () => healthy.world.forest.organizationalUnit;
  /** What does not pass, of the proof alone. */
  const wrong = async () => {
    const { results } = await healthy.check(connecting);
    return results.filter(({ outcome, check }) => outcome !== "pass" && check.startsWith("proof-"));
  };

  before(async function () {
    healthy = await Healthy.enter(this);
    await everywhere(healthy.secret);
  });
  after(async () => {
    if (healthy === undefined) return;
    for (const server of names) await removeCredentials(server);
    await healthy.leave();
  });

  it("passes where every server has the account's key", async () => {
    const { results } = await healthy.check(connecting);
    const proofs = results.filter(({ check }) => check === "proof-accepted");
    assert.deepEqual(
      proofs.map(({ object, outcome }) => `${outcome} ${object}`),
      names.map((name) => `pass ${fqdn(name)}`),
      results.map(line).join("\n"),
    );
  });

  it("names the server that has another password: the only way to see it", async () => {
    await removeCredentials("cas-2");
    await deploy("cas-2", `${healthy.accountName}$`, "not the password");
    try {
      const found = await wrong();
      assert.deepEqual(
        found.map(({ check, object, outcome }) => `${outcome} ${check} ${object}`),
        [`fail proof-accepted ${fqdn("cas-2")}`],
      );
      assert.match(found[0]?.seen ?? "", /KRB_AP_ERR_MODIFIED/);
      assert.match(found[0]?.where ?? "", new RegExp(`^https://.*${corp.dnsName}/mapi/`));
    } finally {
      await everywhere(healthy.secret);
    }
  });

  it("passes where a computer's HOST stands for the names, for the account's own come first; and never without them", async () => {
    const computer = new TestAccount(healthy.world.forest.uniqueName(), "Of-A-Computer-1!", organizationalUnit());
    const own = hostNames.map((name) => `http/${name}`);
    await healthy.modify("delete", "servicePrincipalName", own);
    await computer.create();
    try {
      const aliases = hostNames.map((name) => `HOST/${name}`);
      await healthy.modify("add", "servicePrincipalName", aliases, computer.dn);
      const without = await wrong();
      assert.deepEqual(
        without.map(({ outcome, object }) => `${outcome} ${object}`),
        names.map((name) => `fail ${fqdn(name)}`),
      );
      for (const { seen } of without) assert.match(seen, /KRB_AP_ERR_MODIFIED/);
      await healthy.modify("add", "servicePrincipalName", own);
      assert.deepEqual((await wrong()).map(line), []);
    } finally {
      await healthy.world.forest.admin.del(computer.dn);
    }
  });

  it("asks the domain controller anew, whatever tickets this host's cache has, and leaves them there", async () => {
    const cache = await ticketOf(corpUser);
    const services = hostNames.map((name) => `HTTP/${name}`);
    await mustRun("kvno", ["-c", cache, ...services]);
    const cached = await mustRun("klist", ["-c", cache]);
    assert.equal(cached.match(/HTTP\//g)?.length, services.length, cached);
    const secret = "Rolled-In-The-Meantime-1!";
    const change = new Change({ operation: "replace", modification: unicodePassword(secret) });
    await healthy.world.forest.admin.modify(healthy.distinguishedName, [change]);
    await everywhere(secret);
    const { KRB5CCNAME: before } = process.env;
    process.env.KRB5CCNAME = cache;
    try {
      const settings = { ...healthy.world.forest.settings, username: undefined, password: undefined };
      const { results } = await healthy.check(connecting, { settings });
      const proofs = results.filter(({ check }) => check.startsWith("proof-"));
      assert.deepEqual(
        proofs.map(({ check, outcome }) => `${outcome} ${check}`),
        [...hostNames.map(() => "pass proof-ticket"), ...names.map(() => "pass proof-accepted")],
        proofs.map(line).join("\n"),
      );
      for (const { seen } of proofs.slice(0, hostNames.length)) assert.match(seen, /key version 2\.$/);
      assert.equal(await mustRun("klist", ["-c", cache]), cached);
    } finally {
      process.env.KRB5CCNAME = before;
      await healthy.setPassword();
      await everywhere(healthy.secret);
    }
  });

  it("says that this host has no ticket, where it has none for the domain controller", async () => {
    const { KRB5CCNAME: before } = process.env;
    process.env.KRB5CCNAME = "FILE:/none/such";
    try {
      const settings = { ...healthy.world.forest.settings, username: undefined, password: undefined };
      const { results } = await healthy.check({ only: ["proof-ticket"] }, { settings });
      assert.deepEqual(
        results.map(({ check, outcome }) => `${outcome} ${check}`),
        ["unknown proof-ticket"],
      );
      assert.match(results[0]?.seen ?? "", /^Could not use this host's credential cache: .*\(kinit\)/);
    } finally {
      process.env.KRB5CCNAME = before;
    }
  });

  it("blames no name where no domain controller can be asked for a ticket", async () => {
    const { KRB5CCNAME: cache, KRB5_CONFIG: configuration } = process.env;
    process.env.KRB5CCNAME = await ticketOf(corpUser);
    const elsewhere = join(labFolder, "no-kdc.conf");
    writeFileSync(
      elsewhere,
      `[libdefaults]\ndns_lookup_kdc = false\n[realms]\n${corp.realm} = {\n kdc = 127.0.0.9\n}\n`,
    );
    process.env.KRB5_CONFIG = elsewhere;
    try {
      const settings = { ...healthy.world.forest.settings, username: undefined, password: undefined };
      const { results } = await healthy.check({ only: ["proof-ticket"] }, { settings });
      assert.deepEqual(
        results.map(({ outcome, object }) => `${outcome} ${object}`),
        [`unknown ${corp.dnsName}`],
        results.map(line).join("\n"),
      );
      assert.match(results[0]?.seen ?? "", /ticket for ldap\/dc[12]\..*Cannot contact any KDC.*port 88 must be open/);
    } finally {
      process.env.KRB5CCNAME = cache;
      process.env.KRB5_CONFIG = configuration;
    }
  });

  it("tells a web site that is down from one that refuses", async () => {
    await tell({ request: "stop-server", server: "cas-2" });
    try {
      const [found] = await wrong();
      assert.equal(`${found?.outcome} ${found?.object}`, `fail ${fqdn("cas-2")}`);
      assert.match(found?.seen ?? "", /Port 443 of .* could not be reached/);
    } finally {
      await tell({ request: "start-server", server: "cas-2" });
      await everywhere(healthy.secret);
    }
  });

  it("passes where Extended Protection ties logons to their TLS connection, as Exchange has it by default since 2019 CU14", async () => {
    const protect = async (checking: "Require" | "None") => {
      for (const [name, directory, pool] of [
        ["Set-MapiVirtualDirectory", "mapi", "MSExchangeMapiFrontEndAppPool"],
        ["Set-OutlookAnywhere", "Rpc", "MSExchangeRpcProxyFrontEndAppPool"],
      ] as const) {
        const parameters = {
          Identity: `CAS-2\\${directory} (Default Web Site)`,
          ExtendedProtectionTokenChecking: checking,
        };
        const user = `Administrator@${corp.dnsName}`;
        await tell({ request: "invoke", server: "cas-2", user, commands: [{ name, parameters }] });
        await tell({ request: "recycle", server: "cas-2", pool });
      }
    };
    await protect("Require");
    try {
      assert.deepEqual(await wrong(), []);
    } finally {
      await protect("None");
    }
  });

  it("tells a certificate that nobody here trusts from a web site that is down", async () => {
    const settings = { ...healthy.world.forest.settings, caFile: undefined };
    const { results } = await healthy.check(connecting, { settings });
    const proofs = results.filter(({ check }) => check === "proof-accepted");
    assert.deepEqual(
      proofs.map(({ object, outcome }) => `${outcome} ${object}`),
      names.map((name) => `unknown ${fqdn(name)}`),
    );
    for (const { seen } of proofs) assert.match(seen, /certificate of .*asked for as .* not known.*caFile/);
  });

  it("asks a server for the names of its own site alone", async () => {
    const [one, other] = [healthy.server("cas-1").state, healthy.server("cas-2").state];
    const { site } = other;
    const name = `only.${corp.dnsName}`;
    other.site = "Elsewhere";
    one.virtualDirectories.switched.WebServices.internalUrl = `https://${name}/EWS/Exchange.asmx`;
    try {
      for (const [hostNames, asked] of [
        [[name], ["cas-1"]],
        [[`given.${corp.dnsName}`], names],
      ] as const) {
        const { results } = await healthy.check({ connect: true, only: ["proof-accepted"], hostNames });
        // Nobody has these SPNs; who is asked is what counts.
        assert.deepEqual(
          results.map(({ outcome, object }) => `${outcome} ${object}`),
          asked.map((server) => `unknown ${fqdn(server)}`),
          results.map(line).join("\n"),
        );
        for (const { seen } of results) assert.ok(seen.includes(`HTTP/${hostNames[0]}`), seen);
      }
    } finally {
      other.site = site;
      healthy.deploy();
    }
  });

  it("judges a ticket by what the account allows, and by the version of its key", async () => {
    const { settings } = healthy.world.forest;
    const judged = async (account: object) => {
      const subject = { account: async () => account, hostNames: async () => [hostNames[0]], world: { settings } };
      const [found] = await proofTicket.run(subject as unknown as Subject);
      return `${found?.outcome} ${found?.seen}`;
    };
    const unread = await judged({ encryptionTypeBits: 28 });
    const [, version] =
      /^unknown a ticket with AES-256, key version (\d+); that of the/.exec(unread) ?? assert.fail(unread);
    const keyVersion = Number(version);
    const later = await judged({ encryptionTypeBits: 28, keyVersion: keyVersion + 1 });
    assert.equal(
      later,
      `fail a ticket with AES-256, key version ${version}; the account has key version ${keyVersion + 1}.`,
    );
    for (const [types, name, outcomes] of [
      ["8", "AES-128", ["pass", "pass", "pass"]],
      ["4", "RC4", ["pass", "warn", "warn"]],
    ] as const) {
      await healthy.modify("replace", "msDS-SupportedEncryptionTypes", [types]);
      try {
        for (const [index, encryptionTypeBits] of [4, 8 | 4, 16 | 4].entries()) {
          const found = await judged({ encryptionTypeBits, keyVersion });
          const more = outcomes[index] === "warn" ? ", although the account allows AES" : "";
          assert.equal(found, `${outcomes[index]} a ticket with ${name}, key version ${version}${more}.`);
        }
      } finally {
        await healthy.modify("replace", "msDS-SupportedEncryptionTypes", ["28"]);
      }
    }
  });

  it("takes no answer for a proof that came without a logon, as of an application pool that has stopped", async () => {
    await tell({ request: "stop-server", server: "cas-2" });
    const { certificate, key } = await provideCertificate("exchange", [`*.${corp.dnsName}`]);
    const site = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_, response) => {
      response.writeHead(status, challenge === undefined ? {} : { "WWW-Authenticate": challenge }).end();
    });
    let status = 500;
    let challenge: string | undefined;
    await new Promise<void>((resolve) => site.listen(443, addresses.exchangeServer(2), resolve));
    try {
      const proofs = async () => (await wrong()).map(({ object, outcome, seen }) => `${outcome} ${object}: ${seen}`);
      assert.deepEqual(await proofs(), [`fail ${fqdn("cas-2")}: it answers HTTP 500 and takes no logon.`]);
      status = 499;
      assert.deepEqual(await proofs(), [`unknown ${fqdn("cas-2")}: it answers HTTP 499 and takes no logon.`]);
      status = 401;
      // The code stands in [6] of a KRB-ERROR (RFC 4120, section 5.9.1).
      const error = (code: number) =>
        `Negotiate ${Buffer.from([0x7e, 7, 0x30, 5, 0xa6, 3, 2, 1, code]).toString("base64")}`;
      for (const [given, said] of [
        [undefined, "it offers no logon, and not Negotiate."],
        ["Negotiate", "it refuses the ticket and does not say why."],
        [error(60), "it refuses the ticket with Kerberos error 60."],
        [error(37), "KRB_AP_ERR_SKEW: the clocks of this host and of the server are too far apart."],
        [error(44), "KRB_AP_ERR_BADKEYVER: the server does not have this version of the key."],
        [error(45), "KRB_AP_ERR_NOKEY: the server has no key for this service."],
      ] as const) {
        challenge = given;
        assert.deepEqual(await proofs(), [`fail ${fqdn("cas-2")}: ${said}`]);
      }
    } finally {
      site.closeAllConnections();
      await new Promise((resolve) => site.close(resolve));
      await tell({ request: "start-server", server: "cas-2" });
      await everywhere(healthy.secret);
    }
  });

  it("tells settings that no application pool has read yet from settings that are wrong", async () => {
    const set = async (methods: readonly string[], recycle: boolean) => {
      await tell({
        request: "invoke",
        server: "cas-2",
        user: `Administrator@${corp.dnsName}`,
        commands: [
          {
            name: "Set-MapiVirtualDirectory",
            parameters: { Identity: "CAS-2\\mapi (Default Web Site)", IISAuthenticationMethods: methods },
          },
        ],
      });
      if (recycle) await tell({ request: "recycle", server: "cas-2", pool: "MSExchangeMapiFrontEndAppPool" });
    };
    await set(["Ntlm", "OAuth"], true);
    await set(["Ntlm", "OAuth", "Negotiate"], false);
    try {
      const [found] = await wrong();
      assert.equal(found?.object, fqdn("cas-2"));
      assert.match(found?.seen ?? "", /offers NTLM, Bearer, and not Negotiate/);
      assert.match(found?.remedy ?? "", /application pools/);
    } finally {
      await set(["Ntlm", "OAuth", "Negotiate"], true);
    }
  });

  it("reads no ticket and no error out of what is neither", () => {
    for (const text of ["", "60", "6082ffff", "a10130", "a1063004a2020400", "7e023000", "00".repeat(40)]) {
      const token = Buffer.from(text, "hex");
      assert.equal(ticketIn(token), undefined);
      assert.equal(errorCodeIn(token), undefined);
    }
  });
});
