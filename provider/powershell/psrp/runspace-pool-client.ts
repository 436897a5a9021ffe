import { randomUUID } from "node:crypto";
import type { Pipeline } from "../pipeline";
import { type PsInput, PsObject, serialize } from "./clixml";
import { errorRecordValue } from "./error-record";
import type { ClientEvent, HostAnswer, HostCall, OutgoingData, PipelineState, PoolState } from "./events";
import { holdsSecret } from "./holds-secret";
import { voidCallId } from "./host-method";
import { Inbox, type Limits, type Received } from "./inbox";
import type { MessageType } from "./message";
import { Outbox } from "./outbox";
import { pipelineMessage } from "./pipeline-message";
import { hostMethod, initRunspacePool, sessionCapability } from "./pool-message";
import { isOver } from "./pool-state";
import { PropertyBag } from "./property-bag";
import { readClientMessage } from "./read-client-message";
import { SessionKey, SessionKeyPair } from "./session-key";
import { peerError, stateError } from "./state-error";

export interface PoolClientOptions {
  /** The pool's GUID; a new one unless given. */
  readonly id?: string | undefined;
  /** Default 1. */
  readonly minRunspaces?: number | undefined;
  /** Pipelines that run at once. Default 1. */
  readonly maxRunspaces?: number | undefined;
  /** What the server's scripts see as `$PSSenderInfo.ApplicationArguments`. */
  readonly applicationArguments?: ReadonlyMap<string, PsInput> | undefined;
  /** Whether host calls will be answered. Default false: the server then fails a prompt instead of waiting for it. */
  readonly host?: boolean | undefined;
  readonly limits?: Limits | undefined;
}

export interface CreatePipelineOptions {
  /** Whether input follows by `sendInput` and `endInput`. Default false. */
  readonly input?: boolean | undefined;
  /** The commands' names are script text: for the tests of restricted endpoints only. Default false. */
  readonly isScript?: boolean | undefined;
  /** The pipeline's GUID; a new one unless given. */
  readonly id?: string | undefined;
}

/**
 * The client's end of a runspace pool (MS-PSRP 3.1), without IO: what is to be sent is fetched with {@link dataToSend}, what came is given to {@link receive}.
 *
 * Stop, close and disconnect are the transport's own messages (signal, close, disconnect); `begin…` and `end…` tell the state machine of them.
 * Every method throws ProviderError `protocol` when called out of turn, naming the action, the state, and the states that it needs.
 */
export class RunspacePoolClient {
  readonly id: string;
  readonly #options: PoolClientOptions;
  readonly #outbox = new Outbox();
  readonly #inbox: Inbox;
  readonly #pipelines = new Map<string, { state: PipelineState; inputOpen: boolean }>();
  readonly #hostCalls = new Map<string, number>();
  readonly #requests = new Set<bigint>();
  #state: PoolState = "BeforeOpen";
  #lastCallId = 0n;
  #keyPair: Promise<SessionKeyPair> | undefined;
  #sentKeyPair: SessionKeyPair | undefined;
  #key: SessionKey | undefined;

  constructor(options: PoolClientOptions = {}) {
    this.id = (options.id ?? randomUUID()).toLowerCase();
    this.#options = options;
    this.#inbox = new Inbox("client", options.limits);
  }

  /** The pool's state as known here. */
  get state(): PoolState {
    return this.#state;
  }

  /** Whether secure strings can be sent and read. */
  get hasSessionKey(): boolean {
    return this.#key !== undefined;
  }

  /** `undefined` for a pipeline that was never created, or has been ended. */
  pipelineState(pipelineId: string): PipelineState | undefined {
    return this.#pipelines.get(pipelineId)?.state;
  }

  /** Queues SESSION_CAPABILITY and INIT_RUNSPACEPOOL. BeforeOpen → Opening; the event `poolState` says Opened. */
  open(): void {
    this.#expect("open the runspace pool", "BeforeOpen");
    this.#send("sessionCapability", sessionCapability());
    this.#send("initRunspacePool", initRunspacePool(this.#options));
    this.#state = "Opening";
  }

  /** Whether a value or pipeline holds a secret while the session key is missing: then `exchangeKey`, and wait for `sessionKey`. */
  needsSessionKey(toSend: PsInput | Pipeline): boolean {
    return this.#key === undefined && holdsSecret(toSend);
  }

  /**
   * Makes an RSA key (about 0.2 s, on another thread) and queues PUBLIC_KEY; the event `sessionKey` says that it is done (MS-PSRP 3.1.5.4.3).
   * Asked again, it does nothing more.
   */
  async exchangeKey(): Promise<void> {
    this.#expect("exchange the session key", "Opened");
    if (this.#keyPair !== undefined) {
      await this.#keyPair;
      return;
    }
    this.#keyPair = SessionKeyPair.generate();
    const pair = await this.#keyPair;
    this.#expect("exchange the session key", "Opened");
    this.#sentKeyPair = pair;
    this.#send("publicKey", new PsObject({ extended: { PublicKey: pair.publicKey } }));
  }

  /** Queues CREATE_PIPELINE. @returns the pipeline's GUID */
  createPipeline(pipeline: Pipeline, options: CreatePipelineOptions = {}): string {
    this.#expect("create a pipeline", "Opened");
    const pipelineId = (options.id ?? randomUUID()).toLowerCase();
    if (this.#pipelines.has(pipelineId))
      throw stateError("create a pipeline", "pipeline", "there already", ["a new one"]);
    const inputOpen = options.input ?? false;
    const request = { pipeline, isScript: options.isScript ?? false, noInput: !inputOpen };
    this.#send("createPipeline", pipelineMessage(request), pipelineId);
    this.#pipelines.set(pipelineId, { state: "Running", inputOpen });
    return pipelineId;
  }

  /** Queues PIPELINE_INPUT. */
  sendInput(pipelineId: string, value: PsInput): void {
    this.#withInput("send pipeline input", pipelineId);
    this.#send("pipelineInput", value, pipelineId);
  }

  /** Queues END_OF_PIPELINE_INPUT. */
  endInput(pipelineId: string): void {
    this.#withInput("end pipeline input", pipelineId).inputOpen = false;
    this.#send("endOfPipelineInput", undefined, pipelineId);
  }

  /** The transport is about to signal a stop. Running → Stopping; nothing where that happened, or the pipeline is over. */
  beginStop(pipelineId: string): void {
    const pipeline = this.#pipeline("stop a pipeline", pipelineId);
    if (pipeline.state === "Running") pipeline.state = "Stopping";
  }

  /** The transport closed the pipeline: forgets it, and what of it waits to be sent or is half received. Later words about it are dropped. */
  endPipeline(pipelineId: string): void {
    this.#pipelines.delete(pipelineId);
    this.#outbox.drop(pipelineId);
    this.#inbox.drop(pipelineId);
    for (const key of this.#hostCalls.keys()) if (key.startsWith(`${pipelineId} `)) this.#hostCalls.delete(key);
  }

  /** Queues the answer to a host call. @throws for a call that was not made or expects no answer */
  answerHostCall(call: Pick<HostCall, "pipelineId" | "callId">, answer: HostAnswer): void {
    this.#expect("answer a host call", "Opened");
    const key = `${call.pipelineId} ${call.callId}`;
    const methodId = this.#hostCalls.get(key);
    if (methodId === undefined)
      throw stateError("answer a host call", "call", "unknown", ["one that waits for an answer"]);
    const value = new PsObject({
      extended: {
        ci: call.callId,
        mi: hostMethod(methodId),
        ...("error" in answer ? { me: errorRecordValue(answer.error) } : {}),
        ...("value" in answer ? { mr: answer.value } : {}),
      },
    });
    const type = call.pipelineId === null ? "runspacePoolHostResponse" : "pipelineHostResponse";
    this.#send(type, value, call.pipelineId, "promptResponse");
    this.#hostCalls.delete(key);
  }

  /** Queues GET_AVAILABLE_RUNSPACES. @returns the call's id; the event `runspaceAvailability` brings the number */
  getAvailableRunspaces(): bigint {
    return this.#request("get the available runspaces", "getAvailableRunspaces", {});
  }

  /** Queues SET_MAX_RUNSPACES. @returns the call's id; the event `runspaceAvailability` says whether it was done */
  setMaxRunspaces(count: number): bigint {
    return this.#request("set the maximum of runspaces", "setMaxRunspaces", { MaxRunspaces: count });
  }

  /** Queues SET_MIN_RUNSPACES. @returns the call's id; the event `runspaceAvailability` says whether it was done */
  setMinRunspaces(count: number): bigint {
    return this.#request("set the minimum of runspaces", "setMinRunspaces", { MinRunspaces: count });
  }

  /** Queues RESET_RUNSPACE_STATE (protocol 2.3). @returns the call's id; the event `runspaceAvailability` says whether it was done */
  resetRunspaceState(): bigint {
    return this.#request("reset the runspace's state", "resetRunspaceState", {});
  }

  /** The transport is about to close the pool. @throws while a pipeline is not ended: some servers then never close */
  beginClose(): void {
    this.#expect("close the runspace pool", "Opened", "Opening", "Disconnected", "Broken", "Closed");
    const open = this.#pipelines.size;
    if (open > 0)
      throw stateError("close the runspace pool", "pool", `in use by ${open} pipelines`, ["without pipelines"]);
    if (this.#state !== "Closed" && this.#state !== "Broken") this.#state = "Closing";
  }

  /** The transport closed the pool, or lost it (`Broken`). Allowed at any time; forgets the session key. */
  endClose(state: "Closed" | "Broken" = "Closed"): void {
    this.#state = state;
    this.#pipelines.clear();
    this.#hostCalls.clear();
    this.#outbox.clear();
    this.#key?.wipe();
    this.#key = undefined;
    this.#sentKeyPair = undefined;
  }

  /** The transport disconnected the pool: running pipelines become Disconnected (MS-PSRP 3.1.4.9). */
  disconnected(): void {
    this.#expect("disconnect the runspace pool", "Opened", "Disconnected");
    this.#state = "Disconnected";
    for (const pipeline of this.#pipelines.values()) if (!isOver(pipeline.state)) pipeline.state = "Disconnected";
  }

  /** Queues SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL (MS-PSRP 3.1.4.10). Disconnected → Connecting, or BeforeOpen for another client's pool. */
  connect(): void {
    this.#expect("connect to the runspace pool", "Disconnected", "BeforeOpen");
    this.#send("sessionCapability", sessionCapability());
    this.#send("connectRunspacePool", new PsObject());
    this.#state = "Connecting";
    this.#inbox.drop(null);
  }

  /** Bytes of the pool's (`null`) or a pipeline's stream, cut anywhere. @throws ProviderError `protocol` for what breaks the protocol: the pool is then lost */
  receive(data: Uint8Array, pipelineId: string | null = null): ClientEvent[] {
    this.#expect("receive", "Opening", "Connecting", "Opened", "Closing", "Closed", "Broken", "Disconnected");
    if (pipelineId !== null && !this.#pipelines.has(pipelineId)) return [];
    const waited = this.#inbox.waitsForKey;
    const events: ClientEvent[] = [];
    for (const received of this.#inbox.receive(data, pipelineId, () => this.#key))
      events.push(...this.#apply(received));
    if (!waited && this.#inbox.waitsForKey) events.push({ type: "publicKeyRequest" });
    return events;
  }

  /** Everything queued, in order, in pieces of whole fragments. @param maxSize bytes of one piece at most, default 32768 */
  dataToSend(maxSize = 32768): OutgoingData[] {
    return this.#outbox.take(maxSize);
  }

  /** Takes over what a message says. */
  #apply(received: Received): ClientEvent[] {
    if (received.pipelineId !== null && !this.#pipelines.has(received.pipelineId)) return [];
    if (received.type === "encryptedSessionKey") {
      const pair = this.#sentKeyPair;
      if (pair === undefined) throw peerError("a session key came that was not asked for");
      this.#key = SessionKey.open(pair, new PropertyBag(received.value, "session key").text("EncryptedSessionKey"));
      this.#sentKeyPair = undefined;
      const events: ClientEvent[] = [{ type: "sessionKey" }];
      for (const held of this.#inbox.released(this.#key)) events.push(...this.#apply(held));
      return events;
    }
    const event = readClientMessage(received);
    switch (event.type) {
      case "sessionCapability":
        this.#expect("accept the server's capability", "Opening", "Connecting");
        break;
      case "applicationPrivateData":
        if (this.#state !== "Connecting") break;
        // A server that is connected to sends no state (MS-PSRP 3.1.5.4.28).
        this.#state = "Opened";
        for (const pipeline of this.#pipelines.values())
          if (pipeline.state === "Disconnected") pipeline.state = "Running";
        return [event, { type: "poolState", state: "Opened", error: undefined }];
      case "poolState":
        // What was closed here stays closed.
        if (this.#state === "Closed" || (this.#state === "Closing" && event.state === "Opened")) return [];
        this.#state = event.state;
        break;
      case "runspaceAvailability":
        if (!this.#requests.delete(event.callId)) throw peerError("an answer came that was not asked for");
        break;
      case "hostCall":
        if (event.callId !== voidCallId) this.#hostCalls.set(`${event.pipelineId} ${event.callId}`, event.methodId);
        break;
      case "pipelineState": {
        const pipeline = this.#pipelines.get(event.pipelineId);
        if (pipeline !== undefined && !isOver(pipeline.state)) pipeline.state = event.state;
        break;
      }
    }
    return [event];
  }

  #request(action: string, type: MessageType, extended: Record<string, PsInput>): bigint {
    this.#expect(action, "Opened");
    const callId = ++this.#lastCallId;
    this.#send(type, new PsObject({ extended: { ...extended, ci: callId } }));
    this.#requests.add(callId);
    return callId;
  }

  #send(
    type: MessageType,
    value: PsInput | undefined,
    pipelineId: string | null = null,
    stream?: OutgoingData["stream"],
  ): void {
    const data = value === undefined ? "" : serialize(value, { cipher: this.#key });
    this.#outbox.add({ destination: "server", type, poolId: this.id, pipelineId, data }, stream);
  }

  #expect(action: string, ...states: PoolState[]): void {
    if (!states.includes(this.#state)) throw stateError(action, "runspace pool", this.#state, states);
  }

  #pipeline(action: string, pipelineId: string) {
    const pipeline = this.#pipelines.get(pipelineId);
    if (pipeline === undefined) throw stateError(action, "pipeline", "unknown or ended", ["created"]);
    return pipeline;
  }

  #withInput(action: string, pipelineId: string) {
    const pipeline = this.#pipeline(action, pipelineId);
    if (pipeline.state !== "Running") throw stateError(action, "pipeline", pipeline.state, ["Running"]);
    if (!pipeline.inputOpen)
      throw stateError(action, "pipeline", "without open input", ["one that was created with input"]);
    return pipeline;
  }
}
