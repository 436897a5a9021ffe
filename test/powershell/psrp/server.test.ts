import { strict as assert } from "node:assert";
import {
  type ClientEvent,
  PsDictionary,
  RunspacePoolClient,
  RunspacePoolServer,
  type ServerEvent,
} from "../../../provider/powershell/psrp";
import { capability, creation, fragment, joined, message, one, openedServer, other, pipeline, refused } from "./ends";

const input = (id: string) => message("server", "pipelineInput", "<S>x</S>", id);

describe("PSRP core's server", () => {
  it("learns what pool the client wants, says what it is, and says both again to whoever connects to it", () => {
    const applicationArguments = new Map([["Key", "value"]]);
    const client = new RunspacePoolClient({ minRunspaces: 2, maxRunspaces: 3, applicationArguments });
    const server = new RunspacePoolServer();
    const carry = () => {
      const toServer: ServerEvent[] = client.dataToSend().flatMap(({ data }) => server.receive(data));
      const toClient: ClientEvent[] = server.dataToSend().flatMap(({ data }) => client.receive(data));
      return { toServer, toClient };
    };
    client.open();
    const { toServer, toClient } = carry();
    const wanted = toServer.find((event) => event.type === "initRunspacePool");
    assert.deepEqual([wanted?.minRunspaces, wanted?.maxRunspaces], [2, 3]);
    const given = wanted?.applicationArguments;
    assert.deepEqual(given instanceof PsDictionary && given.entries, [["Key", "value"]]);
    assert.deepEqual(
      toClient.map(({ type }) => type),
      ["sessionCapability", "applicationPrivateData", "poolState"],
    );

    // The half of a message that was on its way is not the beginning of the next.
    server.receive(message("server", "sessionCapability", capability).subarray(0, 10));
    client.disconnected();
    server.disconnected();
    client.connect();
    const again = carry().toClient;
    assert.deepEqual(
      again.map(({ type }) => type),
      ["sessionCapability", "initData", "applicationPrivateData", "poolState"],
    );
    const data = again.find((event) => event.type === "initData");
    assert.deepEqual([data?.minRunspaces, data?.maxRunspaces], [2, 3]);
    assert.equal(server.state, "Opened");
  });

  it("reads a pipeline as the client wrote it", () => {
    const { client, events, carry } = joined();
    const written = [
      { name: "First", parameters: { Name: "é", Switch: true }, arguments: ["a", null] },
      { name: "Second", parameters: {}, arguments: [] },
    ] as const;
    const pipelineId = client.createPipeline(written, { input: true });
    carry();
    assert.deepEqual(events.server.at(-1), {
      type: "createPipeline",
      pipelineId,
      pipeline: written,
      isScript: false,
      noInput: false,
    });
  });

  it("asks the host for the pool as well as for a pipeline, and hears its answers and errors", () => {
    const { client, server, events, carry } = joined();
    const id = client.createPipeline(pipeline);
    carry();
    server.start(id);
    for (const asked of [null, id]) {
      const callId = server.hostCall(asked, 11, ["x"]);
      carry();
      const call = events.client.at(-1);
      assert.ok(call?.type === "hostCall");
      assert.deepEqual(
        [call.pipelineId, call.callId, call.method, call.parameters],
        [asked, callId, "ReadLine", ["x"]],
      );
      client.answerHostCall(call, { error: { message: "nobody there", fullyQualifiedErrorId: "Own" } });
      carry();
      const answer = events.server.at(-1);
      assert.ok(answer?.type === "hostResponse");
      assert.deepEqual([answer.pipelineId, answer.callId, answer.value], [asked, callId, undefined]);
      assert.equal(answer.error?.message, "nobody there");
    }
  });

  it("takes no input behind its end, and lets what was on its way pass when the pipeline is over", () => {
    const server = openedServer();
    for (const id of [one, other]) server.receive(creation(id, true), id);
    server.receive(input(one), one);
    server.receive(message("server", "endOfPipelineInput", "", one), one);
    assert.throws(() => server.receive(input(one), one), refused(/^Cannot take pipeline input: .* without open input/));
    server.receive(input(other), other);
    server.complete(other);
    server.receive(input(other), other);
    server.receive(message("server", "endOfPipelineInput", "", other), other);
    assert.equal(server.pipelineState(other), "Completed");
  });

  it("forgets with a pipeline what came of it and what it asked, and all pipelines with the pool, whose end it explains", () => {
    const { client, server, events, carry } = joined();
    const answer = (callId: bigint) => `<Obj RefId="0"><MS><I64 N="ci">${callId}</I64><I32 N="mi">11</I32></MS></Obj>`;
    const ofPool = server.hostCall(null, 11, []);
    for (let count = 0; count < 2; count++) {
      server.receive(creation(one), one);
      server.start(one);
      const late = answer(server.hostCall(one, 11, []));
      server.receive(fragment(50n, 0n, 1), one);
      server.endPipeline(one);
      assert.throws(
        () => server.receive(message("server", "pipelineHostResponse", late, one), one),
        refused(/not asked for/),
      );
    }
    assert.equal(server.receive(message("server", "runspacePoolHostResponse", answer(ofPool))).length, 1);
    const id = client.createPipeline(pipeline);
    carry();
    server.start(id);
    server.close("Broken", { message: "recycled", fullyQualifiedErrorId: "Own" });
    assert.throws(() => server.complete(id), refused(/unknown or closed/));
    carry();
    const end = events.client.at(-1);
    assert.ok(end?.type === "poolState");
    assert.deepEqual([end.state, end.error?.message], ["Broken", "recycled"]);
  });
});
