import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { createServer } from "node:net";
import { Server as Ssh2Server } from "ssh2";
import { mustRun, waitUntil } from "../../../lab/command";
import { ProviderError } from "../../../provider/error";
import {
  openSshSession,
  type PipelineResult,
  type PowerShellSession,
  PsCredential,
  SecureString,
  type SessionOptions,
  type SshOptions,
} from "../../../provider/powershell";
import { findEngine } from "../../support/engine";
import { hostileTexts } from "../../support/hostile-texts";
import { requireLab, skip } from "../../support/lab";
import { forcedUser, newKey, OpenSshServer, user } from "./openssh-server";

const address = "10.99.0.90";
const password = "Open-s3same ü€";

/** PowerShell over SSH, against Debian's sshd and PowerShell's own engine. */
describe("a session over SSH", function () {
  this.timeout(30_000);
  let server: OpenSshServer;
  let fingerprint: string;

  before(async function () {
    requireLab(this);
    const engine = (await findEngine()) ?? skip(this, "no pwsh on PATH and none in ../shared/tools/pwsh");
    server = await OpenSshServer.start(address, engine, password);
    fingerprint = await server.fingerprint("ed25519");
  });
  after(() => server?.stop());
  beforeEach(() => {
    server.forgetLog();
  });

  type Options = Partial<SshOptions & SessionOptions>;
  const open = (options: Options = {}): Promise<PowerShellSession> =>
    openSshSession({ host: address, user, keyFile: server.clientKey, fingerprint, ...options });

  async function withSession<T>(options: Options, work: (session: PowerShellSession) => Promise<T>): Promise<T> {
    const session = await open(options);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  const echo = (session: PowerShellSession, value: string): Promise<PipelineResult> =>
    session.invoke([{ name: "Write-Output", parameters: { InputObject: value } }]);

  async function refused(options: Options): Promise<ProviderError> {
    const error = await open(options).then(
      async (session) => {
        await session.close();
        assert.fail("the session was opened");
      },
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ProviderError, String(error));
    return error;
  }

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
      assert.ok(error.message.includes(fingerprint), error.message);
      await waitUntil("sshd saw the connection go", async () => /closed|reset|disconnect/i.test(server.log));
      assert.doesNotMatch(server.log, /Failed|Accepted|invalid user/i);
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
      "in known_hosts": { lines: () => [`${address} ${server.hostKey("ed25519")}`], code: undefined },
      "in known_hosts under a hashed name": {
        lines: async () => {
          writeFileSync(server.file("hashed"), `${address} ${server.hostKey("ed25519")}\n`);
          await mustRun("ssh-keygen", ["-H", "-f", server.file("hashed")]);
          const text = readFileSync(server.file("hashed"), "utf8");
          assert.ok(text.startsWith("|1|"), text);
          return [text];
        },
        code: undefined,
      },
      "in known_hosts as a key of another type only, which it then asks for": {
        lines: () => [`10.99.0.* ${server.hostKey("rsa")}`],
        code: undefined,
      },
      "not in known_hosts": { lines: () => [`10.99.0.91 ${server.hostKey("ed25519")}`], code: "settings-invalid" },
      "changed since": {
        // Any other key will do; the client's is at hand.
        lines: () => [`${address} ${readFileSync(`${server.clientKey}.pub`, "utf8")}`],
        code: "wrong-server",
      },
      "revoked, though known as well": {
        lines: () => [`${address} ${server.hostKey("ed25519")}`, `@revoked * ${server.hostKey("ed25519")}`],
        code: "wrong-server",
      },
    };
    for (const [how, { lines, code }] of Object.entries(known)) {
      it(`${code === undefined ? "goes on with" : "refuses"} one that is ${how}`, async () => {
        writeFileSync(server.knownHosts, `# a comment\n\n${(await lines()).join("\n")}\n`);
        const options = { fingerprint: undefined, knownHostsFiles: [server.knownHosts] };
        if (code === undefined) {
          const { output } = await withSession(options, (session) => echo(session, "in"));
          return assert.deepEqual(output, ["in"]);
        }
        const error = await refused(options);
        assert.equal(error.code, code);
        assert.match(error.message, /known_hosts/);
        assert.doesNotMatch(server.log, /Failed|Accepted/);
      });
    }

    it("by the user's own known_hosts where nothing else is said", async () => {
      const { HOME } = process.env;
      process.env.HOME = server.file("home");
      try {
        const error = await refused({ fingerprint: undefined });
        assert.equal(error.code, "settings-invalid");
        mkdirSync(server.file("home/.ssh"), { recursive: true });
        writeFileSync(server.file("home/.ssh/known_hosts"), `${address} ${server.hostKey("ed25519")}\n`);
        const { output } = await withSession({ fingerprint: undefined }, (session) => echo(session, "in"));
        assert.deepEqual(output, ["in"]);
      } finally {
        process.env.HOME = HOME;
      }
    });

    it("refuses a known_hosts file that cannot be read", async () => {
      const error = await refused({ fingerprint: undefined, knownHostsFiles: [server.file("nowhere")] });
      assert.equal(error.code, "settings-invalid");
    });
  });

  describe("logs on", () => {
    it("with a password", async () => {
      const options = { keyFile: undefined, password: new SecureString(password) };
      const { output } = await withSession(options, (session) => echo(session, "in"));
      assert.deepEqual(output, ["in"]);
      assert.match(server.log, new RegExp(`Accepted password for ${user}`));
    });

    it("with a key that has a passphrase, and not without it", async () => {
      const keyFile = server.file("encrypted_key");
      await newKey(keyFile, "ed25519", "pass phrase");
      appendFileSync(server.file("authorized_keys"), readFileSync(`${keyFile}.pub`));
      const { output } = await withSession({ keyFile, passphrase: new SecureString("pass phrase") }, (session) =>
        echo(session, "in"),
      );
      assert.deepEqual(output, ["in"]);
      assert.match(server.log, new RegExp(`Accepted publickey for ${user}`));
      for (const passphrase of [undefined, new SecureString("another phrase")]) {
        const error = await refused({ keyFile, passphrase });
        assert.equal(error.code, "settings-invalid");
        assert.match(error.message, /passphrase is missing or wrong/);
        assert.doesNotMatch(error.message, /another phrase/);
      }
    });

    it("with a key that an agent holds", async () => {
      const agent = server.file("agent");
      const started = await mustRun("ssh-agent", ["-s", "-a", agent]);
      const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]);
      try {
        const environment = { ...process.env, SSH_AUTH_SOCK: agent };
        await mustRun("ssh-add", ["-q", server.clientKey], { environment });
        const { output } = await withSession({ keyFile: undefined, agent }, (session) => echo(session, "in"));
        assert.deepEqual(output, ["in"]);
        await mustRun("ssh-add", ["-q", "-D"], { environment });
        assert.equal((await refused({ keyFile: undefined, agent })).code, "access-denied");
      } finally {
        process.kill(pid);
      }
    });

    it("with a key or a password where the agent is gone, and says of the agent where nothing else helps", async () => {
      const agent = server.file("no-agent");
      for (const options of [{ agent }, { agent, keyFile: undefined, password: new SecureString(password) }]) {
        const { output } = await withSession(options, (session) => echo(session, "in"));
        assert.deepEqual(output, ["in"]);
      }
      const wrong = new SecureString("Wrong-password-1");
      for (const [options, code] of [
        [{}, "access-denied"],
        [{ password: wrong }, "password-refused"],
      ] as const) {
        const error = await refused({ agent, keyFile: undefined, ...options });
        assert.equal(error.code, code);
        assert.match(error.message, /The agent was no help: /);
      }
    });

    it("with the password that was given rather than with the agent's keys: only a password goes on to other servers", async () => {
      const agent = server.file("second-agent");
      const started = await mustRun("ssh-agent", ["-s", "-a", agent]);
      const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]);
      try {
        await mustRun("ssh-add", ["-q", server.clientKey], { environment: { ...process.env, SSH_AUTH_SOCK: agent } });
        const options = { agent, keyFile: undefined, password: new SecureString(password) };
        await withSession(options, (session) => echo(session, "in"));
        assert.match(server.log, new RegExp(`Accepted password for ${user}`));
        assert.doesNotMatch(server.log, /Accepted publickey/);
      } finally {
        process.kill(pid);
      }
    });

    it("not with a key or a password that the server does not take, and keeps the password to itself", async () => {
      const keyFile = server.file("stranger_key");
      await newKey(keyFile, "rsa");
      const wrong = "Wrong-password-1";
      for (const [options, code] of [
        [{ keyFile }, "access-denied"],
        [{ keyFile: undefined, password: new SecureString(wrong) }, "password-refused"],
      ] as const) {
        const error = await refused(options);
        assert.equal(error.code, code);
        assert.ok(error.message.includes(user) && error.message.includes(address), error.message);
        assert.doesNotMatch(`${error.message}${error.stack}`, new RegExp(wrong));
      }
    });

    it("with a password where the key before it was not taken", async () => {
      const { output } = await withSession(
        { keyFile: server.file("stranger_key"), password: new SecureString(password) },
        (session) => echo(session, "in"),
      );
      assert.deepEqual(output, ["in"]);
    });

    it("not without anything to log on with, nor with a file that is no key", async () => {
      assert.equal((await refused({ keyFile: undefined })).code, "settings-invalid");
      const error = await refused({ keyFile: server.file("sshd_config") });
      assert.equal(error.code, "settings-invalid");
      assert.match(error.message, /no private key/);
      assert.equal((await refused({ keyFile: server.file("nowhere") })).code, "settings-invalid");
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

    it("when the server lets us in, and never starts anything", async () => {
      const hostKey = server.file("silent_key");
      await newKey(hostKey, "ed25519");
      const silent = new Ssh2Server({ hostKeys: [readFileSync(hostKey)] }, (connection) => {
        connection.on("authentication", (context) => context.accept());
        connection.on("session", (accept) => accept().on("subsystem", () => {}));
        connection.on("error", () => {});
      });
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      try {
        const { port } = silent.address() as { port: number };
        const [, blob = ""] = readFileSync(`${hostKey}.pub`, "utf8").split(" ");
        const print = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64").replace(/=+$/, "");
        const where = { host: "127.0.0.1", port, fingerprint: `SHA256:${print}` };
        const error = await refused({ ...where, connectDeadline: 500 });
        assert.equal(error.code, "timeout");
        assert.match(error.message, /did not start PowerShell/);
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
      const pipe = server.file(`pipe-${pid}`);
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
      const file = server.file("Other.psm1");
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
