import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { authorityFile } from "../../../lab/certificates";
import { mustRun, runCommand, waitUntil } from "../../../lab/command";
import { administrator, corp, dc1, hostName, sambaTool, users } from "../../../lab/domain-controller";
import { ActiveDirectory } from "../../../lab/exchange/active-directory";
import type { BasicLogOn } from "../../../lab/exchange/wsman/endpoint";
import { labFolder } from "../../../lab/folders";
import { password } from "../../../lab/passwords";
import { contosoUser, delegatedUser } from "../../../lab/people";
import { Credential, kerberosIdentity } from "../../../provider/kerberos";
import type { PowerShellSession } from "../../../provider/powershell/pipeline";
import { SecureString } from "../../../provider/powershell/psrp";
import { openWsmanSession, type WsmanIdentity } from "../../../provider/powershell/wsman";
import { Logon } from "../../../provider/powershell/wsman/logon";
import { requireExchange } from "../../support/lab";
import { Gateway } from "./gateway";
import { Greeter, hello } from "./greeter";

const upn = `${delegatedUser}@${corp.dnsName}`;
const secret = (text = password(upn)) => new SecureString(text);

/** Every way to say who one is, before the lab's real domain controller. */
describe("a logon over WS-Management", function () {
  this.timeout(60_000);
  /** Users as the endpoint knows them, in the order of their shells. */
  const seen: string[] = [];
  let gateway: Gateway;
  /** The same with passwords in clear inside TLS, which an administrator has to turn on. */
  let basicGateway: Gateway;
  let basicLogOns = 0;
  const sessions: PowerShellSession[] = [];

  before(async function () {
    await requireExchange(this);
    const { name, password: reader } = administrator(corp);
    const directory = new ActiveDirectory({
      domain: corp.dnsName,
      netbiosName: corp.netbiosName,
      url: `ldaps://${hostName(dc1)}`,
      caFile: authorityFile,
      reader: { name: `${name}@${corp.dnsName}`, password: reader },
    });
    const basicLogOn: BasicLogOn = (user, text) => {
      basicLogOns += 1;
      return directory.canLogOn({ name: user, password: text });
    };
    const greet = (logOn?: BasicLogOn) =>
      Gateway.open((user, _query, listener) => {
        seen.push(user);
        return new Greeter(listener);
      }, logOn);
    gateway = await greet();
    basicGateway = await greet(basicLogOn);
  });
  beforeEach(() => {
    seen.length = 0;
    basicLogOns = 0;
  });
  afterEach(() => Promise.all(sessions.splice(0).map((session) => session.close())));
  after(() => Promise.all([gateway?.close(), basicGateway?.close()]));

  async function open(identity: WsmanIdentity, url = gateway.url): Promise<PowerShellSession> {
    const session = await openWsmanSession({
      url,
      identity,
      realm: corp.realm,
      resourceUri: "http://schemas.microsoft.com/powershell/Microsoft.Exchange",
      ca: readFileSync(authorityFile, "utf8"),
    });
    sessions.push(session);
    return session;
  }

  async function greets(identity: WsmanIdentity, url?: string): Promise<void> {
    assert.deepEqual((await (await open(identity, url)).invoke(hello)).output, ["hello"]);
  }

  describe("by password inside TLS", () => {
    const basic = (text?: string): WsmanIdentity => ({ kind: "basic", username: upn, password: secret(text) });

    it("works where the server offers it, and the server knows who came", async () => {
      await greets(basic(), basicGateway.secureUrl);
      assert.deepEqual(seen, [upn.toLowerCase()]);
    });

    it("is refused with a wrong password, which is tried once", async () => {
      const error = { code: "password-refused", message: new RegExp(`refuses the password of ${upn}`) };
      await assert.rejects(open(basic("wrong"), basicGateway.secureUrl), error);
      assert.deepEqual([basicLogOns, seen], [1, []]);
    });

    it("is refused where the server does not offer it", async () => {
      await assert.rejects(open(basic(), gateway.secureUrl), {
        code: "access-denied",
        message: /takes no password \(Basic\); it offers negotiate, kerberos\. .*-BasicAuthentication/,
      });
    });

    it("never goes out in clear", async () => {
      await assert.rejects(open(basic(), basicGateway.url), { code: "settings-invalid", message: /in clear/ });
      assert.equal(basicLogOns, 0);
    });
  });

  describe("that all connections of a session share", () => {
    it("is one, and is over with the session", async () => {
      const logon = new Logon(kerberosIdentity({ username: upn, password: secret() }, corp.dnsName));
      const first = logon.credential("kerberos");
      assert.equal(logon.credential("kerberos"), first);
      logon.close();
      const credential = await first;
      await assert.rejects(
        credential.use(async () => {}),
        { code: "kerberos", message: /logon is closed/ },
      );
    });

    it("is tried again where it failed, and may fail when the session is over", async () => {
      const logon = new Logon({ kind: "keytab", principal: `x@${corp.realm}`, keytab: "/does/not/exist" });
      const first = logon.credential("kerberos");
      await assert.rejects(first, { code: "kerberos" });
      const second = logon.credential("kerberos");
      assert.notEqual(second, first);
      logon.close();
      await assert.rejects(second, { code: "kerberos" });
      // What nobody handles is told before this.
      await new Promise((resolve) => setImmediate(resolve));
    });
  });

  it("takes a name as people write it: with the domain before a backslash, or as a user principal name", async () => {
    for (const name of [
      `${corp.dnsName}\\${delegatedUser}`,
      upn,
      upn.toUpperCase(),
      `${corp.netbiosName}\\${delegatedUser}`,
    ]) {
      await greets(kerberosIdentity({ username: name, password: secret() }, corp.dnsName));
    }
    // Samba leaves the name in the ticket as it was asked for.
    const asked = `${delegatedUser}\\@${corp.netbiosName}@${corp.realm}`;
    assert.deepEqual(
      new Set(seen.map((user) => user.toLowerCase())),
      new Set([upn, asked].map((user) => user.toLowerCase())),
    );
  });

  it("takes nobody of this domain for a user of another", async () => {
    const logOn = async (username: string, text: string) =>
      (
        await Credential.acquire(kerberosIdentity({ username, password: secret(text) }, corp.dnsName), "spnego")
      ).close();
    const ours = password(`${delegatedUser}@${corp.dnsName}`);
    await assert.rejects(logOn(`OTHER\\${delegatedUser}`, ours), {
      code: "kerberos-refused",
      message: /Client .*not found/,
    });
    await logOn(`${users.netbiosName}\\${contosoUser}`, password(`${contosoUser}@${users.dnsName}`));
    assert.throws(() => kerberosIdentity({ username: `OTHER\\${delegatedUser}`, keytab: "/any" }, corp.dnsName), {
      code: "settings-invalid",
      message: /a keytab for OTHER\\svc-pulumi\..*user@domain/,
    });
  });

  it("takes a user principal name with another suffix than the domain's", async () => {
    const user = `zoe-${process.pid}`;
    const text = `Pä$$-${process.pid}-wörd`;
    await sambaTool(dc1, ["user", "create", user, text, `--mail-address=${user}@tailspintoys.com`]);
    try {
      const change = `dn: CN=${user},CN=Users,${corp.baseDn}\nchangetype: modify\nreplace: userPrincipalName\nuserPrincipalName: ${user}@tailspintoys.com\n`;
      const file = join(labFolder, `${user}.ldif`);
      writeFileSync(file, change);
      const { name, password: text_ } = administrator(corp);
      const who = ["-x", "-D", `${name}@${corp.dnsName}`, "-w", text_];
      await mustRun("ldapmodify", ["-H", `ldaps://${hostName(dc1)}`, ...who, "-f", file]);
      await greets(kerberosIdentity({ username: `${user}@tailspintoys.com`, password: secret(text) }, corp.dnsName));
      // Samba leaves the name in the ticket as it was asked for.
      assert.deepEqual(seen, [`${user}\\@tailspintoys.com@${corp.realm}`.toLowerCase()]);
    } finally {
      await sambaTool(dc1, ["user", "delete", user]);
    }
  });

  for (const [what, options, change, message] of [
    ["is disabled", [], ["disable"], /have been revoked\. The account is disabled, expired or locked/],
    ["has expired", [], ["setexpiry", "--days=-1"], /have been revoked\. The account is disabled, expired or locked/],
    ["must change its password", ["--must-change-at-next-login"], [], /expired\. Change the account's password first/],
  ] as const) {
    it(`of an account that ${what} says so, and that another try is of no use`, async () => {
      const user = `max-${process.pid}`;
      const text = `Pa55-${process.pid}-Word`;
      await sambaTool(dc1, ["user", "create", user, text, ...options]);
      try {
        const [command, ...more] = change;
        if (command !== undefined) await sambaTool(dc1, ["user", command, user, ...more]);
        const identity = kerberosIdentity(
          { username: `${user}@${corp.dnsName}`, password: secret(text) },
          corp.dnsName,
        );
        await assert.rejects(Credential.acquire(identity, "spnego"), { code: "kerberos-refused", message });
      } finally {
        await sambaTool(dc1, ["user", "delete", user]);
      }
    });
  }

  it("with a ticket that has expired says so, and how to get another", async () => {
    const cache = `FILE:${join(labFolder, `expiring-${process.pid}.ccache`)}`;
    const input = `${password(upn)}\n`;
    await mustRun("kinit", ["-l", "2s", "-c", cache, `${delegatedUser}@${corp.realm}`], { input });
    const expired = async () => (await runCommand("klist", ["-s", "-c", cache])).status !== 0;
    await waitUntil("the ticket has expired", expired, 30_000);
    await assert.rejects(open({ kind: "cache", cache }), { code: "kerberos", message: /expired.*kinit/s });
    assert.deepEqual(seen, []);
  });

  it("of a host whose clock is wrong says that it is the clock", async () => {
    // Left to itself the library goes by the domain's clock where it can: here it may not.
    const config = join(labFolder, `skewed-${process.pid}.conf`);
    writeFileSync(config, "[libdefaults]\n  kdc_timesync = 0\n");
    const environment = { ...process.env, KRB5_CONFIG: `${config}:${process.env.KRB5_CONFIG ?? "/etc/krb5.conf"}` };
    const logon = async (offset: string) => {
      const script = join(__dirname, "skewed-logon.ts");
      const words = [
        "-f",
        offset,
        process.execPath,
        "-r",
        "ts-node/register",
        script,
        `${delegatedUser}@${corp.realm}`,
      ];
      return JSON.parse(await mustRun("faketime", words, { input: password(upn), environment }));
    };
    assert.deepEqual(await logon("+0m"), { code: "none", message: "" });
    const { code, message } = await logon("+20m");
    assert.equal(code, "kerberos");
    assert.match(message, /clock skew too great\. Set this host's clock by the domain's/i);
  });
});
