import type { Pipeline } from "../pipeline";
import type { PsInput, XmlLimits } from "./clixml";
import type { ClientEvent, OutgoingData, PipelineState, PoolState } from "./events";

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
  readonly limits?: (XmlLimits & { readonly maxMessageSize?: number | undefined }) | undefined;
}

export interface CreatePipelineOptions {
  /** Whether input follows by `sendInput` and `endInput`. Default false. */
  readonly input?: boolean | undefined;
  /** The commands' names are script text. For tests of a restricted endpoint only. Default false. */
  readonly isScript?: boolean | undefined;
  /** The pipeline's GUID; a new one unless given. */
  readonly id?: string | undefined;
}

/**
 * The client's end of a runspace pool (MS-PSRP 3.1), without IO: what is to be sent is fetched with {@link dataToSend}, what came is given to {@link receive}.
 *
 * Stop, close and disconnect are the transport's doing (signal, close, disconnect); `begin…` and `end…` tell the state machine of them.
 * Every method throws ProviderError `protocol`, naming the action, the state and the states that it needs, when called out of turn.
 */
export class RunspacePoolClient {
  readonly id: string = "";
  /** The pool's state as known here. */
  get state(): PoolState {
    throw new Error("under way");
  }
  /** Whether secure strings can be sent and read. */
  get hasSessionKey(): boolean {
    throw new Error("under way");
  }

  /** Queues SESSION_CAPABILITY and INIT_RUNSPACEPOOL. BeforeOpen → Opening; `Opened` comes as `poolState`. */
  open(): void {
    throw new Error("under way");
  }

  /** Whether this pipeline holds a secret and the session key is still missing: then `exchangeKey` first. */
  needsSessionKey(_pipeline: Pipeline): boolean {
    throw new Error("under way");
  }

  /** Makes the RSA key (about 0.2 s, off the main thread) and queues PUBLIC_KEY; `sessionKey` says that it is done. MS-PSRP 3.1.5.4.3. */
  async exchangeKey(): Promise<void> {
    throw new Error("under way");
  }

  /** Queues CREATE_PIPELINE. @returns the pipeline's GUID */
  createPipeline(_pipeline: Pipeline, _options: CreatePipelineOptions = {}): string {
    throw new Error("under way");
  }

  pipelineState(_pipelineId: string): PipelineState | undefined {
    throw new Error("under way");
  }

  /** Queues PIPELINE_INPUT. */
  sendInput(_pipelineId: string, _value: PsInput): void {
    throw new Error("under way");
  }

  /** Queues END_OF_PIPELINE_INPUT. */
  endInput(_pipelineId: string): void {
    throw new Error("under way");
  }

  /** The transport is about to signal a stop. Running → Stopping; idempotent; nothing where it is over already. */
  beginStop(_pipelineId: string): void {
    throw new Error("under way");
  }

  /** The transport closed the pipeline: forgets it and what of it was still to be sent or half received. */
  endPipeline(_pipelineId: string): void {
    throw new Error("under way");
  }

  /** Queues the answer to a host call that expects one. */
  answerHostCall(_pipelineId: string | null, _callId: bigint, _methodId: number, _value: PsInput | undefined): void {
    throw new Error("under way");
  }

  /** Queues GET_AVAILABLE_RUNSPACES; the answer is `runspaceAvailability` with this id. */
  getAvailableRunspaces(): bigint {
    throw new Error("under way");
  }

  /** Queues SET_MAX_RUNSPACES. */
  setMaxRunspaces(_count: number): bigint {
    throw new Error("under way");
  }

  /** Queues SET_MIN_RUNSPACES. */
  setMinRunspaces(_count: number): bigint {
    throw new Error("under way");
  }

  /** Queues RESET_RUNSPACE_STATE (protocol 2.3). */
  resetRunspaceState(): bigint {
    throw new Error("under way");
  }

  /** The transport is about to close the pool. @throws while pipelines are open */
  beginClose(): void {
    throw new Error("under way");
  }

  /** The transport closed the pool, or lost it (`Broken`). */
  endClose(_state: "Closed" | "Broken" = "Closed"): void {
    throw new Error("under way");
  }

  /** The transport disconnected the pool; pipelines become Disconnected. MS-PSRP 3.1.4.9. */
  disconnected(): void {
    throw new Error("under way");
  }

  /** Queues SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL. Disconnected → Connecting. MS-PSRP 3.1.4.10. */
  connect(): void {
    throw new Error("under way");
  }

  /** Bytes of the pool's (`null`) or a pipeline's stream, cut anywhere. */
  receive(_data: Uint8Array, _pipelineId: string | null = null): ClientEvent[] {
    throw new Error("under way");
  }

  /** Everything queued, in order, in pieces of whole fragments. @param maxSize bytes of one piece at most, default 32768 */
  dataToSend(_maxSize = 32768): OutgoingData[] {
    throw new Error("under way");
  }
}
