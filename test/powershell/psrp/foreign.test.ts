import { strict as assert } from "node:assert";
import {
  type ClientEvent,
  PsCredential,
  PsDictionary,
  type PsInput,
  PsList,
  PsObject,
  PsScalar,
  psEnum,
  RunspacePoolClient,
  RunspacePoolServer,
  SecureString,
  type ServerEvent,
} from "../../../provider/powershell/psrp";
import { foreignPython, pythonMissing } from "../../support/python";
import { ForeignPeer } from "./foreign-peer";
import { ofType } from "./stdio-engine";

const hostile = "<&>\"' \0\r\n _x0041_ _X_ 😀 \ud800 \uffff é";

/** What we send, and what psrpcore has to take it for: its class, and its text where that says more than ours. */
const values: [PsInput, string, string?][] = [
  ["plain", "PSString", "plain"],
  ["", "PSString", ""],
  ["<&>\"'\r\n _x0041_ 😀 é", "PSString", "<&>\"'\r\n _x0041_ 😀 é"],
  [1, "PSInt", "1"],
  [-(2 ** 31), "PSInt", "-2147483648"],
  [9007199254740993n, "PSInt64", "9007199254740993"],
  [new PsScalar("UInt64", "18446744073709551615"), "PSUInt64", "18446744073709551615"],
  [new PsScalar("UInt32", "4294967295"), "PSUInt", "4294967295"],
  [new PsScalar("UInt16", "65535"), "PSUInt16", "65535"],
  [new PsScalar("Int16", "-32768"), "PSInt16", "-32768"],
  [new PsScalar("Byte", "255"), "PSByte", "255"],
  [new PsScalar("SByte", "-128"), "PSSByte", "-128"],
  [new PsScalar("Char", "223"), "PSChar", "ß"],
  [true, "bool", "True"],
  [null, "NoneType", "None"],
  [PsScalar.double(1.5), "PSDouble", "1.5"],
  [new PsScalar("Single", "0.5"), "PSSingle", "0.5"],
  [new PsScalar("Decimal", "79228162514264337593543950335"), "PSDecimal", "79228162514264337593543950335"],
  [new PsScalar("Guid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"), "PSGuid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"],
  [new PsScalar("Uri", "http://host/a%20b"), "PSUri", "http://host/a%20b"],
  [new PsScalar("Version", "15.2.1544.4"), "PSVersion", "15.2.1544.4"],
  [new PsScalar("ScriptBlock", "1 + 1"), "PSScriptBlock", "1 + 1"],
  [new PsScalar("XmlDocument", "<a>b</a>"), "PSXml", "<a>b</a>"],
  [new PsScalar("DateTime", "2022-09-28T22:13:20.1234567Z"), "PSDateTime"],
  [new PsScalar("TimeSpan", "P1DT2H3M4.5S"), "PSDuration"],
  [Uint8Array.of(0, 1, 255), "PSByteArray", "AAH/"],
  [new PsList([1, "two"], "list", { typeNames: ["System.Collections.ArrayList", "System.Object"] }), "PSList"],
  [new PsList([1], "queue"), "PSQueue"],
  [new PsList([1], "stack"), "PSStack"],
  [new PsDictionary([["key", 1]]), "PSDict"],
];

describe("PSRP core against psrpcore", () => {
  let python: string;

  before(function () {
    const found = foreignPython();
    if (found === undefined) {
      console.log(pythonMissing);
      return this.skip();
    }
    python = found;
  });

  describe("as its client", () => {
    let client: RunspacePoolClient;
    let peer: ForeignPeer<ClientEvent>;

    before(async () => {
      const applicationArguments = new Map<string, PsInput>([["Key", "é"]]);
      client = new RunspacePoolClient({ minRunspaces: 1, maxRunspaces: 3, host: true, applicationArguments });
      peer = new ForeignPeer(python, "server", client);
      client.open();
      await peer.pump();
    });
    after(() => peer?.close());
    beforeEach(() => {
      peer.understood = [];
      peer.events = [];
    });

    it("opens a pool", async () => {
      assert.equal(client.state, "Opened");
      assert.equal(await peer.do("state"), "Opened");
    });

    it("is understood with every value, and understands it back", async () => {
      const id = client.createPipeline(
        [
          {
            name: "Echo-It",
            parameters: { Text: hostile.replace("\ud800", "").replace("\uffff", ""), Switch: true },
            arguments: [7],
          },
          { name: "Second" },
        ],
        { input: true },
      );
      await peer.pump();
      await peer.do("startServer", id);
      assert.deepEqual(peer.understood.find((event) => event.type === "CreatePipelineEvent")?.commands, [
        [
          "Echo-It",
          false,
          [
            ["Text", ["PSString", hostile.replace("\ud800", "").replace("\uffff", "")]],
            ["Switch", ["bool", "True"]],
            [null, ["PSInt", "7"]],
          ],
        ],
        ["Second", false, []],
      ]);
      for (const [value, type, text] of values) {
        peer.understood = [];
        peer.events = [];
        client.sendInput(id, value);
        await peer.pump();
        const taken = peer.understood[0]?.value as [string, string];
        assert.equal(taken[0], type, String(value));
        if (text !== undefined) assert.equal(taken[1], text);
        assert.deepStrictEqual(ofType(peer.events, "output")[0]?.value, value);
      }
      client.endInput(id);
      await peer.pump();
      assert.equal(peer.understood.at(-1)?.type, "EndOfPipelineInputEvent");
      await peer.do("complete", id);
      assert.equal(client.pipelineState(id), "Completed");
      client.endPipeline(id);
    });

    it("understands every stream and call", async () => {
      const id = client.createPipeline([{ name: "It" }]);
      await peer.pump();
      await peer.do("startServer", id);
      await peer.do("error", id, "bad");
      for (const stream of ["warning", "verbose", "debug", "progress", "information"])
        await peer.do(stream, id, stream);
      await peer.do("call", id, "ReadLine");
      const [call] = ofType(peer.events, "hostCall");
      assert.equal(call?.method, "ReadLine");
      client.answerHostCall(call, { value: "typed" });
      await peer.pump();
      assert.deepEqual(peer.understood.at(-1)?.value, ["PSString", "typed"]);
      await peer.do("stop", id);
      const [error] = ofType(peer.events, "error");
      assert.deepEqual(
        [error?.record.message, error?.record.category, error?.record.fullyQualifiedErrorId],
        ["bad", 13, "foreign"],
      );
      for (const stream of ["warning", "verbose", "debug"] as const)
        assert.equal(ofType(peer.events, stream)[0]?.message, stream);
      const progress = ofType(peer.events, "progress")[0]?.value;
      assert.equal(progress instanceof PsObject && progress.property("PercentComplete"), 7);
      assert.equal(client.pipelineState(id), "Stopped");
      client.endPipeline(id);
    });

    it("exchanges the key, and secrets both ways", async () => {
      const credential = new PsCredential("LAB\\ü", new SecureString("pä$$ €😀"));
      const pipeline = [
        { name: "Set-It", parameters: { Credential: credential, Bare: new SecureString("geheim") } },
      ] as const;
      assert.ok(client.needsSessionKey(pipeline));
      assert.throws(() => client.createPipeline(pipeline), /before the session key/);
      await client.exchangeKey();
      await peer.pump();
      assert.ok(!client.needsSessionKey(pipeline));
      const id = client.createPipeline(pipeline);
      await peer.pump();
      await peer.do("startServer", id);
      const [[, , arguments_]] = (peer.understood.at(-1)?.commands ?? []) as [[string, boolean, unknown]];
      assert.deepEqual(arguments_, [
        ["Credential", ["PSCredential", "LAB\\ü", "pä$$ €😀"]],
        ["Bare", ["PSSecureString", "geheim"]],
      ]);
      await peer.do("secret", id, "zurück");
      const [output] = ofType(peer.events, "output");
      assert.ok(output?.value instanceof SecureString);
      assert.equal(output.value.reveal(), "zurück");
      await peer.do("complete", id);
      client.endPipeline(id);
    });

    it("asks for runspaces", async () => {
      const requests = [
        client.getAvailableRunspaces(),
        client.setMaxRunspaces(5),
        client.setMinRunspaces(2),
        client.resetRunspaceState(),
      ];
      await peer.pump();
      assert.deepEqual(
        peer.understood.map((event) => event.type),
        ["GetAvailableRunspacesEvent", "SetMaxRunspacesEvent", "SetMinRunspacesEvent", "ResetRunspaceStateEvent"],
      );
      for (const [index, request] of requests.entries())
        await peer.do("available", Number(request), index === 0 ? 3 : true);
      assert.deepEqual(
        ofType(peer.events, "runspaceAvailability").map((event) => event.value),
        [3n, true, true, true],
      );
    });
  });

  describe("as its server", () => {
    let server: RunspacePoolServer;
    let peer: ForeignPeer<ServerEvent>;

    before(async () => {
      server = new RunspacePoolServer();
      peer = new ForeignPeer(python, "client", server);
      await peer.do("open");
    });
    after(() => peer?.close());
    beforeEach(() => {
      peer.understood = [];
      peer.events = [];
    });

    const created = () => peer.events.find((event) => event.type === "createPipeline");

    it("opens a pool", async () => {
      assert.equal(server.state, "Opened");
      assert.equal(await peer.do("state"), "Opened");
    });

    it("understands a pipeline, and is understood with every value and stream", async () => {
      const id = String(
        await peer.do("start", false, [
          ["Get-It", { Identity: "é", Count: 3 }],
          ["Select-It", {}],
        ]),
      );
      assert.deepEqual(
        created()?.pipeline.map(({ name, parameters }) => ({ name, parameters })),
        [
          { name: "Get-It", parameters: { Identity: "é", Count: 3 } },
          { name: "Select-It", parameters: {} },
        ],
      );
      await peer.do("send", id, "input");
      await peer.do("sendEnd", id);
      assert.deepEqual(
        peer.events.slice(1).map((event) => ("value" in event ? event.value : event.type)),
        ["input", "endOfPipelineInput"],
      );
      server.start(id);
      for (const [value, type, text] of values) {
        peer.understood = [];
        server.writeOutput(id, value);
        await peer.pump();
        const taken = peer.understood[0]?.value as [string, string];
        assert.equal(taken[0], type);
        if (text !== undefined) assert.equal(taken[1], text);
      }
      peer.understood = [];
      server.writeError(id, { message: "bad", fullyQualifiedErrorId: "ours", category: 13, target: "it" });
      server.writeMessage(id, "warning", "w");
      server.writeMessage(id, "verbose", "v");
      server.writeMessage(id, "debug", "d");
      server.writeInformation(id, "i", "source");
      server.writeProgress(id, { activity: "a", status: "s", percent: 9 });
      server.complete(id);
      await peer.pump();
      assert.deepEqual(
        peer.understood.map((event) => event.record ?? event.value),
        [{ message: "bad", id: "ours", category: 13 }, "w", "v", "d", ["i", "source"], ["a", 9], "Completed"],
      );
      assert.throws(
        () => server.writeOutput(id, 1),
        /Cannot write output: the pipeline is Completed, it would have to be Running or Stopping/,
      );
      server.endPipeline(id);
    });

    it("is understood when a pipeline fails or is stopped", async () => {
      const failing = String(await peer.do("start", true, [["1 + 1", {}]]));
      assert.equal(created()?.isScript, true);
      server.fail(failing, { message: "no scripts", fullyQualifiedErrorId: "ScriptsNotAllowed" });
      await peer.pump();
      assert.deepEqual(peer.understood[0]?.record, { message: "no scripts", id: "ScriptsNotAllowed", category: 0 });
      const stopped = String(await peer.do("start", false, [["It", {}]]));
      server.beginStop(stopped);
      server.endStop(stopped);
      await peer.pump();
      assert.equal(peer.understood.at(-1)?.value, "Stopped");
    });

    it("exchanges the key, and secrets both ways", async () => {
      server.requestKey();
      await peer.pump();
      assert.ok(server.hasSessionKey);
      const id = String(await peer.do("start", false, [["Set-It", { Password: { secret: "pä€😀" } }]]));
      const password = created()?.pipeline[0].parameters?.Password;
      assert.ok(password instanceof SecureString);
      assert.equal(password.reveal(), "pä€😀");
      server.start(id);
      server.writeOutput(id, new PsCredential("LAB\\ü", new SecureString("zurück")));
      await peer.pump();
      assert.deepEqual(peer.understood.at(-1)?.value, ["PSCredential", "LAB\\ü", "zurück"]);
      const callId = server.hostCall(id, 11, []);
      await peer.pump();
      assert.equal((peer.understood.at(-1)?.value as string[] | undefined)?.[0], "ReadLine");
      await peer.do("answer", id, Number(callId), "typed");
      assert.deepEqual(peer.events.at(-1), {
        type: "hostResponse",
        pipelineId: id,
        callId,
        methodId: 11,
        value: "typed",
        error: undefined,
      });
      server.complete(id);
      await peer.pump();
    });

    it("answers for runspaces, and closes", async () => {
      const ids = [await peer.do("getAvailable"), await peer.do("setMax", 4), await peer.do("reset")];
      for (const [index, id] of ids.entries()) server.answerAvailability(BigInt(id as number), index === 0 ? 2n : true);
      await peer.pump();
      assert.equal(peer.understood.length, 3);
      assert.throws(() => server.answerAvailability(99n, true), /Cannot answer a runspace request/);
      server.sendEvent(psEnum("System.DayOfWeek", 5, "Friday"));
      server.dataToSend();
      server.close();
      await peer.pump();
      assert.equal(await peer.do("state"), "Closed");
    });
  });
});
