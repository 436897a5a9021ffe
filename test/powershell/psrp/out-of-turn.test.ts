import { strict as assert } from "node:assert";
import { type PoolState, RunspacePoolClient, RunspacePoolServer } from "../../../provider/powershell/psrp";
import type { MessageType } from "../../../provider/powershell/psrp/message";
import { capability, creation, message, number, one, opened, openedServer, pipeline, refused } from "./ends";

type States<T> = Partial<Record<PoolState, () => T>>;
/** What it is called, the states that it needs, and what is done. */
type Step<T> = readonly [action: string, needs: readonly PoolState[], step: (it: T) => unknown];

const having = <T>(end: T, ...steps: ((end: T) => unknown)[]): T => {
  for (const step of steps) step(end);
  return end;
};

describe("PSRP core out of turn", () => {
  /** Each state of a client's pool, and how it comes about. */
  const clients: States<RunspacePoolClient> = {
    BeforeOpen: () => new RunspacePoolClient(),
    Opening: () => having(new RunspacePoolClient(), (it) => it.open()),
    Opened: () => opened(),
    Disconnected: () => having(opened(), (it) => it.disconnected()),
    Connecting: () =>
      having(
        opened(),
        (it) => it.disconnected(),
        (it) => it.connect(),
      ),
    Closing: () => having(opened(), (it) => it.beginClose()),
    Closed: () => having(opened(), (it) => it.endClose()),
    Broken: () => having(opened(), (it) => it.endClose("Broken")),
  };
  /** Each step of a client, what it is called, and the states that it needs. */
  const clientSteps: Step<RunspacePoolClient>[] = [
    ["open the runspace pool", ["BeforeOpen"], (it) => it.open()],
    ["exchange the session key", ["Opened"], (it) => it.exchangeKey()],
    ["create a pipeline", ["Opened"], (it) => it.createPipeline(pipeline)],
    ["get the available runspaces", ["Opened"], (it) => it.getAvailableRunspaces()],
    ["set the maximum of runspaces", ["Opened"], (it) => it.setMaxRunspaces(2)],
    ["set the minimum of runspaces", ["Opened"], (it) => it.setMinRunspaces(1)],
    ["reset the runspace's state", ["Opened"], (it) => it.resetRunspaceState()],
    ["answer a host call", ["Opened"], (it) => it.answerHostCall({ pipelineId: null, callId: 1n }, { value: "x" })],
    ["close the runspace pool", ["Opened", "Opening", "Disconnected", "Broken", "Closed"], (it) => it.beginClose()],
    ["disconnect the runspace pool", ["Opened", "Disconnected"], (it) => it.disconnected()],
    ["connect to the runspace pool", ["Disconnected", "BeforeOpen"], (it) => it.connect()],
    [
      "receive",
      ["Opening", "Connecting", "Opened", "Closing", "Closed", "Broken", "Disconnected"],
      (it) => it.receive(new Uint8Array()),
    ],
  ];
  const clientMessages: Step<RunspacePoolClient>[] = [
    [
      "accept the server's capability",
      ["Opening", "Connecting"],
      (it) => it.receive(message("client", "sessionCapability", capability)),
    ],
  ];
  const servers: States<RunspacePoolServer> = {
    BeforeOpen: () => new RunspacePoolServer(),
    NegotiationSucceeded: () =>
      having(new RunspacePoolServer(), (it) => it.receive(message("server", "sessionCapability", capability))),
    Opened: openedServer,
    Disconnected: () => having(openedServer(), (it) => it.disconnected()),
    Connecting: () =>
      having(
        openedServer(),
        (it) => it.disconnected(),
        (it) => it.receive(message("server", "sessionCapability", capability)),
      ),
    Closed: () => having(openedServer(), (it) => it.close()),
    Broken: () => having(openedServer(), (it) => it.close("Broken")),
  };
  const receiving = (type: MessageType, data: string) => (it: RunspacePoolServer) =>
    it.receive(message("server", type, data));
  const initialization = `<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32></MS></Obj>`;
  const serverSteps: Step<RunspacePoolServer>[] = [
    ["call the host", ["Opened"], (it) => it.hostCall(null, 11, [])],
    ["request the session key", ["Opened"], (it) => it.requestKey()],
    ["answer a runspace request", ["Opened"], (it) => it.answerAvailability(1n, true)],
    ["send an event", ["Opened"], (it) => it.sendEvent("x")],
    ["close the runspace pool", ["Opened", "Disconnected", "Opening", "BeforeOpen"], (it) => it.close()],
    ["disconnect the runspace pool", ["Opened", "Disconnected"], (it) => it.disconnected()],
    [
      "receive",
      ["BeforeOpen", "Opening", "NegotiationSucceeded", "Opened", "Disconnected", "Connecting"],
      (it) => it.receive(new Uint8Array()),
    ],
  ];
  const serverMessages: Step<RunspacePoolServer>[] = [
    ["accept the client's capability", ["BeforeOpen", "Disconnected"], receiving("sessionCapability", capability)],
    ["initialize the runspace pool", ["NegotiationSucceeded"], receiving("initRunspacePool", initialization)],
    ["connect the runspace pool", ["Connecting"], receiving("connectRunspacePool", '<Obj RefId="0" />')],
    ["create a pipeline", ["Opened"], (it) => it.receive(creation(one), one)],
    [
      "take a runspace request",
      ["Opened"],
      receiving("getAvailableRunspaces", '<Obj RefId="0"><MS><I64 N="ci">1</I64></MS></Obj>'),
    ],
    [
      "exchange the session key",
      ["Opened"],
      receiving("publicKey", '<Obj RefId="0"><MS><S N="PublicKey">AAAA</S></MS></Obj>'),
    ],
  ];

  /** Takes the step in each state: where it is not its turn the error names action, state, and the states that it needs. */
  async function tried<T extends { readonly state: PoolState }>(
    [action, needs, step]: Step<T>,
    states: States<T>,
  ): Promise<void> {
    let errors = 0;
    for (const [state, make] of Object.entries(states) as [PoolState, () => T][]) {
      const end = make();
      assert.equal(end.state, state);
      const thrown = await (async () => step(end))().catch((error: unknown) => error);
      const said = thrown instanceof Error ? thrown.message : "nothing";
      const expected = `Cannot ${action}: the runspace pool is ${state}, it would have to be ${needs.join(" or ")}.`;
      if (needs.includes(state)) assert.notEqual(said, expected, state);
      else {
        assert.equal(said, expected);
        assert.equal(end.state, state, "nothing has changed");
        errors += 1;
      }
    }
    assert.ok(errors > 0);
  }

  // Who does not receive at all says so, whatever came.
  const { BeforeOpen: _, ...clientsThatReceive } = clients;
  const { Closed: _closed, Broken: _broken, ...serversThatReceive } = servers;
  for (const [steps, states] of [
    [clientSteps, clients],
    [clientMessages, clientsThatReceive],
  ] as const)
    for (const step of steps) it(`a client cannot ${step[0]} unless its turn has come`, () => tried(step, states));
  for (const [steps, states] of [
    [serverSteps, servers],
    [serverMessages, serversThatReceive],
  ] as const)
    for (const step of steps) it(`a server cannot ${step[0]} unless its turn has come`, () => tried(step, states));

  it("names the state of a client's pipeline", () => {
    const client = opened();
    const id = client.createPipeline(pipeline, { id: one, input: true });
    assert.throws(
      () => client.createPipeline(pipeline, { id: one.toUpperCase() }),
      refused(/^Cannot create a pipeline: the pipeline is there already, it would have to be a new one\.$/),
    );
    client.beginStop(id);
    const stopping = refused(/^Cannot send pipeline input: the pipeline is Stopping, it would have to be Running\.$/);
    assert.throws(() => client.sendInput(id, 1), stopping);
    client.receive(message("client", "pipelineState", number("PipelineState", 3), id), id);
    assert.throws(() => client.endInput(id), refused(/^Cannot end pipeline input: the pipeline is Stopped, /));
    client.receive(message("client", "pipelineState", number("PipelineState", 1), id), id);
    assert.equal(client.pipelineState(id), "Stopped", "what is over stays over");
    client.endPipeline(id);
    assert.throws(() => client.beginStop(id), refused(/^Cannot stop a pipeline: the pipeline is unknown or ended, /));

    const without = client.createPipeline(pipeline);
    assert.throws(
      () => client.endInput(without),
      refused(/^Cannot end pipeline input: the pipeline is without open input, .* created with input\.$/),
    );
    assert.throws(
      () => client.beginClose(),
      refused(/^Cannot close the runspace pool: the pool is in use by 1 pipelines, it would have to be without/),
    );
  });

  it("names the state of a server's pipeline", () => {
    const server = openedServer();
    server.receive(creation(one, true), one);
    const steps: [action: string, step: () => unknown, needs: string][] = [
      ["write output", () => server.writeOutput(one, 1), "Running or Stopping"],
      [
        "write an error",
        () => server.writeError(one, { message: "", fullyQualifiedErrorId: "" }),
        "Running or Stopping",
      ],
      ["write a warning", () => server.writeMessage(one, "warning", ""), "Running or Stopping"],
      ["write information", () => server.writeInformation(one, ""), "Running or Stopping"],
      ["write progress", () => server.writeProgress(one, { activity: "", status: "" }), "Running or Stopping"],
      ["write a debug", () => server.writeMessage(one, "debug", ""), "Running or Stopping"],
      ["call the host", () => server.hostCall(one, 11, []), "Running or Stopping"],
      ["start a pipeline", () => server.start(one), "NotStarted"],
      ["complete a pipeline", () => server.complete(one), "not over"],
      ["fail a pipeline", () => server.fail(one, { message: "", fullyQualifiedErrorId: "" }), "not over"],
      ["end the stop of a pipeline", () => server.endStop(one), "not over"],
    ];
    const expectAll = (state: string, needed: (needs: string) => boolean) => {
      for (const [action, step, needs] of steps.filter(([, , needs]) => needed(needs)))
        assert.throws(
          step,
          refused(new RegExp(`^Cannot ${action}: the pipeline is ${state}, it would have to be ${needs}\\.$`)),
        );
    };
    expectAll("NotStarted", (needs) => needs.startsWith("Running"));
    server.start(one);
    expectAll("Running", (needs) => needs === "NotStarted");
    server.beginStop(one);
    expectAll("Stopping", (needs) => needs === "NotStarted");
    server.writeOutput(one, "what it had already");
    server.complete(one);
    expectAll("Completed", () => true);
    server.beginStop(one);
    assert.equal(server.pipelineState(one), "Completed", "what is over is not stopped");
    server.endPipeline(one);
    for (const [action, step] of steps)
      assert.throws(step, refused(new RegExp(`^Cannot ${action}: the pipeline is unknown or closed, .* created\\.$`)));
  });
});
