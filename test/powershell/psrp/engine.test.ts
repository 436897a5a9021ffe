import { strict as assert } from "node:assert";
import type { Pipeline } from "../../../provider/powershell/pipeline";
import {
  PsCredential,
  PsDictionary,
  type PsInput,
  PsList,
  PsObject,
  PsScalar,
  type PsValue,
  psValue,
  SecureString,
} from "../../../provider/powershell/psrp";
import { engineMissing, findEngine } from "../../support/engine";
import { hostileTexts } from "../../support/hostile-texts";
import { containers, primitives } from "./engine-values";
import { ofType, StdioEngine } from "./stdio-engine";

/** The engine's own words for "type and value are the same". */
const setUp = `
function global:Add-Note($value) { $o = [psobject]::AsPSObject($value); $o.psobject.Properties.Add([psnoteproperty]::new('Note', 'added')); $o }
function global:Test-Same($Index, $Value) {
  $original = $global:originals[$Index]
  $same = if ($original -is [string]) { [string]::Equals($original, $Value) } else { [System.Management.Automation.PSSerializer]::Serialize($original) -ceq [System.Management.Automation.PSSerializer]::Serialize($Value) }
  @(($original.GetType() -eq $Value.GetType()), $same)
}
function global:Send-Back($Value) { ,$Value }
function global:Get-Type($Value) { if ($null -eq $Value) { 'null' } else { $Value.GetType().FullName } }
function global:Read-Credential([pscredential[]]$Credential) { $Credential | ForEach-Object { $_.UserName; $_.GetNetworkCredential().Password } }
`;

/** An object that PowerShell passes on bears `Deserialized.` before its type names; all else must be what it was. */
function withoutMarks(value: PsValue): PsValue {
  if (!(value instanceof PsObject)) return value;
  const names = value.typeNames.map((name) => name.replace(/^Deserialized\./, ""));
  value.typeNames = names;
  for (const item of value instanceof PsList ? value.items : []) withoutMarks(item);
  for (const item of value instanceof PsDictionary ? value.entries.flat() : []) withoutMarks(item);
  for (const item of [...value.adapted.values(), ...value.extended.values()]) withoutMarks(item);
  return value;
}

describe("PSRP core against the real engine", () => {
  let path = "";
  let engine: StdioEngine;

  before(async function () {
    path = (await findEngine()) ?? "";
    if (path === "") {
      console.log(engineMissing);
      return this.skip();
    }
    engine = await StdioEngine.open(path);
    await engine.run(setUp);
  });

  after(() => engine?.close());

  it("reads every primitive exactly, and the engine finds what is sent back the same", async () => {
    const expressions = Object.keys(primitives);
    const additions = expressions.map((text) => `[void]$global:originals.Add((${text}))`);
    const made = await engine.run(`$global:originals = [System.Collections.ArrayList]::new()\n${additions.join("\n")}`);
    assert.deepEqual(
      made.events.map((event) => ("error" in event ? event.error?.message : event)),
      [undefined],
    );
    const { output } = await engine.run("$global:originals");
    assert.deepEqual(output.length, expressions.length);
    for (const [index, expression] of expressions.entries()) {
      assert.deepStrictEqual(output[index], primitives[expression], expression);
      const value = output[index] ?? null;
      // Whoever reads a script block gets its text: what comes over a wire is not run by accident.
      const isScript = value instanceof PsScalar && value.type === "ScriptBlock";
      const command = isScript
        ? { name: "Get-Type", parameters: { Value: value } }
        : { name: "Test-Same", parameters: { Index: index, Value: value } };
      const expected = isScript ? ["System.String"] : [true, true];
      assert.deepEqual((await engine.run([command])).output, expected, expression);
    }
  });

  it("reads null and what a bare JavaScript number becomes", async () => {
    assert.deepEqual((await engine.run("$null")).output, [null]);
    const types = async (value: number | bigint) =>
      (await engine.run([{ name: "Get-Type", arguments: [value] }])).output;
    assert.deepEqual(await types(1), ["System.Int32"]);
    assert.deepEqual(await types(2 ** 31), ["System.Int64"]);
    assert.deepEqual(await types(1.5), ["System.Double"]);
    assert.deepEqual(await types(-0), ["System.Double"]);
    assert.deepEqual(await types(1n), ["System.Int64"]);
    assert.deepEqual(await types(2n ** 63n), ["System.UInt64"]);
    for (const [value, text] of [
      [-0, "-0"],
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "INF"],
      [Number.NEGATIVE_INFINITY, "-INF"],
    ] as const)
      assert.deepEqual((await engine.run([{ name: "Send-Back", arguments: [value] }])).output, [
        new PsScalar("Double", text),
      ]);
  });

  it("reads every container exactly, and gets it back as it was", async () => {
    for (const [expression, expected] of Object.entries(containers)) {
      const { output } = await engine.run(expression);
      assert.deepStrictEqual(output.map(withoutMarks), [expected], expression);
      const back = await engine.run([{ name: "Send-Back", parameters: { Value: output[0] ?? null } }]);
      assert.deepStrictEqual(back.output.map(withoutMarks), [withoutMarks(output[0] ?? null)], expression);
    }
  });

  it("keeps two places that hold one object, and an object that holds itself", async () => {
    const { output } = await engine.run(
      "$o = [pscustomobject]@{ N = 1; Me = $null }; $o.Me = $o; $s = [pscustomobject]@{ X = 1 }; ,@($s, $s, $o)",
    );
    const [first, second, cycle] = output[0] instanceof PsList ? output[0].items : [];
    assert.ok(first instanceof PsObject && cycle instanceof PsObject);
    assert.equal(first, second);
    assert.equal(cycle.property("Me"), cycle);
    const own = new PsObject({ extended: { Name: "own" } });
    own.extended.set("Self", own);
    const text = "param($o) [object]::ReferenceEquals($o, $o.Self) -and $o.Self.Self.Name -eq 'own'";
    assert.deepEqual((await engine.run(`function global:Test-Cycle { ${text} }`)).state, "Completed");
    assert.deepEqual((await engine.run([{ name: "Test-Cycle", arguments: [own] }])).output, [true]);
  });

  it("sends what the engine takes at the deepest, and refuses what it would drop without a word", async () => {
    const nested = (depth: number): PsInput => (depth === 0 ? "x" : [nested(depth - 1)]);
    const given = await engine.run("$input | ForEach-Object { 'taken' }", nested(48));
    assert.deepEqual(given.output, ["taken"]);
    const command = (value: PsInput): Pipeline => [{ name: "Get-Type", parameters: { Value: value } }];
    assert.deepEqual((await engine.run(command(nested(42)))).output, ["System.Collections.ArrayList"]);
    await assert.rejects(engine.run(command(nested(43))), {
      code: "protocol",
      message: /nests deeper than 48 objects/,
    });
  });

  it("takes pipeline input of every sort", async () => {
    const text = "$input | ForEach-Object { Get-Type $_ }";
    const values = ["a", 1, [1, 2], new Map([["k", 1]]), new Date(0)];
    const { output } = await engine.run(text, ...values);
    assert.deepEqual(output.slice(0, 2), ["System.String", "System.Int32"]);
    assert.deepEqual(output.slice(-3), [
      "System.Collections.ArrayList",
      "System.Collections.Hashtable",
      "System.DateTime",
    ]);
  });

  it("stops a sleep of 30 seconds after half a second", async () => {
    // One of its own: a runspace in which something was stopped may refuse what comes next.
    const own = await StdioEngine.open(path);
    try {
      // Its module is loaded by then: a stop in the middle of that ends in other words.
      await own.run([{ name: "Start-Sleep", parameters: { Milliseconds: 1 } }]);
      const started = Date.now();
      const id = await own.start([{ name: "Start-Sleep", parameters: { Seconds: 30 } }]);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await own.stop(id);
      const { state, events } = await own.finish(id);
      assert.equal(state, "Stopped");
      assert.match(ofType(events, "pipelineState")[0]?.error?.message ?? "", /stopped/);
      const took = Date.now() - started;
      assert.ok(took >= 500 && took < 5000, `${took} ms`);
    } finally {
      await own.close();
    }
  });

  it("runs three pipelines at once", async () => {
    const three = await StdioEngine.open(path, { maxRunspaces: 3 });
    try {
      // Each waits for the other two, so one after the other they would never end.
      await three.run("$global:started = 1");
      const script = (name: string) =>
        `[System.AppDomain]::CurrentDomain.SetData('${name}', 1); $until = [datetime]::Now.AddSeconds(15); ` +
        "while (@('a','b','c').Where{ -not [System.AppDomain]::CurrentDomain.GetData($_) } -and [datetime]::Now -lt $until) { [System.Threading.Thread]::Sleep(10) }; " +
        `if ([datetime]::Now -lt $until) { '${name}' }`;
      const ids = [];
      for (const name of ["a", "b", "c"]) ids.push(await three.start(script(name)));
      const outcomes = await Promise.all(ids.map((id) => three.finish(id)));
      assert.deepEqual(
        outcomes.map(({ output }) => output),
        [["a"], ["b"], ["c"]],
      );
    } finally {
      await three.close();
    }
  });

  it("carries credentials with non-ASCII passwords both ways", async () => {
    const passwords = ['pä$$ "wörd" €', "😀\ud83d lone", "", "x".repeat(5000)];
    const credentials = passwords.map((text, index) => new PsCredential(`LAB\\ü${index}$`, new SecureString(text)));
    const read = await engine.run([{ name: "Read-Credential", parameters: { Credential: credentials } }]);
    assert.equal(read.state, "Completed");
    assert.deepEqual(
      read.output,
      passwords.flatMap((text, index) => [`LAB\\ü${index}$`, text]),
    );
    const back = await engine.run([{ name: "Write-Output", parameters: { InputObject: credentials } }]);
    const secrets = back.output.map((value) => {
      assert.ok(value instanceof PsCredential);
      return [value.userName, value.password.reveal()];
    });
    assert.deepEqual(
      secrets,
      passwords.map((text, index) => [`LAB\\ü${index}$`, text]),
    );
    const bare = await engine.run([{ name: "Write-Output", parameters: { InputObject: new SecureString("geheim") } }]);
    assert.ok(bare.output[0] instanceof SecureString);
    assert.equal(bare.output[0].reveal(), "geheim");
  });

  it("asks for the host where a script does, and takes its answer", async () => {
    const host = await StdioEngine.open(path, { host: true });
    try {
      const id = await host.start("$Host.UI.ReadLine(); $Host.UI.Write('out')");
      await host.until(() => ofType(host.events, "hostCall").length > 0);
      const [call] = ofType(host.events, "hostCall");
      assert.ok(call !== undefined);
      assert.equal(call.method, "ReadLine");
      host.pool.answerHostCall(call, { value: "typed" });
      assert.throws(() => host.pool.answerHostCall(call, { value: "again" }), /Cannot answer a host call: .*unknown/);
      await host.flush();
      const { output, events } = await host.finish(id);
      assert.deepEqual(output, ["typed"]);
      assert.deepEqual(
        ofType(events, "hostCall")
          .map((event) => [event.method, event.callId < 0, ...event.parameters])
          .slice(1),
        [["Write1", true, "out"]],
      );
    } finally {
      await host.close();
    }
  });

  it("fails a prompt instead of hanging where there is no host", async () => {
    const { state, events } = await engine.run(
      "$Host.UI.PromptForChoice('c', 'm', @([System.Management.Automation.Host.ChoiceDescription]::new('&a')), 0)",
    );
    const failure = ofType(events, "pipelineState")[0]?.error ?? ofType(events, "error")[0]?.record;
    assert.equal(state, "Failed");
    assert.ok(failure !== undefined);
  });

  it("asks for runspaces", async () => {
    const answer = async (callId: bigint) => {
      await engine.flush();
      const find = () => ofType(engine.events, "runspaceAvailability").find((event) => event.callId === callId);
      await engine.until(() => find() !== undefined);
      return find()?.value;
    };
    assert.equal(await answer(engine.pool.getAvailableRunspaces()), 1n);
    assert.equal(await answer(engine.pool.setMaxRunspaces(2)), true);
    assert.equal(await answer(engine.pool.setMinRunspaces(5)), false);
  });

  it("runs commands, and is told about scripts, where the language is restricted", async () => {
    const restricted = await StdioEngine.open(path);
    try {
      await restricted.run(`${setUp}; $ExecutionContext.SessionState.LanguageMode = 'NoLanguage'`);
      for (const [what, text] of Object.entries(hostileTexts)) {
        const { output } = await restricted.run([{ name: "Write-Output", parameters: { InputObject: text } }]);
        assert.deepEqual(output, [text], what);
      }
      const credential = new PsCredential("u", new SecureString("pä"));
      const read = await restricted.run([{ name: "Read-Credential", parameters: { Credential: [credential] } }]);
      assert.deepEqual(read.output, ["u", "pä"]);
      const script = await restricted.run("1 + 1");
      assert.equal(script.state, "Failed");
      assert.match(ofType(script.events, "pipelineState")[0]?.error?.fullyQualifiedErrorId ?? "", /ScriptsNotAllowed/);
    } finally {
      await restricted.close();
    }
  });

  it("takes 10 MB of output without holding on to it", async () => {
    const large = await StdioEngine.open(path);
    try {
      let characters = 0;
      let most = 0;
      large.onEvent = (event) => {
        if (event.type === "output") characters += String(event.value).length;
        most = Math.max(most, process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers);
      };
      const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
      const id = await large.start("foreach ($i in 1..1000) { 'x' * 10000 }");
      await large.finish(id, 60_000);
      assert.equal(characters, 10_000_000);
      assert.ok(most - before < 100 * 2 ** 20, `grew by ${Math.round((most - before) / 2 ** 20)} MiB`);
    } finally {
      await large.close();
    }
  });

  it("carries one value of 10 MB", async () => {
    const { output } = await engine.run([
      { name: "Write-Output", parameters: { InputObject: "aü".repeat(5_000_000) } },
    ]);
    assert.equal(output[0], psValue("aü".repeat(5_000_000)));
  });
});
