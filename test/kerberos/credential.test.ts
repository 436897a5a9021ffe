import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { corp, dc1, dc2 } from "../../lab/domain-controller";
import { kerberosConfiguration } from "../../lab/environment";
import { password } from "../../lab/passwords";
import { delegatedUser } from "../../lab/people";
import { Credential, type Identity } from "../../provider/kerberos";
import { SecureString } from "../../provider/powershell/psrp";
import { keytabOf } from "../support/kerberos";
import { requireLab } from "../support/lab";

describe("a logon to Kerberos", () => {
  let folder: string;
  const outside = { configuration: process.env.KRB5_CONFIG, trace: process.env.KRB5_TRACE };
  const principal = `${delegatedUser}@${corp.realm}`;
  const secret = (text = password(`${delegatedUser}@${corp.dnsName}`)) => new SecureString(text);

  before(function () {
    requireLab(this);
    folder = mkdtempSync(join(tmpdir(), "credential-"));
  });
  afterEach(() => {
    process.env.KRB5_CONFIG = outside.configuration;
    if (outside.trace === undefined) delete process.env.KRB5_TRACE;
    else process.env.KRB5_TRACE = outside.trace;
  });
  after(() => {
    if (folder !== undefined)
      if (!process.env.KEEPF) rmSync(folder, { recursive: true });
      else console.log(folder);
  });

  /** This host's krb5.conf with some words of its own; what the library does from now on stands in the trace. */
  function configure(name: string, change: (text: string) => string): string {
    process.env.KRB5_CONFIG = join(folder, `${name}.conf`);
    writeFileSync(process.env.KRB5_CONFIG, change(readFileSync(kerberosConfiguration, "utf8")));
    process.env.KRB5_TRACE = join(folder, `${name}.trace`);
    return process.env.KRB5_TRACE;
  }

  const wrong: [what: string, identity: () => Promise<Identity>][] = [
    ["password", async () => ({ kind: "password", principal, password: secret("not the password") })],
    ["key", async () => ({ kind: "keytab", principal, keytab: await keytabOf(delegatedUser, "not the password") })],
  ];
  for (const [what, identity] of wrong) {
    it(`tries a wrong ${what} once, also where krb5.conf names a primary KDC beside the one that was asked`, async () => {
      const trace = configure(`primary-${what}`, (text) =>
        text.replace(/( {2}kdc = .*\n)/, `  kdc = ${dc1.address}\n  primary_kdc = ${dc2.address}\n`),
      );
      await assert.rejects(Credential.acquire(await identity(), "spnego"), {
        code: "kerberos-refused",
        message: /^Could not log on to Kerberos as svc-pulumi@\S+: Preauthentication failed\. The password/,
      });
      const said = readFileSync(trace, "utf8");
      assert.match(said, /Response was not from primary KDC/);
      assert.equal(said.match(/error from KDC: -?\d+\/Preauthentication failed/g)?.length, 1, said);
    });
  }
});
