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
  psEnum,
  psValue,
  SecureString,
} from "../../../provider/powershell/psrp";
import { engineMissing, findEngine } from "../../support/engine";
import { hostileTexts } from "../../support/hostile-texts";
import { ofType, StdioEngine } from "./stdio-engine";

/** What each expression of the engine's must come out as. The engine makes them, so that no reader of ours is asked whether a writer of ours is right. */
const primitives: Record<string, PsValue> = {
  "[string]::Empty": "",
  "'plain'": "plain",
  "[string][char]0 + [char]9 + [char]10 + [char]13 + [char]27 + [char]127 + [char]133 + ' '": "\0\t\n\r\x1b\x7f\x85 ",
  "'_x0041_ _X000a_ _x_ __x0041__ _'": "_x0041_ _X000a_ _x_ __x0041__ _",
  "'<a b=\"c\">&amp;</a> ]]> '''": '<a b="c">&amp;</a> ]]> \'',
  "[char]::ConvertFromUtf32(0x1F600) + [char]0xD800 + [char]0xFFFE + [char]0xFFFF + [char]0xFEFF":
    "😀\ud800\ufffe\uffff\ufeff",
  "'é' * 50000": "é".repeat(50_000),
  "[int]::MinValue": -(2 ** 31),
  "[int]::MaxValue": 2 ** 31 - 1,
  "[long]0": 0n,
  "[long]::MinValue": -(2n ** 63n),
  "[long]::MaxValue": 2n ** 63n - 1n,
  "[long]9007199254740993": 9007199254740993n,
  "[ulong]::MaxValue": new PsScalar("UInt64", "18446744073709551615"),
  "[uint]::MaxValue": new PsScalar("UInt32", "4294967295"),
  "[int16]::MinValue": new PsScalar("Int16", "-32768"),
  "[uint16]::MaxValue": new PsScalar("UInt16", "65535"),
  "[byte]255": new PsScalar("Byte", "255"),
  "[sbyte]-128": new PsScalar("SByte", "-128"),
  "[char]0xD800": new PsScalar("Char", "55296"),
  "[char]'ß'": PsScalar.char("ß"),
  $true: true,
  $false: false,
  "[double]0.1": new PsScalar("Double", "0.1"),
  "[double]::MaxValue": new PsScalar("Double", "1.7976931348623157E+308"),
  "[double]::Epsilon": new PsScalar("Double", "5E-324"),
  "[double]::NaN": new PsScalar("Double", "NaN"),
  "[double]::NegativeInfinity": new PsScalar("Double", "-INF"),
  "[double]::Parse('-0')": new PsScalar("Double", "-0"),
  "[single]3.4028235E+38": new PsScalar("Single", "3.4028235E+38"),
  "[decimal]::MaxValue": new PsScalar("Decimal", "79228162514264337593543950335"),
  "[decimal]::Parse('-0.1000')": new PsScalar("Decimal", "-0.1000"),
  "[datetime]::new(638000000001234567, 'Utc')": new PsScalar("DateTime", "2022-09-28T22:13:20.1234567Z"),
  "[datetime]::new(638000000000000001)": new PsScalar("DateTime", "2022-09-28T22:13:20.0000001"),
  "[datetime]::MinValue": new PsScalar("DateTime", "0001-01-01T00:00:00"),
  "[datetime]::MaxValue": new PsScalar("DateTime", "9999-12-31T23:59:59.9999999"),
  "[timespan]::MinValue": new PsScalar("TimeSpan", "-P10675199DT2H48M5.4775808S"),
  "[timespan]::Zero": new PsScalar("TimeSpan", "PT0S"),
  "[guid]'6f9619ff-8b86-d011-b42d-00cf4fc964ff'": new PsScalar("Guid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
  "[uri]'http://host/a%20b?c=d&e=_x0041_'": new PsScalar("Uri", "http://host/a b?c=d&e=_x0041_"),
  "[version]'15.2.1544.4'": new PsScalar("Version", "15.2.1544.4"),
  "{ Get-Item '<x>' }": new PsScalar("ScriptBlock", " Get-Item '<x>' "),
  "[xml]'<a b=\"1\">x &amp; y</a>'": new PsScalar("XmlDocument", '<a b="1">x &amp; y</a>'),
  "[byte[]](0..255)": Uint8Array.from({ length: 256 }, (_, index) => index),
};

const array = ["System.Object[]", "System.Array", "System.Object"];
const bag = (extended: Record<string, PsValue>) =>
  new PsObject({ typeNames: ["System.Management.Automation.PSCustomObject", "System.Object"], extended });

const containers: Record<string, PsValue> = {
  ",@()": new PsList([], "list", { typeNames: array }),
  ",@(1, 'two', $null, @(3L))": new PsList([1, "two", null, [3n]], "list", { typeNames: array }),
  ",[string[]]('a', 'b')": new PsList(["a", "b"], "list", {
    typeNames: ["System.String[]", "System.Array", "System.Object"],
  }),
  ",[System.Collections.ArrayList]@(1)": new PsList([1], "list", {
    typeNames: ["System.Collections.ArrayList", "System.Object"],
  }),
  ",[System.Collections.Queue]@(1, 2)": new PsList([1, 2], "queue"),
  ",[System.Collections.Stack]@(1, 2)": new PsList([2, 1], "stack"),
  "@{ key = @{ 1 = 'inner' } }": new PsDictionary([["key", new PsDictionary([[1, "inner"]])]]),
  "[ordered]@{ z = 1; a = 2 }": new PsDictionary(
    [
      ["z", 1],
      ["a", 2],
    ],
    { typeNames: ["System.Collections.Specialized.OrderedDictionary", "System.Object"] },
  ),
  "[System.DayOfWeek]::Friday": psEnum("System.DayOfWeek", 5, "Friday"),
  "[pscustomobject]@{ 'a b_x0041_' = 1; B = [pscustomobject]@{ C = 'd' } }": bag({
    "a b_x0041_": 1,
    B: bag({ C: "d" }),
  }),
  "Add-Note 7": new PsObject({ base: 7, extended: { Note: "added" } }),
  "Add-Note ([System.Management.Automation.ProgressRecord]::new(1, 'act', 'stat'))": new PsObject({
    typeNames: ["System.Management.Automation.ProgressRecord"],
    extended: {
      Activity: "act",
      ActivityId: 1,
      CurrentOperation: null,
      ParentActivityId: -1,
      PercentComplete: -1,
      Type: "Processing",
      SecondsRemaining: -1,
      StatusDescription: "stat",
      Note: "added",
    },
  }),
};

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

  it("tells errors, warnings and the other streams apart", async () => {
    const { state, events } = await engine.run(
      "Write-Error boo -ErrorId own -Category ObjectNotFound -TargetObject it; Write-Warning w; Write-Verbose v -Verbose; Write-Debug d -Debug; " +
        "Write-Information i; $p = [System.Management.Automation.ProgressRecord]::new(1, 'act', 'stat'); $p.PercentComplete = 40; $Host.Runspace | Out-Null; Write-Progress -Activity act -Status stat -PercentComplete 40",
    );
    assert.equal(state, "Completed");
    const [error] = ofType(events, "error");
    assert.equal(error?.record.message, "boo");
    assert.match(error.record.fullyQualifiedErrorId, /^own/);
    assert.equal(error.record.category, 13);
    assert.equal(error.record.target, "it");
    assert.deepEqual(
      ofType(events, "warning").map((event) => event.message),
      ["w"],
    );
    assert.deepEqual(
      ofType(events, "verbose").map((event) => event.message),
      ["v"],
    );
    assert.deepEqual(
      ofType(events, "debug").map((event) => event.message),
      ["d"],
    );
    const [information] = ofType(events, "information");
    assert.equal(information?.value instanceof PsObject && information.value.property("MessageData"), "i");
    const [progress] = ofType(events, "progress");
    assert.ok(progress?.value instanceof PsObject);
    assert.equal(progress.value.property("Activity"), "act");
    assert.equal(progress.value.property("PercentComplete"), 40);
  });

  it("gives the error that ended a pipeline with its state", async () => {
    const { state, events } = await engine.run([{ name: "Get-NoSuchThing" }]);
    assert.equal(state, "Failed");
    const error = ofType(events, "pipelineState")[0]?.error;
    assert.equal(error?.fullyQualifiedErrorId, "CommandNotFoundException");
    assert.equal(error.target, "Get-NoSuchThing");
    assert.equal(error.category, 13);
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
