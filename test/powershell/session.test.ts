import { strict as assert } from "node:assert";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../../lab/command";
import type { ErrorCode, ProviderError } from "../../provider/error";
import {
  type Channel,
  type InvokeOptions,
  type Pipeline,
  PsCredential,
  processChannel,
  RunspacePoolSession,
  SecureString,
  type SessionOptions,
  throwOnErrors,
} from "../../provider/powershell";
import { engineMissing, findEngine } from "../support/engine";
import { inSession } from "./engine-session";

const sleep: Pipeline = [{ name: "Start-Sleep", parameters: { Seconds: 30 } }];
const echo = (value: string): Pipeline => [{ name: "Write-Output", parameters: { InputObject: value } }];

/** Commands that fail as Exchange's do, for what the session makes of it. */
const failures = `
function Get-Prompted { [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param() if ($PSCmdlet.ShouldProcess('cas-1')) { 'done' } }
function Get-Denied { Write-Error -Message 'Access is denied.' -Category PermissionDenied; 'and went on' }
function Start-Other { $start = [System.Diagnostics.ProcessStartInfo]::new('/bin/sleep', '60'); $start.UseShellExecute = $false; [System.Diagnostics.Process]::Start($start).Id; $PID }
function Wait-Long($Path) { Set-Content $Path 'here'; Start-Sleep 30 }
function Get-Hidden { Write-Error -Message "no colour \`e[31m\`n in a terminal"; throw 'over' }
`;

describe("a session over standard input and output", function () {
  this.timeout(30_000);
  let engine: string;
  let folder: string;

  before(async function () {
    engine = (await findEngine()) ?? "";
    if (engine === "") {
      console.log(engineMissing);
      return this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "session-"));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const withSession = (work: Parameters<typeof inSession>[1], options?: SessionOptions) =>
    inSession(engine, work, options);

  it("runs commands at the same time where it has the runspaces, and keeps their results apart", async () => {
    await withSession(
      async (session) => {
        const results = await Promise.all(
          ["a", "b", "c"].map((text) =>
            session.invoke([
              { name: "Write-Output", parameters: { InputObject: text } },
              { name: "ForEach-Object", parameters: { MemberName: "ToUpper" } },
            ]),
          ),
        );
        assert.deepEqual(
          results.map(({ output }) => output),
          [["A"], ["B"], ["C"]],
        );
        const nap: Pipeline = [{ name: "Start-Sleep", parameters: { Seconds: 1 } }];
        const started = Date.now();
        await Promise.all([session.invoke(nap), session.invoke(nap), session.invoke(nap)]);
        assert.ok(Date.now() - started < 2_500, `${Date.now() - started} ms`);
      },
      { maxRunspaces: 3 },
    );
  });

  it("gives many secrets at once over one key exchange", async () => {
    await withSession(
      async (session) => {
        const passwords = Array.from({ length: 8 }, (_, index) => `Pässword-${index}`);
        const back = await Promise.all(
          passwords.map(async (text) => {
            const credential = new PsCredential("user", new SecureString(text));
            const { output } = await session.invoke([
              { name: "Write-Output", parameters: { InputObject: credential } },
            ]);
            return output[0] instanceof PsCredential ? output[0].password.reveal() : undefined;
          }),
        );
        assert.deepEqual(back, passwords);
      },
      { maxRunspaces: 2 },
    );
  });

  it("says what an error of the server means, and what to do", async () => {
    const file = join(folder, "Failures.psm1");
    writeFileSync(file, failures);
    const cases: [Pipeline[number], ErrorCode, RegExp][] = [
      [{ name: "Get-NoSuchThing" }, "command-missing", /role/],
      [{ name: "Write-Warning", parameters: { NoSuch: 1 } }, "command-missing", /role/],
      [{ name: "Get-Prompted" }, "powershell-failed", /-Confirm:\$false/],
      [{ name: "Get-Denied" }, "access-denied", /Access is denied\. Check the account's management roles/],
      [{ name: "Get-Hidden" }, "powershell-failed", /no colour +\[31m +in a terminal/],
    ];
    await withSession(async (session) => {
      throwOnErrors(await session.invoke([{ name: "Import-Module", parameters: { Name: file } }]), "import", "cas-1");
      for (const [command, code, says] of cases) {
        const answer = await session.invoke([command]);
        assert.throws(
          () => throwOnErrors(answer, "look", "cas-1"),
          (error: ProviderError) => {
            assert.equal(error.code, code, error.message);
            assert.match(error.message, says);
            // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is the point.
            assert.doesNotMatch(error.message, /[\x00-\x1f]/);
            return error.message.startsWith("cas-1: could not look: ");
          },
        );
      }
      const denied = await session.invoke([{ name: "Get-Denied" }]);
      assert.deepEqual([denied.state, denied.output], ["completed", ["and went on"]]);
    });
  });

  it("ends a command at its deadline or by its signal, and takes no other then", async () => {
    const endings: [() => InvokeOptions, { code: ErrorCode; message: RegExp }][] = [
      [() => ({ deadline: 300 }), { code: "timeout", message: /Start-Sleep on cas-1/ }],
      [() => ({ signal: AbortSignal.timeout(300) }), { code: "cancelled", message: /Start-Sleep on cas-1/ }],
    ];
    for (const [how, expected] of endings) {
      await withSession(async (session) => {
        const started = Date.now();
        await assert.rejects(session.invoke(sleep, { signal: AbortSignal.abort() }), { code: "cancelled" });
        assert.deepEqual((await session.invoke(echo("nothing was sent"))).output, ["nothing was sent"]);
        await assert.rejects(session.invoke(sleep, how()), expected);
        assert.ok(Date.now() - started < 5_000);
        assert.equal(session.usable, false);
        // PowerShell says "stopped" before its runspace is free, and may refuse what comes then.
        await assert.rejects(session.invoke(echo("next")), { code: "protocol", message: /Start-Sleep was stopped/ });
      });
    }
  });

  it("takes a deadline that is further away than a timer goes for what it says", async () => {
    await withSession(
      async (session) => {
        const nap: Pipeline = [{ name: "Start-Sleep", parameters: { Milliseconds: 50 } }];
        for (const deadline of [30 * 86_400_000, Number.POSITIVE_INFINITY])
          assert.equal((await session.invoke(nap, { deadline })).state, "completed");
      },
      { openDeadline: Number.POSITIVE_INFINITY },
    );
  });

  it("lets the other commands of a session go on where one is stopped", async () => {
    await withSession(
      async (session) => {
        const other = session.invoke([{ name: "Start-Sleep", parameters: { Milliseconds: 1500 } }]);
        await assert.rejects(session.invoke(sleep, { deadline: 300 }), { code: "timeout" });
        assert.equal((await other).state, "completed");
      },
      { maxRunspaces: 2 },
    );
  });

  it("lets a command go on where the traces of the one before cannot be removed, and takes no other then", async () => {
    const real = processChannel(engine);
    const channel: Channel = {
      maxPieceSize: real.maxPieceSize,
      open: (...given) => real.open(...given),
      send: (data) => real.send(data),
      openPipeline: (...given) => real.openPipeline(...given),
      stopPipeline: (id) => real.stopPipeline(id),
      closePipeline: () => new Promise(() => {}),
      close: () => real.close(),
      destroy: () => real.destroy(),
    };
    const session = await RunspacePoolSession.open("cas-1", channel, { closeDeadline: 200, maxRunspaces: 2 });
    try {
      await session.invoke(echo("first"));
      const nap = await session.invoke([{ name: "Start-Sleep", parameters: { Milliseconds: 1000 } }]);
      assert.equal(nap.state, "completed");
      assert.equal(session.usable, false);
      await assert.rejects(session.invoke(echo("next")), { code: "protocol", message: /could not be closed/ });
    } finally {
      await session.close();
    }
  });

  it("sends no command after it was closed, though it was asked before and waited for the key", async () => {
    await withSession(async (session) => {
      const file = join(folder, "sent");
      const credential = new PsCredential("user", new SecureString("Pässword"));
      const running = session.invoke([
        { name: "Write-Output", parameters: { InputObject: credential } },
        { name: "Set-Content", parameters: { Path: file } },
      ]);
      const refused = assert.rejects(running, { code: "protocol", message: /is closed/ });
      await session.close();
      await refused;
      assert.equal(existsSync(file), false);
    });
  });

  it("closes within its deadlines while a command runs, tells that command, and leaves no process", async () => {
    await withSession(async (session) => {
      const { output } = await session.invoke([{ name: "Get-Content", parameters: { Path: "/proc/self/stat" } }]);
      const pid = Number.parseInt(String(output[0]), 10);
      const running = session.invoke(sleep);
      const ended = assert.rejects(running, { code: "cancelled" });
      const started = Date.now();
      await session.close();
      await ended;
      assert.ok(Date.now() - started < 5_000);
      await waitUntil("the engine ends", async () => !existsSync(`/proc/${pid}`), 5_000);
      await assert.rejects(session.invoke(echo("late")), { code: "protocol" });
      await session.close();
    });
  });

  it("tells the command that runs and the next one that the server died, though a program that it started lives", async () => {
    const file = join(folder, "Failures.psm1");
    writeFileSync(file, failures);
    await withSession(
      async (session) => {
        await session.invoke([{ name: "Import-Module", parameters: { Name: file } }]);
        const { output } = await session.invoke([{ name: "Start-Other" }]);
        const [other, server] = output.map(Number) as [number, number];
        try {
          const sign = join(folder, "running");
          const wait: Pipeline = [{ name: "Wait-Long", parameters: { Path: sign } }];
          const running = assert.rejects(session.invoke(wait), { code: "unclear-outcome", message: /SIGKILL/ });
          await waitUntil("the command runs", async () => existsSync(sign), 5_000);
          process.kill(server, "SIGKILL");
          await waitUntil("the engine is gone", async () => !existsSync(`/proc/${server}`), 5_000);
          // Nobody has noticed yet.
          const next = assert.rejects(session.invoke(echo("next")), { code: "protocol", message: /SIGKILL/ });
          await Promise.all([running, next]);
          assert.equal(session.usable, false);
        } finally {
          process.kill(other, "SIGKILL");
        }
      },
      { maxRunspaces: 2 },
    );
  });

  /** What a broken server does, as a script; and what is made of it. */
  const broken: Record<string, { script: string; code: ErrorCode; says: RegExp }> = {
    "says nothing": { script: "cat >/dev/null", code: "timeout", says: /within 0\.5 s/ },
    "says something else": {
      script: "echo '<html>Sign in</html>'; cat >/dev/null",
      code: "protocol",
      says: /<html>Sign in/,
    },
    "ends with words": { script: "echo 'no licence' >&2; exit 3", code: "protocol", says: /exit code 3.*no licence/ },
    "never ends its line": {
      script: 'yes | tr -d "\\n" & echo $! >"$0.pid"; wait',
      code: "protocol",
      says: /"y{200}"/,
    },
  };
  for (const [what, { script, code, says }] of Object.entries(broken)) {
    it(`does not hang where the server ${what}`, async () => {
      const file = join(folder, "broken");
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
      const started = Date.now();
      const opening = RunspacePoolSession.open("cas-1", processChannel(file), {
        openDeadline: code === "timeout" ? 500 : 20_000,
      });
      await assert.rejects(opening, (error: ProviderError) => {
        assert.match(error.message, says);
        return error.code === code;
      });
      assert.ok(Date.now() - started < 15_000);
      if (existsSync(`${file}.pid`)) {
        const pid = readFileSync(`${file}.pid`, "utf8").trim();
        await waitUntil("what the server started notices", async () => !existsSync(`/proc/${pid}/fd/1`), 5_000);
      }
    });
  }
});
