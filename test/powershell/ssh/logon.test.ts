import { strict as assert } from "node:assert";
import { appendFileSync, readFileSync } from "node:fs";
import { mustRun } from "../../../lab/command";
import { SecureString } from "../../../provider/powershell";
import { newKey, user } from "./openssh-server";
import { address, password, sshSessions } from "./ssh-sessions";

describe("a session over SSH logs on", function () {
  this.timeout(30_000);
  const ssh = sshSessions();
  const { withSession, echo, refused } = ssh;

  it("with a password", async () => {
    const options = { keyFile: undefined, password: new SecureString(password) };
    const { output } = await withSession(options, (session) => echo(session, "in"));
    assert.deepEqual(output, ["in"]);
    assert.match(ssh.server.log, new RegExp(`Accepted password for ${user}`));
  });

  it("with a key that has a passphrase, and not without it", async () => {
    const keyFile = ssh.server.file("encrypted_key");
    await newKey(keyFile, "ed25519", "pass phrase");
    appendFileSync(ssh.server.file("authorized_keys"), readFileSync(`${keyFile}.pub`));
    const { output } = await withSession({ keyFile, passphrase: new SecureString("pass phrase") }, (session) =>
      echo(session, "in"),
    );
    assert.deepEqual(output, ["in"]);
    assert.match(ssh.server.log, new RegExp(`Accepted publickey for ${user}`));
    for (const passphrase of [undefined, new SecureString("another phrase")]) {
      const error = await refused({ keyFile, passphrase });
      assert.equal(error.code, "settings-invalid");
      assert.match(error.message, /passphrase is missing or wrong/);
      assert.doesNotMatch(error.message, /another phrase/);
    }
  });

  let agents = 0;
  /** An agent that holds these keys, and no longer than the work takes. */
  async function withAgent(
    keys: readonly string[],
    work: (agent: string, clear: () => Promise<unknown>) => Promise<void>,
  ) {
    const agent = ssh.server.file(`agent-${++agents}`);
    const started = await mustRun("ssh-agent", ["-s", "-a", agent]);
    const environment = { ...process.env, SSH_AUTH_SOCK: agent };
    try {
      await mustRun("ssh-add", ["-q", ...keys], { environment });
      await work(agent, () => mustRun("ssh-add", ["-q", "-D"], { environment }));
    } finally {
      process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]));
    }
  }

  it("with a key that an agent holds", () =>
    withAgent([ssh.server.clientKey], async (agent, clear) => {
      const { output } = await withSession({ keyFile: undefined, agent }, (session) => echo(session, "in"));
      assert.deepEqual(output, ["in"]);
      await clear();
      assert.equal((await refused({ keyFile: undefined, agent })).code, "access-denied");
    }));

  it("with a key or a password where the agent is gone, and says of the agent where nothing else helps", async () => {
    const agent = ssh.server.file("no-agent");
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

  it("not where an agent's other keys use up all tries: a password is refused by then, and tried on no further server", async () => {
    const keys = Array.from({ length: 6 }, (_, index) => ssh.server.file(`other_key_${index}`));
    for (const key of keys) await newKey(key, "ed25519");
    await withAgent(keys, async (agent) => {
      for (const [options, code] of [
        [{}, "access-denied"],
        [{ password: new SecureString("Wrong-password-1") }, "password-refused"],
      ] as const) {
        const error = await refused({ agent, keyFile: undefined, ...options });
        assert.equal(error.code, code);
        assert.match(
          error.message,
          /did not accept shelly in as many tries as it allows.* take the others out of the agent/,
        );
      }
    });
  });

  it("with the password that was given rather than with the agent's keys: only a password goes on to other servers", () =>
    withAgent([ssh.server.clientKey], async (agent) => {
      const options = { agent, keyFile: undefined, password: new SecureString(password) };
      await withSession(options, (session) => echo(session, "in"));
      assert.match(ssh.server.log, new RegExp(`Accepted password for ${user}`));
      assert.doesNotMatch(ssh.server.log, /Accepted publickey/);
    }));

  it("not with a key or a password that the server does not take, and keeps the password to itself", async () => {
    const keyFile = ssh.server.file("stranger_key");
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
      { keyFile: ssh.server.file("stranger_key"), password: new SecureString(password) },
      (session) => echo(session, "in"),
    );
    assert.deepEqual(output, ["in"]);
  });

  it("not without anything to log on with, nor with a file that is no key", async () => {
    assert.equal((await refused({ keyFile: undefined })).code, "settings-invalid");
    const error = await refused({ keyFile: ssh.server.file("sshd_config") });
    assert.equal(error.code, "settings-invalid");
    assert.match(error.message, /no private key/);
    assert.equal((await refused({ keyFile: ssh.server.file("nowhere") })).code, "settings-invalid");
    const ofPublic = await refused({ keyFile: `${ssh.server.clientKey}.pub` });
    assert.equal(ofPublic.code, "settings-invalid");
    assert.match(ofPublic.message, /holds a public key/);
  });
});
