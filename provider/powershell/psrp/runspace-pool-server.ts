import type { ErrorRecord } from "../pipeline";
import type { PsInput, XmlLimits } from "./clixml";
import type { OutgoingData, PipelineState, PoolState, ServerEvent } from "./events";

export interface PoolServerOptions {
  readonly limits?: (XmlLimits & { readonly maxMessageSize?: number | undefined }) | undefined;
  /** Sent as APPLICATION_PRIVATE_DATA when the pool opens. Default: a PSVersionTable of this protocol. */
  readonly applicationPrivateData?: ReadonlyMap<string, PsInput> | undefined;
}

/** What an error record is made of. */
export interface ErrorRecordParts {
  readonly message: string;
  readonly fullyQualifiedErrorId: string;
  /** MS-PSRP 2.2.3.9, such as 13 ObjectNotFound. Default 0 NotSpecified. */
  readonly category?: number | undefined;
  /** The exception's class. Default System.Management.Automation.RuntimeException. */
  readonly exceptionType?: string | undefined;
  readonly target?: PsInput | undefined;
  readonly activity?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * The server's end of a runspace pool (MS-PSRP 3.2), without IO; the mirror of RunspacePoolClient.
 * Every method throws ProviderError `protocol`, naming the action, the state and the states that it needs, when called out of turn.
 */
export class RunspacePoolServer {
  /** The client's GUID of the pool; "" before INIT_RUNSPACEPOOL. */
  readonly id: string = "";
  get state(): PoolState {
    throw new Error("under way");
  }
  get hasSessionKey(): boolean {
    throw new Error("under way");
  }

  pipelineState(_pipelineId: string): PipelineState | undefined {
    throw new Error("under way");
  }

  /** Bytes of the pool's (`null`) or a pipeline's stream, cut anywhere. Opening messages are answered by themselves. */
  receive(_data: Uint8Array, _pipelineId: string | null = null): ServerEvent[] {
    throw new Error("under way");
  }

  /** Everything queued, in order, in pieces of whole fragments. @param maxSize bytes of one piece at most, default 32768 */
  dataToSend(_maxSize = 32768): OutgoingData[] {
    throw new Error("under way");
  }

  /** Queues PIPELINE_STATE Running→… of a created pipeline. NotStarted → Running. */
  start(_pipelineId: string): void {
    throw new Error("under way");
  }

  writeOutput(_pipelineId: string, _value: PsInput): void {
    throw new Error("under way");
  }

  /** A non-terminating error. An ErrorRecord that came from elsewhere is passed on as it is. */
  writeError(_pipelineId: string, _record: ErrorRecordParts | ErrorRecord): void {
    throw new Error("under way");
  }

  writeMessage(_pipelineId: string, _stream: "warning" | "verbose" | "debug", _message: string): void {
    throw new Error("under way");
  }

  writeInformation(_pipelineId: string, _messageData: PsInput, _source?: string): void {
    throw new Error("under way");
  }

  writeProgress(
    _pipelineId: string,
    _progress: { activity: string; status: string; percent?: number; done?: boolean },
  ): void {
    throw new Error("under way");
  }

  /** Queues PIPELINE_STATE Completed. */
  complete(_pipelineId: string): void {
    throw new Error("under way");
  }

  /** Queues PIPELINE_STATE Failed with its terminating error. */
  fail(_pipelineId: string, _record: ErrorRecordParts | ErrorRecord): void {
    throw new Error("under way");
  }

  /** The client signalled a stop. Running → Stopping. */
  beginStop(_pipelineId: string): void {
    throw new Error("under way");
  }

  /** Queues PIPELINE_STATE Stopped, with "The pipeline has been stopped." as its error. */
  endStop(_pipelineId: string): void {
    throw new Error("under way");
  }

  /** The client closed the pipeline: forgets it. */
  endPipeline(_pipelineId: string): void {
    throw new Error("under way");
  }

  /** Calls the client's host. @returns the call's id; the answer is `hostResponse` */
  hostCall(_pipelineId: string | null, _methodId: number, _parameters: readonly PsInput[]): bigint {
    throw new Error("under way");
  }

  /** Asks for the key exchange (PUBLIC_KEY_REQUEST) where the server has a secret to send first. */
  requestKey(): void {
    throw new Error("under way");
  }

  answerAvailability(_callId: bigint, _value: boolean | bigint): void {
    throw new Error("under way");
  }

  /** Queues the Closed (or Broken) state. */
  close(_state: "Closed" | "Broken" = "Closed"): void {
    throw new Error("under way");
  }

  disconnected(): void {
    throw new Error("under way");
  }
}
