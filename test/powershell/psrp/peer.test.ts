import { strict as assert } from "node:assert";
import { RunspacePoolClient, SecureString } from "../../../provider/powershell/psrp";
import type { MessageType } from "../../../provider/powershell/psrp/message";
import {
  capability,
  creation,
  fragment,
  joined,
  message,
  number,
  one,
  opened,
  openedServer,
  other,
  pipeline,
  refused,
} from "./ends";

const answer = `<Obj RefId="0"><MS><B N="SetMinMaxRunspacesResponse">true</B><I64 N="ci">9</I64></MS></Obj>`;
const call = (id: number) =>
  `<Obj RefId="0"><MS><I64 N="ci">${id}</I64><Obj N="mi" RefId="1"><I32>11</I32></Obj><Obj N="mp" RefId="2"><LST /></Obj></MS></Obj>`;

describe("PSRP core and a peer that breaks the protocol", () => {
  it("refuses what a server says without being asked, or at the wrong place", () => {
    const client = opened();
    client.createPipeline(pipeline, { id: one });
    const output = message("client", "pipelineOutput", "<S>x</S>", one);
    const key = `<Obj RefId="0"><MS><S N="EncryptedSessionKey">AAAA</S></MS></Obj>`;
    const cases: [bytes: Buffer, stream: string | null, words: RegExp][] = [
      [message("client", "runspaceAvailability", answer), null, /an answer came that was not asked for/],
      [message("client", "encryptedSessionKey", key), null, /a session key came that was not asked for/],
      [message("client", "pipelineOutput", "<S>x</S>", other), one, /came in another pipeline's stream/],
      [message("client", "pipelineOutput", "<S>x</S>"), null, /a pipelineOutput names no pipeline/],
      [message("client", "createPipeline", "<S>x</S>", one), one, /a server sent createPipeline/],
      [message("client", "runspacePoolState", number("RunspaceState", 77)), null, /unknown number/],
      [message("client", "pipelineState", number("PipelineState", 77), one), one, /unknown number/],
      [message("server", "pipelineOutput", "<S>x</S>", one), one, /is not for the client/],
    ];
    for (const [bytes, stream, words] of cases) assert.throws(() => client.receive(bytes, stream), refused(words));
    assert.equal(client.receive(output, one).length, 1);
    // What was on its way when a pipeline was closed is nobody's fault.
    assert.deepEqual(client.receive(message("client", "pipelineOutput", "<S>x</S>", other), other), []);
    assert.deepEqual(client.receive(message("client", "pipelineOutput", "<S>x</S>", other), null), []);
    assert.deepEqual(client.receive(fragment(50n, 1n, 0), other), [], "the rest of a message");
    const opening = new RunspacePoolClient();
    opening.open();
    const later = capability.replace(">2.3<", ">3.0<");
    assert.throws(
      () => opening.receive(message("client", "sessionCapability", later)),
      refused(/speaks version 3\.0 of it, not 2/),
    );
    opening.receive(message("client", "sessionCapability", capability));
    opening.receive(message("client", "applicationPrivateData", '<Obj RefId="0" />'));
    assert.equal(opening.state, "Opening", "only its state says that a pool is open");
  });

  it("refuses what a client says without being asked, or at the wrong place", () => {
    const server = openedServer();
    server.receive(creation(one), one);
    const hostAnswer = `<Obj RefId="0"><MS><I64 N="ci">7</I64><Obj N="mi" RefId="1"><I32>11</I32></Obj></MS></Obj>`;
    const cases: [bytes: Uint8Array, stream: string | null, words: RegExp][] = [
      [creation(one), one, /created the same pipeline twice/],
      [creation(other), one, /came in another pipeline's stream/],
      [message("server", "pipelineHostResponse", hostAnswer, one), one, /a host's answer was not asked for/],
      [message("server", "runspacePoolHostResponse", hostAnswer), null, /a host's answer was not asked for/],
      [message("server", "pipelineInput", "<S>x</S>", one), one, /^Cannot take pipeline input: .* without open input/],
      [message("server", "endOfPipelineInput", "", one), one, /^Cannot take pipeline input: .* without open input/],
      [
        message("server", "pipelineInput", "<S>x</S>", other),
        other,
        /^Cannot take pipeline input: .* unknown or closed/,
      ],
      [message("server", "pipelineOutput", "<S>x</S>", one), one, /a client sent pipelineOutput/],
      [message("client", "pipelineInput", "<S>x</S>", one), one, /is not for the server/],
    ];
    for (const [bytes, stream, words] of cases) assert.throws(() => server.receive(bytes, stream), refused(words));
    server.start(one);
    assert.equal(server.hostCall(one, 13, ["text"]), -100n);
    const unasked = hostAnswer.replace(">7<", ">-100<");
    assert.throws(
      () => server.receive(message("server", "pipelineHostResponse", unasked, one), one),
      refused(/not asked for/),
      "what returns nothing has no answer",
    );
    server.disconnected();
    assert.throws(
      () => server.receive(message("server", "sessionCapability", capability, null, other)),
      refused(/a client connects to another runspace pool/),
    );
  });

  it("reads of messages what other versions write into them, and refuses what it cannot do", () => {
    const client = opened();
    client.createPipeline(pipeline, { id: one });
    const read = (type: MessageType, data: string) => client.receive(message("client", type, data, one), one)[0];
    const warning = '<Obj RefId="0"><ToString>by its text</ToString></Obj>';
    assert.deepEqual(
      [read("warningRecord", warning), read("verboseRecord", "<S>bare</S>")].map(
        (event) => event && "message" in event && event.message,
      ),
      ["by its text", "bare"],
    );
    const record = (members: string) =>
      read("errorRecord", `<Obj RefId="0"><ToString>text</ToString><MS>${members}</MS></Obj>`);
    const words = (members: string) => {
      const event = record(members);
      return event?.type === "error" ? event.record.message : undefined;
    };
    assert.equal(words(""), "text");
    assert.equal(words('<S N="ErrorDetails_Message">details</S>'), "details");
    const bare = read("errorRecord", '<Obj RefId="0"><MS><Nil N="ErrorDetails_Message" /></MS></Obj>');
    assert.ok(bare?.type === "error");
    const { value: _, ...nothing } = bare.record;
    assert.deepEqual(nothing, { message: "", category: 0, fullyQualifiedErrorId: "", target: null });
    const inner = '<Obj N="Exception" RefId="1"><Props><S N="Message">of the exception</S></Props></Obj>';
    const withoutText = read("errorRecord", `<Obj RefId="0"><MS>${inner}</MS></Obj>`);
    assert.equal(withoutText?.type === "error" && withoutText.record.message, "of the exception");
    const notUtf8 = message("client", "pipelineOutput", "<S>xx</S>", one);
    notUtf8[notUtf8.length - 6] = 0xff;
    assert.throws(() => client.receive(notUtf8, one), refused(/a message is not UTF-8/));

    const command = (name: string) =>
      `<Obj RefId="1"><MS><S N="Cmd">It</S><Obj N="Args" RefId="2"><LST><Obj RefId="3"><MS><S N="N">${name}</S><I32 N="V">1</I32></MS></Obj></LST></Obj></MS></Obj>`;
    const shell = (members: string) =>
      `<Obj RefId="0"><MS><Obj N="PowerShell" RefId="9"><MS>${members}</MS></Obj></MS></Obj>`;
    const server = openedServer();
    const [created] = server.receive(
      message("server", "createPipeline", shell(`<Obj N="Cmds" RefId="8"><LST>${command("-Name:")}</LST></Obj>`), one),
      one,
    );
    assert.deepEqual(created?.type === "createPipeline" && created.pipeline[0].parameters, { Name: 1 });
    for (const [members, why] of [
      ['<Obj N="ExtraCmds" RefId="7"><LST><Nil /><Nil /></LST></Obj>', /several statements/],
      ['<Obj N="Cmds" RefId="8"><LST /></Obj>', /no command/],
    ] as const)
      assert.throws(
        () => server.receive(message("server", "createPipeline", shell(members), other), other),
        refused(why),
      );
  });

  it("lets a secret that came before the key wait for it, with what is behind it, and nothing else", async () => {
    const { client, server, carry } = joined();
    for (const id of [one, other]) {
      client.createPipeline(pipeline, { id });
      carry();
      server.start(id);
    }
    await client.exchangeKey();
    for (const { data } of client.dataToSend()) server.receive(data);
    const key = server.dataToSend();
    server.sendEvent(new SecureString("of the pool"));
    for (const value of ["before", new SecureString("geheim"), "behind"]) server.writeOutput(one, value);
    server.complete(one);
    server.writeOutput(other, "beside");
    server.writeOutput(other, new SecureString("closed"));
    const pieces = server.dataToSend();
    const events = (from: typeof pieces) => from.flatMap(({ data, pipelineId }) => client.receive(data, pipelineId));
    const told = (from: typeof pieces) => events(from).map((event) => ("value" in event ? event.value : event.type));
    assert.deepEqual(told(pieces), ["publicKeyRequest", "before", "beside"]);
    assert.equal(client.pipelineState(one), "Running");
    client.endPipeline(other);
    const [ready, ofPool, secret, ...rest] = told(key);
    assert.equal(ready, "sessionKey");
    assert.equal(ofPool instanceof SecureString && ofPool.reveal(), "of the pool");
    assert.equal(secret instanceof SecureString && secret.reveal(), "geheim");
    assert.deepEqual(rest, ["behind", "pipelineState"]);
    assert.equal(client.pipelineState(one), "Completed");

    const small = opened({ maxMessageSize: 1000 });
    const sealed = message("client", "pipelineOutput", `<SS>${"A".repeat(400)}</SS>`, one);
    const fill = () => small.receive(sealed, one);
    for (let count = 0; count < 3; count++) {
      small.createPipeline(pipeline, { id: one });
      fill();
      fill();
      small.endPipeline(one);
    }
    small.createPipeline(pipeline, { id: one });
    fill();
    fill();
    assert.throws(fill, refused(/larger than 1000 bytes/));
  });

  it("forgets what belonged to a pipeline with it, and all secrets with the pool", async () => {
    const { client, server, carry } = joined();
    const id = client.createPipeline(pipeline, { id: one });
    carry();
    server.start(id);
    server.writeOutput(id, "late");
    server.endPipeline(id);
    assert.deepEqual(server.dataToSend(), []);
    client.receive(message("client", "pipelineHostCall", call(1), id), id);
    client.receive(fragment(50n, 0n, 1), id);
    client.endPipeline(id);
    client.createPipeline(pipeline, { id });
    client.endPipeline(id);
    assert.deepEqual(client.dataToSend(), [], "nothing is sent of a pipeline that is closed");
    client.createPipeline(pipeline, { id });
    assert.throws(
      () => client.answerHostCall({ pipelineId: id, callId: 1n }, { value: "x" }),
      refused(/^Cannot answer a host call: the call is unknown/),
    );
    client.receive(fragment(50n, 0n, 1), id);
    client.endPipeline(id);
    client.dataToSend();

    await client.exchangeKey();
    carry();
    assert.deepEqual([client.hasSessionKey, server.hasSessionKey], [true, true]);
    await client.exchangeKey();
    assert.deepEqual(client.dataToSend(), [], "one key is enough");
    server.requestKey();
    assert.deepEqual(server.dataToSend(), [], "it has the key");
    client.beginClose();
    client.receive(message("client", "runspacePoolState", number("RunspaceState", 2)));
    assert.equal(client.state, "Closing");
    server.close();
    client.endClose();
    assert.deepEqual([client.hasSessionKey, server.hasSessionKey], [false, false]);
    client.receive(message("client", "runspacePoolState", number("RunspaceState", 2)));
    assert.equal(client.state, "Closed", "what is closed stays closed");
    const closing = opened();
    const exchange = closing.exchangeKey();
    closing.endClose();
    await assert.rejects(exchange, refused(/^Cannot exchange the session key: the runspace pool is Closed/));
  });

  it("holds no more of a peer's messages than it may", () => {
    const many = opened({ maxMessageSize: 1000, maxOpenMessages: 3 });
    const piece = (object: bigint, index: bigint, flags: number, size: number) =>
      many.receive(fragment(object, index, flags, size));
    for (const object of [1n, 2n, 3n]) piece(object, 0n, 1, 300);
    assert.throws(() => piece(4n, 0n, 1, 0), refused(/more than 3 messages are incomplete/));
    const sum = opened({ maxMessageSize: 1000 });
    const state = message("client", "runspacePoolState", number("RunspaceState", 2));
    const [half, rest] = [state.subarray(21, 71), state.subarray(71)];
    for (let object = 1n; object < 70n; object++) {
      const [first, last] = [fragment(object, 0n, 1, half.length), fragment(object, 1n, 2, rest.length)];
      first.set(half, 21);
      last.set(rest, 21);
      sum.receive(first);
      assert.equal(sum.receive(last).length, 1, "what is complete counts no more");
    }
    sum.receive(fragment(100n, 0n, 1, 600));
    assert.throws(() => sum.receive(fragment(101n, 0n, 1, 600)), refused(/larger than 1000 bytes/));
    for (const [index, flags] of [
      [0n, 0],
      [1n, 1],
      [0n, 5],
    ] as const)
      assert.throws(() => opened().receive(fragment(1n, index, flags)), refused(/flags are wrong/));
    assert.throws(() => opened().receive(fragment(1n, 1n, 2)), refused(/out of order/), "the end of no message");
  });

  it("counts the elements of all that a pipeline gives, of each for itself, and not of the pool's", () => {
    const client = opened({ maxElements: 6 });
    const output = (id: string) => client.receive(message("client", "pipelineOutput", "<S>x</S>", id), id);
    for (const id of [one, other]) {
      client.createPipeline(pipeline, { id });
      for (let count = 0; count < 6; count++) output(id);
      assert.throws(() => output(id), refused(/more than 6 elements/));
    }
    for (let count = 0; count < 6; count++)
      client.receive(message("client", "runspacePoolState", number("RunspaceState", 2)));
  });
});
