import type { ProviderError } from "../error";
import type { OutgoingData } from "./psrp";

/** What a channel tells the session above it. */
export interface ChannelEvents {
  /** Bytes of the pool's (`null`) or a pipeline's stream, cut anywhere. */
  data(bytes: Uint8Array, pipelineId: string | null): void;
  /**
   * The pool is gone: nothing more comes and nothing more can be sent. Not called for a close that was asked for.
   * Whatever promise of the channel is pending then rejects as well.
   */
  lost(error: ProviderError): void;
}

/**
 * Carries one runspace pool's bytes, and the acts that are not messages (open, stop, close). Knows no PSRP message.
 * Every method rejects with a ProviderError; deadlines are the session's work, and so is that what concerns one pipeline, or the
 * pool itself, is asked for one after the other.
 */
export interface Channel {
  /** Bytes of one piece at most, for `RunspacePoolClient.dataToSend`. */
  readonly maxPieceSize: number;
  /** Connects, and sends the pool's opening messages. */
  open(poolId: string, pieces: readonly OutgoingData[], events: ChannelEvents): Promise<void>;
  send(piece: OutgoingData): Promise<void>;
  /**
   * Opens a pipeline with its first pieces; resolves when the server has them.
   * A rejection says whether the pipeline may have run: `unclear-outcome` where nobody knows, anything else where it did not.
   */
  openPipeline(pipelineId: string, pieces: readonly OutgoingData[]): Promise<void>;
  /** Asks the server to stop a pipeline; its state comes as data. */
  stopPipeline(pipelineId: string): Promise<void>;
  /** Frees what the server holds of a pipeline. */
  closePipeline(pipelineId: string): Promise<void>;
  /** Closes the pool; its pipelines are closed by then. */
  close(): Promise<void>;
  /** Lets go of everything at once, whatever its state. Idempotent, never throws. */
  destroy(): void;
}
