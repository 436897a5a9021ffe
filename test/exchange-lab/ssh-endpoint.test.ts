import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun, runCommand } from "../../lab/command";
import { corp } from "../../lab/domain-controller";
import { exchangeFolder } from "../../lab/exchange/up";
import { labFolder } from "../../lab/folders";
import { passwordFile } from "../../lab/passwords";
import { corpUser, delegatedUser } from "../../lab/people";
import { findEngine } from "../support/engine";
import { requireExchange, skip } from "../support/lab";
import { MailClient, removeCredentials, TestAccount, tell } from "./support/clients";

const rollScript =
  "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Scripts\\RollAlternateServiceAccountPassword.ps1";
const mail = `mail.${corp.dnsName}`;

interface CallResult {
  readonly output: unknown[];
  readonly host: string[];
  readonly thrown: string | null;
}

/** PowerShell's own remoting over OpenSSH's own client: neither is ours. */
describe("Exchange lab: SSH endpoint for a foreign client", function () {
  this.timeout(60_000);
  const account = new TestAccount("LABSCRIPT", randomBytes(24).toString("base64url"));
  const client = new MailClient();
  let engine = "";

  before(async function () {
    await requireExchange(this);
    engine = (await findEngine()) ?? skip(this, "no pwsh on PATH and none in ../shared/tools/pwsh");
    for (const server of ["cas-1", "cas-2"]) await removeCredentials(server);
    await account.create();
    await account.addSpn(`http/${mail}`);
  });

  after(async () => {
    if (engine === "") return;
    for (const server of ["cas-1", "cas-2"]) await removeCredentials(server);
    await account.delete();
  });

  /** Opens one session as a user and runs commands by name in it. */
  async function session(
    user: string,
    key: string | undefined,
    calls: readonly { name: string; parameters: Record<string, unknown> }[],
  ): Promise<CallResult[]> {
    const askPass = join(labFolder, `askpass-${process.pid}`);
    const file = join(labFolder, `session-${process.pid}.ps1`);
    writeFileSync(askPass, `#!/bin/sh\ncat '${passwordFile(`${user}@${corp.dnsName}`)}'\n`, { mode: 0o700 });
    const keyFile = key === undefined ? "" : `-KeyFilePath '${key}'`;
    writeFileSync(
      file,
      `$session = New-PSSession -HostName cas-1.${corp.dnsName} -UserName ${user} ${keyFile} -Options @{
         StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null'; LogLevel = 'ERROR' }
       $results = foreach ($call in (ConvertFrom-Json '${JSON.stringify(calls)}')) {
         $shell = [powershell]::Create(); $shell.Runspace = $session.Runspace
         $null = $shell.AddCommand($call.name)
         foreach ($one in $call.parameters.PSObject.Properties) { $null = $shell.AddParameter($one.Name, $one.Value) }
         $thrown = $null; $output = @()
         try { $output = @($shell.Invoke()) } catch { $thrown = "$_" }
         @{ output = $output; host = @($shell.Streams.Information | ForEach-Object { "$_" }); thrown = $thrown }
       }
       Remove-PSSession $session
       ConvertTo-Json @($results) -Depth 4 -Compress`,
    );
    try {
      const { stdout, stderr } = await runCommand(engine, ["-File", file], {
        environment: { ...process.env, SSH_ASKPASS: askPass, SSH_ASKPASS_REQUIRE: "force" },
      });
      assert.notEqual(stdout.trim(), "", stderr);
      return JSON.parse(stdout);
    } finally {
      rmSync(askPass);
      rmSync(file);
    }
  }

  const roll = (parameters: Record<string, unknown>) => ({
    name: rollScript,
    parameters: { ToSpecificServers: true, Unattended: true, ...parameters },
  });
  const generate = { GenerateNewPasswordFor: `${corp.netbiosName}\\${account.samAccountName}` };
  const exitCode = { name: "Get-Variable", parameters: { Name: "LASTEXITCODE", ValueOnly: true } };

  it("rolls the real account's password with the script, and clients get in on both servers", async () => {
    const [setup, done, code] = await session("Administrator", undefined, [
      { name: "Get-ItemProperty", parameters: { Path: "HKLM:\\SOFTWARE\\Microsoft\\ExchangeServer\\v15\\Setup" } },
      roll({ Identity: ["cas-1", "cas-2"], ...generate }),
      exitCode,
    ]);
    assert.match(JSON.stringify(setup?.output), /MsiInstallPath.*V15/);
    assert.equal(done?.thrown, null);
    assert.equal(done?.host.at(-1)?.trim(), "THE SCRIPT HAS SUCCEEDED");
    assert.deepEqual(code?.output, [0]);
    for (const server of ["cas-1", "cas-2"]) await tell({ request: "settle", server });
    await client.logOn();
    const seen = new Map<string, number>();
    for (let at = 0; at < 4; at++) {
      const { server, status } = await client.get(`https://${mail}/mapi/`);
      seen.set(server, status);
    }
    assert.deepEqual([...seen].sort(), [
      ["CAS-1", 200],
      ["CAS-2", 200],
    ]);
  });

  it("fails with exit code 1 where the user may not reset the password", async () => {
    const [done, code] = await session(delegatedUser, undefined, [
      roll({ Identity: ["cas-1"], ...generate }),
      exitCode,
    ]);
    assert.equal(done?.host.at(-1)?.trim(), "THE SCRIPT HAS FAILED");
    assert.match(done?.host.join("\n") ?? "", /ERROR: Failed to set a new password for/);
    assert.deepEqual(code?.output, [1]);
  });

  it("lets a key in, whose log-on goes no further", async () => {
    const key = join(labFolder, `key-${process.pid}`);
    await mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const [, publicKey] = (await mustRun("ssh-keygen", ["-y", "-f", key])).split(" ");
    const authorized = join(exchangeFolder, "servers", "cas-1", "authorized_keys");
    writeFileSync(authorized, `ssh-ed25519 ${publicKey}\n`);
    try {
      const [service, done] = await session(delegatedUser, key, [
        { name: "Get-Service", parameters: { Name: "MSExchangeServiceHost" } },
        roll({ Identity: ["cas-2"], ...generate }),
      ]);
      assert.match(JSON.stringify(service?.output), /Running/);
      assert.match(done?.thrown ?? "", /cas-2.*Access is denied/);
    } finally {
      for (const file of [authorized, key, `${key}.pub`]) rmSync(file);
    }
  });

  it("turns away who has no management role", async () => {
    // What the endpoint says instead of opening a session comes where the results would be.
    await assert.rejects(session(corpUser, undefined, [exitCode]), /Access is/);
  });
});
