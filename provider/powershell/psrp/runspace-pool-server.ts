import { type PsInput, PsObject, serialize } from "./clixml";
import { type ErrorRecordParts, errorRecordValue, stoppedRecord } from "./error-record";
import type { OutgoingData, PipelineState, PoolState, ServerEvent } from "./events";
import { isVoidHostMethod, voidCallId } from "./host-method";
import { Inbox, type Limits, type Received } from "./inbox";
import type { MessageType } from "./message";
import { Outbox } from "./outbox";
import { applicationPrivateData, hostMethod, sessionCapability } from "./pool-message";
import { isOver, pipelineStateNumber, poolStateNumber } from "./pool-state";
import { PropertyBag } from "./property-bag";
import { readServerMessage } from "./read-server-message";
import { SessionKey } from "./session-key";
import { peerError, stateError } from "./state-error";
import { informationalRecord, informationRecord, type Progress, progressRecord } from "./stream-record";

export interface PoolServerOptions {
  readonly limits?: Limits | undefined;
}

/**
 * The server's end of a runspace pool (MS-PSRP 3.2), without IO; the mirror of RunspacePoolClient. The opening messages and the key exchange are
 * answered by themselves; what pipelines do, and the answers to `…Runspaces` requests, are the caller's.
 *
 * Every method throws ProviderError `protocol` when called out of turn, naming the action, the state, and the states that it needs.
 */
export class RunspacePoolServer {
  readonly #outbox = new Outbox();
  readonly #inbox: Inbox;
  readonly #pipelines = new Map<string, { state: PipelineState; inputOpen: boolean }>();
  readonly #hostCalls = new Set<string>();
  readonly #requests = new Set<bigint>();
  #id = "";
  #state: PoolState = "BeforeOpen";
  #runspaces = { min: 1, max: 1 };
  #lastCallId = 0n;
  #key: SessionKey | undefined;

  constructor(options: PoolServerOptions = {}) {
    this.#inbox = new Inbox("server", options.limits);
  }

  /** The pool's GUID, which the client chose; "" before its first message. */
  get id(): string {
    return this.#id;
  }

  get state(): PoolState {
    return this.#state;
  }

  /** Whether secure strings can be sent and read. */
  get hasSessionKey(): boolean {
    return this.#key !== undefined;
  }

  /** `undefined` for a pipeline that the client has not created, or has closed. */
  pipelineState(pipelineId: string): PipelineState | undefined {
    return this.#pipelines.get(pipelineId)?.state;
  }

  /** Bytes of the pool's (`null`) or a pipeline's stream, cut anywhere. @throws ProviderError `protocol` for what breaks the protocol: the pool is then lost */
  receive(data: Uint8Array, pipelineId: string | null = null): ServerEvent[] {
    this.#expect("receive", "BeforeOpen", "Opening", "NegotiationSucceeded", "Opened", "Disconnected", "Connecting");
    const events: ServerEvent[] = [];
    for (const received of this.#inbox.receive(data, pipelineId, () => this.#key)) {
      if (received.type === "publicKey") events.push(this.#giveKey(received));
      else {
        const event = readServerMessage(received);
        this.#apply(event, received);
        events.push(event);
      }
    }
    return events;
  }

  /** Everything queued, in order, in pieces of whole fragments. @param maxSize bytes of one piece at most, default 32768 */
  dataToSend(maxSize = 32768): OutgoingData[] {
    return this.#outbox.take(maxSize);
  }

  /** A runspace took the pipeline up. NotStarted → Running; nothing is sent. */
  start(pipelineId: string): void {
    const pipeline = this.#pipeline("start a pipeline", pipelineId);
    if (pipeline.state !== "NotStarted")
      throw stateError("start a pipeline", "pipeline", pipeline.state, ["NotStarted"]);
    pipeline.state = "Running";
  }

  /** Queues PIPELINE_OUTPUT. */
  writeOutput(pipelineId: string, value: PsInput): void {
    this.#write("write output", "pipelineOutput", pipelineId, value);
  }

  /** Queues ERROR_RECORD: an error that does not end the pipeline. */
  writeError(pipelineId: string, record: ErrorRecordParts): void {
    this.#write("write an error", "errorRecord", pipelineId, errorRecordValue(record));
  }

  /** Queues WARNING_RECORD, VERBOSE_RECORD or DEBUG_RECORD. */
  writeMessage(pipelineId: string, stream: "warning" | "verbose" | "debug", message: string): void {
    this.#write(`write a ${stream}`, `${stream}Record`, pipelineId, informationalRecord(stream, message));
  }

  /** Queues INFORMATION_RECORD. */
  writeInformation(pipelineId: string, messageData: PsInput, source = "", tags: readonly string[] = []): void {
    this.#write("write information", "informationRecord", pipelineId, informationRecord(messageData, source, tags));
  }

  /** Queues PROGRESS_RECORD. */
  writeProgress(pipelineId: string, progress: Progress): void {
    this.#write("write progress", "progressRecord", pipelineId, progressRecord(progress));
  }

  /** Queues PIPELINE_STATE Completed. */
  complete(pipelineId: string): void {
    this.#finish("complete a pipeline", pipelineId, "Completed");
  }

  /** Queues PIPELINE_STATE Failed with the error that ended the pipeline. */
  fail(pipelineId: string, record: ErrorRecordParts): void {
    this.#finish("fail a pipeline", pipelineId, "Failed", record);
  }

  /** The client signalled a stop. NotStarted or Running → Stopping; nothing where that happened, or the pipeline is over. */
  beginStop(pipelineId: string): void {
    const pipeline = this.#pipeline("stop a pipeline", pipelineId);
    if (!isOver(pipeline.state)) pipeline.state = "Stopping";
  }

  /** Queues PIPELINE_STATE Stopped. */
  endStop(pipelineId: string, record: ErrorRecordParts = stoppedRecord): void {
    this.#finish("end the stop of a pipeline", pipelineId, "Stopped", record);
  }

  /** The client closed the pipeline: forgets it, and what of it waits to be sent or is half received. */
  endPipeline(pipelineId: string): void {
    this.#pipelines.delete(pipelineId);
    this.#outbox.drop(pipelineId);
    this.#inbox.drop(pipelineId);
    for (const key of this.#hostCalls) if (key.startsWith(`${pipelineId} `)) this.#hostCalls.delete(key);
  }

  /** Queues a call of the client's host. @returns the call's id: -100 for a method that returns nothing, else the event `hostResponse` brings the answer */
  hostCall(pipelineId: string | null, methodId: number, parameters: readonly PsInput[]): bigint {
    this.#expect("call the host", "Opened");
    if (pipelineId !== null) this.#running("call the host", pipelineId);
    const callId = isVoidHostMethod(methodId) ? voidCallId : ++this.#lastCallId;
    const type = pipelineId === null ? "runspacePoolHostCall" : "pipelineHostCall";
    const value = new PsObject({ extended: { ci: callId, mi: hostMethod(methodId), mp: parameters } });
    this.#send(type, value, pipelineId);
    if (callId !== voidCallId) this.#hostCalls.add(`${pipelineId} ${callId}`);
    return callId;
  }

  /** Queues PUBLIC_KEY_REQUEST, for a server that has a secret to send and no key yet. */
  requestKey(): void {
    this.#expect("request the session key", "Opened");
    if (this.#key === undefined) this.#send("publicKeyRequest", "");
  }

  /** Queues RUNSPACE_AVAILABILITY: whether a `set…` or `reset…` was done, or the number of free runspaces. */
  answerAvailability(callId: bigint, value: boolean | bigint): void {
    this.#expect("answer a runspace request", "Opened");
    if (!this.#requests.delete(callId)) {
      throw stateError("answer a runspace request", "request", "unknown", ["one that waits for an answer"]);
    }
    this.#send("runspaceAvailability", new PsObject({ extended: { SetMinMaxRunspacesResponse: value, ci: callId } }));
  }

  /** Queues USER_EVENT. */
  sendEvent(value: PsInput): void {
    this.#expect("send an event", "Opened");
    this.#send("userEvent", value);
  }

  /** Queues RUNSPACEPOOL_STATE Closed, or Broken with its reason, and forgets all pipelines and the session key. */
  close(state: "Closed" | "Broken" = "Closed", record?: ErrorRecordParts): void {
    this.#expect("close the runspace pool", "Opened", "Disconnected", "Opening", "BeforeOpen");
    this.#announce(state, record);
    this.#pipelines.clear();
    this.#key?.wipe();
    this.#key = undefined;
  }

  /** The transport disconnected the client: pipelines go on, the pool accepts only CONNECT_RUNSPACEPOOL (MS-PSRP 3.2.5.3.13). */
  disconnected(): void {
    this.#expect("disconnect the runspace pool", "Opened", "Disconnected");
    this.#state = "Disconnected";
    this.#inbox.drop(null);
  }

  #apply(event: ServerEvent, received: Received): void {
    switch (event.type) {
      case "sessionCapability":
        this.#expect("accept the client's capability", "BeforeOpen", "Disconnected");
        if (this.#state === "Disconnected") {
          if (received.poolId !== this.#id) throw peerError("a client connects to another runspace pool");
          this.#state = "Connecting";
        } else {
          this.#id = received.poolId;
          this.#state = "NegotiationSucceeded";
        }
        this.#send("sessionCapability", sessionCapability());
        break;
      case "initRunspacePool":
        this.#expect("initialize the runspace pool", "NegotiationSucceeded");
        this.#runspaces = { min: event.minRunspaces, max: event.maxRunspaces };
        this.#send("applicationPrivateData", applicationPrivateData());
        this.#announce("Opened");
        break;
      case "connectRunspacePool":
        this.#expect("connect the runspace pool", "Connecting");
        this.#send(
          "runspacePoolInitData",
          new PsObject({ extended: { MinRunspaces: this.#runspaces.min, MaxRunspaces: this.#runspaces.max } }),
        );
        this.#send("applicationPrivateData", applicationPrivateData());
        this.#state = "Opened";
        break;
      case "createPipeline":
      case "getCommandMetadata": {
        this.#expect("create a pipeline", "Opened");
        const { pipelineId } = event;
        if (this.#pipelines.has(pipelineId)) throw peerError("a client created the same pipeline twice");
        const inputOpen = event.type === "createPipeline" && !event.noInput;
        this.#pipelines.set(pipelineId, { state: "NotStarted", inputOpen });
        break;
      }
      case "pipelineInput":
      case "endOfPipelineInput": {
        const pipeline = this.#pipeline("take pipeline input", event.pipelineId);
        // Where the pipeline is over it stays open: a client sends on until it has heard of that.
        if (!pipeline.inputOpen)
          throw stateError("take pipeline input", "pipeline", "without open input", ["open for input"]);
        pipeline.inputOpen = event.type === "pipelineInput";
        break;
      }
      case "setMaxRunspaces":
      case "setMinRunspaces":
      case "getAvailableRunspaces":
      case "resetRunspaceState":
        this.#expect("take a runspace request", "Opened");
        this.#requests.add(event.callId);
        break;
      case "hostResponse":
        if (!this.#hostCalls.delete(`${event.pipelineId} ${event.callId}`))
          throw peerError("a host's answer was not asked for");
        break;
    }
  }

  /** PUBLIC_KEY is answered at once (MS-PSRP 3.2.5.4.3). */
  #giveKey(received: Received): ServerEvent {
    this.#expect("exchange the session key", "Opened");
    const { key, encryptedSessionKey } = SessionKey.create(
      new PropertyBag(received.value, "public key").text("PublicKey"),
    );
    this.#key?.wipe();
    this.#key = key;
    this.#send("encryptedSessionKey", new PsObject({ extended: { EncryptedSessionKey: encryptedSessionKey } }));
    return { type: "sessionKey" };
  }

  #announce(state: PoolState, record?: ErrorRecordParts): void {
    this.#state = state;
    const error = record === undefined ? {} : { ExceptionAsErrorRecord: errorRecordValue(record) };
    this.#send("runspacePoolState", new PsObject({ extended: { RunspaceState: poolStateNumber(state), ...error } }));
  }

  #finish(action: string, pipelineId: string, state: PipelineState, record?: ErrorRecordParts): void {
    const pipeline = this.#pipeline(action, pipelineId);
    if (isOver(pipeline.state)) throw stateError(action, "pipeline", pipeline.state, ["not over"]);
    const error = record === undefined ? {} : { ExceptionAsErrorRecord: errorRecordValue(record) };
    const value = new PsObject({ extended: { PipelineState: pipelineStateNumber(state), ...error } });
    this.#send("pipelineState", value, pipelineId);
    pipeline.state = state;
  }

  #write(action: string, type: MessageType, pipelineId: string, value: PsInput): void {
    this.#running(action, pipelineId);
    this.#send(type, value, pipelineId);
  }

  #send(type: MessageType, value: PsInput, pipelineId: string | null = null): void {
    const data = serialize(value, { cipher: this.#key });
    this.#outbox.add({ destination: "client", type, poolId: this.#id, pipelineId, data });
  }

  #expect(action: string, ...states: PoolState[]): void {
    if (!states.includes(this.#state)) throw stateError(action, "runspace pool", this.#state, states);
  }

  #pipeline(action: string, pipelineId: string) {
    const pipeline = this.#pipelines.get(pipelineId);
    if (pipeline === undefined) throw stateError(action, "pipeline", "unknown or closed", ["created"]);
    return pipeline;
  }

  #running(action: string, pipelineId: string): void {
    const pipeline = this.#pipeline(action, pipelineId);
    if (pipeline.state !== "Running" && pipeline.state !== "Stopping") {
      throw stateError(action, "pipeline", pipeline.state, ["Running", "Stopping"]);
    }
  }
}
