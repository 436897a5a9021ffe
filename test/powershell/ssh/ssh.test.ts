import { strict as assert } from "node:assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { createServer } from "node:net";
import { mustRun, waitUntil } from "../../../lab/command";
import type { ProviderError } from "../../../provider/error";
import { type PowerShellSession, PsCredential, SecureString } from "../../../provider/powershell";
import { hostileTexts } from "../../support/hostile-texts";
import { forcedUser } from "./openssh-server";
import { address, password, sshSessions } from "./ssh-sessions";

/** PowerShell over SSH, against Debian's sshd and PowerShell's own engine. */
describe("a session over SSH", function () {
  this.timeout(30_000);
  const ssh = sshSessions();
  const { withSession, echo, refused } = ssh;

  /** The server's process: the engine tells, and the system whether it still runs. */
  async function enginePid(session: PowerShellSession): Promise<number> {
    const { output } = await session.invoke([{ name: "Get-Content", parameters: { Path: "/proc/self/stat" } }]);
    return Number.parseInt(String(output[0]), 10);
  }

  describe("starts the real engine", () => {
    for (const shell of ["subsystem", "windows-powershell"] as const) {
      it(`as ${shell}: values, errors, warnings and secrets come through, and its process ends with it`, async () => {
        const pid = await withSession({ shell }, async (session) => {
          for (const [what, text] of Object.entries(hostileTexts)) {
            const { output, state } = await echo(session, text);
            assert.deepEqual([state, output], ["completed", [text]], what);
          }

          const warned = await session.invoke([{ name: "Write-Warning", parameters: { Message: "beware" } }]);
          assert.deepEqual([warned.state, warned.warnings, warned.errors], ["completed", ["beware"], []]);
          const failed = await session.invoke([{ name: "Get-NoSuchThing" }]);
          assert.match(failed.errors[0]?.fullyQualifiedErrorId ?? "", /^CommandNotFoundException/);

          const credential = new PsCredential("TAILSPIN\\EXCH2016ASA$", new SecureString(password));
          const [back] = (await session.invoke([{ name: "Write-Output", parameters: { InputObject: credential } }]))
            .output;
          assert.equal(back instanceof PsCredential && back.password.reveal(), password);
          return enginePid(session);
        });
        await waitUntil("the engine ends", async () => !existsSync(`/proc/${pid}`), 5_000);
      });
    }
  });

  describe("knows the host's key", () => {
    it("by its fingerprint, and says nothing of ours to another one", async () => {
      const other = `SHA256:${"A".repeat(43)}`;
      const error = await refused({ fingerprint: other, password: new SecureString(password) });
      assert.equal(error.code, "wrong-server");
      assert.ok(error.message.includes(ssh.fingerprint), error.message);
      await waitUntil("sshd saw the connection go", async () => /closed|reset|disconnect/i.test(ssh.server.log));
      assert.doesNotMatch(ssh.server.log, /Failed|Accepted|invalid user/i);
    });

    it("refuses a fingerprint of another form", async () => {
      const error = await refused({ fingerprint: "MD5:00:11" });
      assert.equal(error.code, "settings-invalid");
      assert.match(error.message, /SHA256/);
    });

    const known: Record<
      string,
      { lines: () => string[] | Promise<string[]>; code: ProviderError["code"] | undefined }
    > = {
      "in known_hosts": { lines: () => [`${address} ${ssh.server.hostKey("ed25519")}`], code: undefined },
      "in known_hosts under a hashed name": {
        lines: async () => {
          writeFileSync(ssh.server.file("hashed"), `${address} ${ssh.server.hostKey("ed25519")}\n`);
          await mustRun("ssh-keygen", ["-H", "-f", ssh.server.file("hashed")]);
          const text = readFileSync(ssh.server.file("hashed"), "utf8");
          assert.ok(text.startsWith("|1|"), text);
          return [text];
        },
        code: undefined,
      },
      "in known_hosts as a key of another type only, which it then asks for": {
        lines: () => [`10.99.0.* ${ssh.server.hostKey("rsa")}`],
        code: undefined,
      },
      "not in known_hosts": { lines: () => [`10.99.0.91 ${ssh.server.hostKey("ed25519")}`], code: "settings-invalid" },
      "changed since": {
        // Any other key will do; the client's is at hand.
        lines: () => [`${address} ${readFileSync(`${ssh.server.clientKey}.pub`, "utf8")}`],
        code: "wrong-server",
      },
      "revoked, though known as well": {
        lines: () => [`${address} ${ssh.server.hostKey("ed25519")}`, `@revoked * ${ssh.server.hostKey("ed25519")}`],
        code: "wrong-server",
      },
    };
    for (const [how, { lines, code }] of Object.entries(known)) {
      it(`${code === undefined ? "goes on with" : "refuses"} one that is ${how}`, async () => {
        writeFileSync(ssh.server.knownHosts, `# a comment\n\n${(await lines()).join("\n")}\n`);
        const options = { fingerprint: undefined, knownHostsFiles: [ssh.server.knownHosts] };
        if (code === undefined) {
          const { output } = await withSession(options, (session) => echo(session, "in"));
          return assert.deepEqual(output, ["in"]);
        }
        const error = await refused(options);
        assert.equal(error.code, code);
        assert.match(error.message, /known_hosts/);
        assert.doesNotMatch(ssh.server.log, /Failed|Accepted/);
      });
    }

    it("by the user's own known_hosts where nothing else is said", async () => {
      const { HOME } = process.env;
      process.env.HOME = ssh.server.file("home");
      try {
        const error = await refused({ fingerprint: undefined });
        assert.equal(error.code, "settings-invalid");
        mkdirSync(ssh.server.file("home/.ssh"), { recursive: true });
        writeFileSync(ssh.server.file("home/.ssh/known_hosts"), `${address} ${ssh.server.hostKey("ed25519")}\n`);
        const { output } = await withSession({ fingerprint: undefined }, (session) => echo(session, "in"));
        assert.deepEqual(output, ["in"]);
      } finally {
        process.env.HOME = HOME;
      }
    });

    it("refuses a known_hosts file that cannot be read", async () => {
      const error = await refused({ fingerprint: undefined, knownHostsFiles: [ssh.server.file("nowhere")] });
      assert.equal(error.code, "settings-invalid");
    });
  });

  describe("says what is wrong", () => {
    it("when nobody listens, or the name is none", async () => {
      assert.equal((await refused({ port: 1 })).code, "port-closed");
      assert.equal((await refused({ host: "no-such-host.corp.tailspintoys.com" })).code, "name-not-resolved");
    });

    it("when whoever listens says nothing, in time", async () => {
      const silent = createServer(() => {});
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      try {
        const { port } = silent.address() as { port: number };
        const started = Date.now();
        assert.equal((await refused({ host: "127.0.0.1", port, connectDeadline: 300 })).code, "timeout");
        assert.ok(Date.now() - started < 3_000);
      } finally {
        silent.close();
      }
    });

    it("when the server has another command than PowerShell for this user, in its words", async () => {
      const error = await refused({ user: forcedUser });
      assert.equal(error.code, "protocol");
      assert.match(error.message, /no shell for you/);
    });

    async function dieUnderCommand(session: PowerShellSession): Promise<void> {
      const pid = await enginePid(session);
      // Opens for writing once the command has opened it for reading.
      const pipe = ssh.server.file(`pipe-${pid}`);
      await mustRun("mkfifo", [pipe]);
      const running = session.invoke([{ name: "Get-Content", parameters: { Path: pipe } }]);
      const opened = await openFile(pipe, "w");
      process.kill(pid, "SIGKILL");
      await assert.rejects(running, ({ code, message }: ProviderError) => {
        assert.equal(code, "unclear-outcome");
        assert.match(message, /Get-Content/);
        return message.includes(address);
      });
      await opened.close();
      assert.equal(session.usable, false);
      await assert.rejects(echo(session, "again"), { code: "protocol" });
    }

    it("when the engine dies under a command: nobody knows whether it took effect, and the session is over", () =>
      withSession({}, dieUnderCommand));

    it("when the engine dies, though a program that it started lives on and keeps sshd's channel open", async () => {
      const file = ssh.server.file("Other.psm1");
      writeFileSync(
        file,
        `function Start-Other {
          $start = [System.Diagnostics.ProcessStartInfo]::new('/bin/sleep', '60')
          $start.UseShellExecute = $false
          [System.Diagnostics.Process]::Start($start).Id
        }`,
      );
      await withSession({}, async (session) => {
        await session.invoke([{ name: "Import-Module", parameters: { Name: file } }]);
        const { output } = await session.invoke([{ name: "Start-Other" }]);
        const other = Number(output[0]);
        try {
          await dieUnderCommand(session);
          assert.ok(existsSync(`/proc/${other}`));
        } finally {
          process.kill(other, "SIGKILL");
        }
      });
    });
  });

  it("stops a command when its deadline is over or its signal says so", async () => {
    const sleep = [{ name: "Start-Sleep", parameters: { Seconds: 30 } }] as const;
    await withSession({}, async (session) => {
      const started = Date.now();
      await assert.rejects(session.invoke(sleep, { deadline: 300 }), { code: "timeout" });
      assert.ok(Date.now() - started < 5_000);
    });
    await withSession({}, async (session) => {
      await assert.rejects(session.invoke(sleep, { signal: AbortSignal.timeout(300) }), { code: "cancelled" });
    });
  });
});
