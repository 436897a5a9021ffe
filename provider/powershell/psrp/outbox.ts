import type { OutgoingData } from "./events";
import { fragmentHeaderSize, fragments } from "./fragment";
import { encodeMessage, type Message } from "./message";

interface Queued {
  readonly pipelineId: string | null;
  readonly stream: OutgoingData["stream"];
  readonly bytes: Uint8Array;
}

/** The messages that wait to be sent. They are cut only when fetched: the transport knows what size it can carry. */
export class Outbox {
  #queue: Queued[] = [];
  #lastObjectId = 0n;

  add(message: Message, stream: OutgoingData["stream"] = "default"): void {
    this.#queue.push({ pipelineId: message.pipelineId, stream, bytes: encodeMessage(message) });
  }

  /** Forgets what was queued for a pipeline. */
  drop(pipelineId: string): void {
    this.#queue = this.#queue.filter((queued) => queued.pipelineId !== pipelineId);
  }

  clear(): void {
    this.#queue = [];
  }

  /**
   * Everything queued, in order. Neighbours of the pool's share a piece (the two opening messages go as one); a pipeline's never do:
   * PowerShell 7 loses input that comes in one piece right behind CREATE_PIPELINE.
   *
   * @param maxSize bytes of one piece at most
   */
  take(maxSize: number): OutgoingData[] {
    const limit = Math.max(maxSize, fragmentHeaderSize + 1);
    const pieces: (Omit<OutgoingData, "data"> & { parts: Uint8Array[]; size: number })[] = [];
    for (const { pipelineId, stream, bytes } of this.#queue) {
      this.#lastObjectId++;
      let piece = pipelineId === null ? pieces.at(-1) : undefined;
      const space = () => {
        // No new piece for a crumb: a fragment below 1 KiB of space goes into the next one.
        const left = limit - (piece?.size ?? limit);
        const fits = piece?.pipelineId === pipelineId && piece.stream === stream && left >= Math.min(1024, limit);
        if (!fits) {
          piece = { pipelineId, stream, parts: [], size: 0 };
          pieces.push(piece);
        }
        return fits ? left : limit;
      };
      for (const fragment of fragments(this.#lastObjectId, bytes, space)) {
        piece?.parts.push(fragment);
        if (piece !== undefined) piece.size += fragment.length;
      }
    }
    this.#queue = [];
    return pieces.map(({ parts, size: _, ...way }) => ({ ...way, data: Buffer.concat(parts) }));
  }
}
