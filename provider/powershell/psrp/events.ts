import type { ErrorRecord, Pipeline } from "../pipeline";
import type { PsInput, PsValue } from "./clixml";
import type { ErrorRecordParts } from "./error-record";

/** A RunspacePoolState of MS-PSRP 2.2.3.4, by its .NET name. */
export type PoolState =
  | "BeforeOpen"
  | "Opening"
  | "Opened"
  | "Closed"
  | "Closing"
  | "Broken"
  | "NegotiationSent"
  | "NegotiationSucceeded"
  | "Connecting"
  | "Disconnected";

/** A PSInvocationState of MS-PSRP 2.2.3.5, by its .NET name. */
export type PipelineState = "NotStarted" | "Running" | "Stopping" | "Stopped" | "Completed" | "Failed" | "Disconnected";

/** A call of the server into the client's host (MS-PSRP 2.2.2.9, 2.2.2.27, 2.2.6). */
export interface HostCall {
  /** `null` for a call of the pool. */
  readonly pipelineId: string | null;
  readonly callId: bigint;
  /** The number of the host method, MS-PSRP 2.2.3.17. Those that return nothing have the call id -100 and take no answer. */
  readonly methodId: number;
  readonly method: string;
  readonly parameters: readonly PsValue[];
}

/** What came of a host call: a value (left out for methods that return nothing), or an error. */
export type HostAnswer = { readonly value: PsInput } | { readonly error: ErrorRecordParts };

/** What a client learns from the server's bytes. `pipelineId` is absent or `null` where the event is the pool's. */
export type ClientEvent =
  | { readonly type: "sessionCapability"; readonly protocolVersion: string; readonly psVersion: string }
  | { readonly type: "applicationPrivateData"; readonly data: PsValue }
  | { readonly type: "poolState"; readonly state: PoolState; readonly error: ErrorRecord | undefined }
  | { readonly type: "initData"; readonly minRunspaces: number; readonly maxRunspaces: number }
  | { readonly type: "runspaceAvailability"; readonly callId: bigint; readonly value: boolean | bigint }
  | { readonly type: "userEvent"; readonly value: PsValue }
  /** Secure strings can be sent and read from here on. */
  | { readonly type: "sessionKey" }
  /** An old server wants the key exchange, or a newer one gave a secret, which waits for it: answer with `exchangeKey()`. */
  | { readonly type: "publicKeyRequest" }
  | ({ readonly type: "hostCall" } & HostCall)
  | { readonly type: "output"; readonly pipelineId: string; readonly value: PsValue }
  | { readonly type: "error"; readonly pipelineId: string; readonly record: ErrorRecord }
  | {
      readonly type: "warning" | "verbose" | "debug";
      readonly pipelineId: string;
      readonly message: string;
      readonly value: PsValue;
    }
  | { readonly type: "information" | "progress"; readonly pipelineId: string; readonly value: PsValue }
  /** `error` is the terminating error of `Failed`, and says "stopped" for `Stopped`. */
  | {
      readonly type: "pipelineState";
      readonly pipelineId: string;
      readonly state: PipelineState;
      readonly error: ErrorRecord | undefined;
    };

/** What a server learns from the client's bytes. */
export type ServerEvent =
  | { readonly type: "sessionCapability"; readonly protocolVersion: string; readonly psVersion: string }
  | {
      readonly type: "initRunspacePool";
      readonly minRunspaces: number;
      readonly maxRunspaces: number;
      readonly applicationArguments: PsValue;
    }
  | { readonly type: "connectRunspacePool" }
  | {
      readonly type: "createPipeline";
      readonly pipelineId: string;
      readonly pipeline: Pipeline;
      /** Script text somewhere in it: a restricted endpoint answers with the error id ScriptsNotAllowed. */
      readonly isScript: boolean;
      /** False where pipeline input is to come, up to `endOfPipelineInput`. */
      readonly noInput: boolean;
    }
  | { readonly type: "getCommandMetadata"; readonly pipelineId: string; readonly value: PsValue }
  | { readonly type: "pipelineInput"; readonly pipelineId: string; readonly value: PsValue }
  | { readonly type: "endOfPipelineInput"; readonly pipelineId: string }
  | {
      readonly type: "hostResponse";
      readonly pipelineId: string | null;
      readonly callId: bigint;
      readonly methodId: number;
      readonly value: PsValue | undefined;
      readonly error: ErrorRecord | undefined;
    }
  /** The client gave its key; the answer is already queued and secure strings work from here on. */
  | { readonly type: "sessionKey" }
  /** Answer with `answerAvailability(callId, …)`. */
  | { readonly type: "setMaxRunspaces" | "setMinRunspaces"; readonly callId: bigint; readonly count: number }
  | { readonly type: "getAvailableRunspaces" | "resetRunspaceState"; readonly callId: bigint };

/** A piece for the wire: whole fragments of one pipeline, or of the pool (`null`). */
export interface OutgoingData {
  readonly pipelineId: string | null;
  /** `promptResponse` for answers to host calls: OutOfProc's `PromptResponse`, WSMan's `pr`. */
  readonly stream: "default" | "promptResponse";
  readonly data: Uint8Array;
}
