import { strict as assert } from "node:assert";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "../../lab/command";
import type { ProviderError } from "../../provider/error";
import {
  type LocalOptions,
  LocalSession,
  type PipelineResult,
  PsCredential,
  type PsInput,
  PsObject,
  SecureString,
} from "../../provider/powershell";
import { engineMissing, findEngine } from "../support/engine";
import { hostileTexts } from "../support/hostile-texts";

const password = "Local-s3cret ü€ 'quoted' $(it)";

const hostile = Object.values(hostileTexts);

const environmentText = "[IO.File]::ReadAllText('/proc/self/environ')";

describe("a session on this machine", function () {
  this.timeout(30_000);
  let engine: string;
  let folder: string;
  let session: LocalSession;

  before(async function () {
    engine = (await findEngine()) ?? "";
    if (engine === "") {
      console.log(engineMissing);
      return this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "local-shell-"));
    session = new LocalSession({ executable: engine });
  });
  after(async () => {
    await session?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const echo = (value: PsInput): Promise<PipelineResult> =>
    session.invoke([{ name: "Write-Output", parameters: { InputObject: value } }]);

  it("gives commands their values as they are, whatever they look like", async () => {
    for (const text of hostile) {
      const { output, state, errors } = await echo(text);
      assert.deepEqual([state, output, errors], ["completed", [text], []]);
    }
    const list = await session.invoke([{ name: "Write-Output", arguments: hostile.slice(0, 3) }]);
    assert.deepEqual(list.output, hostile.slice(0, 3));
  });

  it("reads neither the name of a command nor that of a parameter as script", async () => {
    for (const name of ["Write-Output 'in'", "$(Write-Output in)", "Write-Output; Write-Output", "& { 'in' }"]) {
      const { output, errors } = await session.invoke([{ name }]);
      assert.deepEqual(output, []);
      assert.match(errors[0]?.fullyQualifiedErrorId ?? "", /^CommandNotFoundException/);
    }
    const { output, errors } = await session.invoke([
      { name: "Write-Warning", parameters: { "Message 1; throw": "in" } },
    ]);
    assert.deepEqual(output, []);
    assert.match(errors[0]?.fullyQualifiedErrorId ?? "", /^NamedParameterNotFound/);
  });

  it("passes objects from command to command, and has them come back whole", async () => {
    const { output } = await session.invoke([
      { name: "Write-Output", parameters: { InputObject: [3, 1, 2] } },
      { name: "Sort-Object" },
    ]);
    assert.deepEqual(output, [1, 2, 3]);
    const bag = new PsObject({ extended: { Name: "cas-1", Count: 2n ** 60n, None: null } });
    const [back] = (await echo(bag)).output;
    assert.ok(back instanceof PsObject);
    assert.deepEqual(
      ["Name", "Count", "None"].map((name) => back.property(name)),
      ["cas-1", 2n ** 60n, null],
    );
  });

  it("tells a warning, and what a program says on its error stream, from an error", async () => {
    const warned = await session.invoke([{ name: "Write-Warning", parameters: { Message: "beware" } }]);
    assert.deepEqual([warned.state, warned.warnings, warned.errors], ["completed", ["beware"], []]);

    // The process's own error stream, which node-powershell reads as failure where it is let.
    const grumble = module("Grumble", "[Console]::Error.WriteLine('grumble'); 'done'");
    await session.invoke([{ name: "Import-Module", parameters: { Name: grumble } }]);
    const said = await session.invoke([{ name: "Get-Grumble" }]);
    assert.deepEqual([said.state, said.output, said.errors], ["completed", ["done"], []]);

    // The line that it leaves open is not the command's answer, nor takes that away.
    const mutter = module("Mutter", "[Console]::Out.Write('muttering'); 'done'");
    await session.invoke([{ name: "Import-Module", parameters: { Name: mutter } }]);
    const muttered = await session.invoke([{ name: "Get-Mutter" }]);
    assert.deepEqual([muttered.state, muttered.output], ["completed", ["done"]]);

    const native = await session.invoke([{ name: "sh", arguments: ["-c", "echo grumble >&2; echo done"] }]);
    assert.deepEqual([native.state, native.output], ["completed", ["done"]]);
    assert.deepEqual((await echo("next")).output, ["next"]);
  });

  it("takes progress as a remote shell gives it, and objects that were given sets of members", async () => {
    const rolling = join(folder, "Rolling.psm1");
    const body = [
      "[CmdletBinding()] param()",
      "$record = [System.Management.Automation.ProgressRecord]::new(7, 'Rolling', 'cas-1')",
      "$record.PercentComplete = 40; $record.CurrentOperation = 'copying'",
      "$PSCmdlet.WriteProgress($record); 'rolled'",
    ];
    writeFileSync(rolling, `function Get-Rolling { ${body.join("; ")} }\n`);
    await session.invoke([{ name: "Import-Module", parameters: { Name: rolling } }]);
    const { state, progress, output } = await session.invoke([{ name: "Get-Rolling" }]);
    assert.deepEqual(output, ["rolled"]);
    assert.equal(state, "completed");
    const [told] = progress;
    assert.ok(told instanceof PsObject);
    assert.deepEqual(Object.fromEntries(told.extended), {
      Activity: "Rolling",
      ActivityId: 7,
      StatusDescription: "cas-1",
      CurrentOperation: "copying",
      ParentActivityId: -1,
      PercentComplete: 40,
      Type: "Processing",
      SecondsRemaining: -1,
    });

    const dressed = module(
      "Dressed",
      [
        "$object = [pscustomobject]@{ Name = 'cas-1' }",
        "$columns = [System.Management.Automation.PSMemberInfo[]]@([psnoteproperty]::new('Columns', [string[]]@('Name')))",
        "$object.PSObject.Members.Add([System.Management.Automation.PSMemberSet]::new('PSStandardMembers', $columns))",
        "$object",
      ].join("; "),
    );
    await session.invoke([{ name: "Import-Module", parameters: { Name: dressed } }]);
    const [back] = (await session.invoke([{ name: "Get-Dressed" }])).output;
    assert.ok(back instanceof PsObject);
    assert.equal(back.property("Name"), "cas-1");
    const set = back.property("PSStandardMembers");
    assert.ok(set instanceof PsObject && set.extended.has("Columns"));
  });

  it("says that a command came to its end where its answer cannot be read, and goes on", async () => {
    const secret = module("Secret", "$secret = [securestring]::new(); $secret.AppendChar('x'); $secret");
    await session.invoke([{ name: "Import-Module", parameters: { Name: secret } }]);
    await assert.rejects(session.invoke([{ name: "Get-Secret" }]), {
      code: "unclear-outcome",
      message: /Get-Secret on this machine came to its end, and what it gave cannot be read/,
    });
    assert.deepEqual((await echo("next")).output, ["next"]);
  });

  it("tells errors with their ids, those that end a pipeline and those that do not", async () => {
    const error = await session.invoke([{ name: "Write-Error", parameters: { Message: "bad", ErrorId: "ById" } }]);
    assert.equal(error.state, "completed");
    assert.equal(error.errors[0]?.message, "bad");
    assert.match(error.errors[0]?.fullyQualifiedErrorId ?? "", /^ById/);
    const ended = await session.invoke([
      { name: "Write-Error", parameters: { Message: "worse", ErrorAction: "Stop" } },
    ]);
    assert.equal(ended.state, "failed");
    assert.match(ended.errors.at(-1)?.message ?? "", /worse/);
  });

  it("fails a question instead of waiting for an answer", async () => {
    const { state, errors } = await session.invoke([{ name: "Write-Output" }], { deadline: 10_000 });
    assert.equal(state, "failed");
    assert.match(errors[0]?.fullyQualifiedErrorId ?? "", /MissingMandatoryParameter|HostException/);
  });

  it("runs its startup in both shells before anything else, and is of no use where that fails", async () => {
    const startup = [[{ name: "Import-Module", parameters: { Name: module("StartedUp") } }]] as const;
    await withSession({ startup }, async (started) => {
      assert.deepEqual((await started.invoke([{ name: "Get-StartedUp" }])).output, ["StartedUp"]);
      const given = { Value: new SecureString(password) };
      assert.deepEqual((await started.invoke([{ name: "Get-StartedUp", parameters: given }])).output, ["StartedUp"]);
    });
    await withSession({ startup: [[{ name: "Import-NoSuchThing" }]] }, async (broken) => {
      await assert.rejects(broken.invoke([{ name: "Get-StartedUp" }]), { code: "command-missing" });
      assert.equal(broken.usable, false);
    });
  });

  it("is understood by a shell that reads its input as Windows PowerShell 5.1 does", async () => {
    const old = join(folder, "old");
    const typist = `'${process.execPath}' -r ts-node/register '${join(__dirname, "typist.ts")}'`;
    writeFileSync(old, `#!/bin/sh\nexec ${typist} '${engine}' "$@"\n`);
    chmodSync(old, 0o755);
    await withSession({ executable: old }, async (typed) => {
      const command = { name: "Write-Output", parameters: { InputObject: "in" } };
      assert.deepEqual((await typed.invoke([command], { deadline: 20_000 })).output, ["in"]);
    });
  });

  describe("where a secret is carried", () => {
    const recorded = () => join(folder, "stdin.log");
    let recording: LocalSession;

    before(function () {
      if (engine === "") return this.skip();
      // All that ever reaches a shell: its command line and its standard input.
      const recorder = join(folder, "recorder");
      const lines = [
        "#!/bin/sh",
        `echo "$@" >>'${recorded()}'`,
        "exec 3<&0",
        `tee -a '${recorded()}' <&3 | '${engine}' "$@" &`,
        // At the end of its input it would stay.
        'trap "kill $!" TERM',
        "wait",
      ];
      writeFileSync(recorder, `${lines.join("\n")}\n`);
      chmodSync(recorder, 0o755);
      recording = new LocalSession({ executable: recorder });
    });
    after(() => recording?.close());

    it("brings it there, and shows it to no log of script text, command line or environment", async () => {
      await recording.invoke([{ name: "Import-Module", parameters: { Name: module("Reader") } }]);
      const credential = new PsCredential("TAILSPIN\\EXCH2016ASA$", new SecureString(password));
      const { output } = await recording.invoke([{ name: "Write-Output", parameters: { InputObject: [credential] } }]);
      assert.equal(output[0] instanceof PsCredential && output[0].password.reveal(), password);

      const text = readFileSync(recorded(), "utf8");
      assert.match(text, /Invoke-PipelineData/);
      assert.match(text, /<Data Stream/);
      const base64 = [...text.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].map(([data]) => Buffer.from(data, "base64"));
      const seen = [
        text,
        ...base64.map((data) => data.toString("utf8")),
        ...base64.map((data) => data.toString("utf16le")),
      ];
      assert.ok(
        seen.some((one) => one.includes("EXCH2016ASA$")),
        "the recorder does not see what it should",
      );
      for (const one of seen) assert.ok(!one.includes("s3cret"));
      assert.doesNotMatch(text.replaceAll(/<Data .*/g, ""), /EXCH2016ASA/);
    });

    it("gives its child neither Pulumi's variables nor ours", async () => {
      process.env.EXCHANGE_KERBEROS_LOCAL_TEST = "leak-1";
      process.env.PULUMI_LOCAL_TEST = "leak-2";
      try {
        const environment = [
          { name: "Import-Module", parameters: { Name: module("Environment", environmentText) } },
        ] as const;
        await withSession({ startup: [environment] }, async (fresh) => {
          for (const value of ["plain", new SecureString(password)]) {
            // A function of our own takes the secret along, so that both shells are asked.
            const { output } = await fresh.invoke([{ name: "Get-Environment", parameters: { Value: value } }]);
            assert.match(String(output), /PATH=/);
            assert.doesNotMatch(String(output), /leak-/);
          }
        });
      } finally {
        delete process.env.EXCHANGE_KERBEROS_LOCAL_TEST;
        delete process.env.PULUMI_LOCAL_TEST;
      }
    });
  });

  describe("comes to an end", () => {
    it("when a command outlives its deadline or is cancelled: its shell goes with it, and is told to be of no more use", async () => {
      const sleep = [{ name: "Start-Sleep", parameters: { Seconds: 30 } }] as const;
      for (const [options, code] of [
        [() => ({ deadline: 1_500 }), "timeout"],
        [() => ({ signal: AbortSignal.timeout(1_500) }), "cancelled"],
      ] as const) {
        await withSession({}, async (doomed) => {
          const started = Date.now();
          await assert.rejects(doomed.invoke(sleep, options()), { code });
          assert.equal(doomed.usable, false);
          await doomed.close();
          assert.ok(Date.now() - started < 8_000);
        });
      }
    });

    it("when its shell dies under a command: nobody knows whether that took effect", async () => {
      await withSession({}, async (doomed) => {
        const pid = await shellPid(doomed);
        // Opens for writing once the command has opened it for reading.
        const pipe = join(folder, "pipe");
        await mustRun("mkfifo", [pipe]);
        const running = doomed.invoke([{ name: "Get-Content", parameters: { Path: pipe } }]);
        const opened = await openFile(pipe, "w");
        process.kill(pid, "SIGKILL");
        await assert.rejects(running, ({ code, message }: ProviderError) => {
          assert.equal(code, "unclear-outcome");
          return message.includes("Get-Content");
        });
        await opened.close();
        assert.equal(doomed.usable, false);
      });
    });

    it("when there is no such shell, in one sentence, with this process alive", async () => {
      for (const value of ["plain", new SecureString(password)]) {
        await withSession({ executable: join(folder, "no-such-shell") }, async (missing) => {
          const command = { name: "Write-Output", parameters: { InputObject: value } };
          await assert.rejects(missing.invoke([command]), { code: "powershell-failed" });
          assert.equal(missing.usable, false);
        });
      }
    });
  });

  async function withSession(options: LocalOptions, work: (session: LocalSession) => Promise<void>): Promise<void> {
    const own = new LocalSession({ executable: engine, ...options });
    try {
      await work(own);
    } finally {
      await own.close();
    }
  }

  async function shellPid(of: LocalSession): Promise<number> {
    const { output } = await of.invoke([{ name: "Get-Content", parameters: { Path: "/proc/self/stat" } }]);
    return Number.parseInt(String(output[0]), 10);
  }

  /** A module with one command, that takes a value and gives the module's name, or what `body` says. */
  function module(name: string, body = `'${name}'`): string {
    const file = join(folder, `${name}.psm1`);
    writeFileSync(file, `function Get-${name}($Value) { ${body} }\n`);
    return file;
  }
});
