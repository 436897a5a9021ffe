import type { OutgoingData } from "../../../provider/powershell/psrp";

/** What waits for one stream's next Receive: the pool's (`""`) or a pipeline's. */
interface Queue {
  readonly pieces: Uint8Array[];
  done: boolean;
  wake: (() => void) | undefined;
}

export interface Received {
  readonly pieces: readonly Uint8Array[];
  /** The pipeline has said its last word. */
  readonly done: boolean;
}

/** Raw bytes of one answer at most: in Base64 they stay well below the envelope's 150 KiB. */
const answerSize = 98_304;

/** What stands behind a remote shell: the lab's own pool, or the real engine. */
export interface PoolEnd {
  /** Bytes of the pool's (`null`) or a pipeline's stream. */
  receive(data: Uint8Array, pipelineId: string | null): void;
  stop(pipelineId: string): void;
  closePipeline(pipelineId: string): void;
  close(): void;
}

/** What a pool tells: something for the client, the last word about a pipeline, its own end. */
export interface PoolListener {
  readonly send: (data: readonly OutgoingData[]) => void;
  readonly finished: (pipelineId: string) => void;
  readonly expired: () => void;
}

/** A WS-Management shell: a runspace pool whose output is fetched. */
export class RemoteShell {
  private readonly pool: PoolEnd;
  private readonly queues = new Map<string, Queue>();
  expired = false;

  constructor(open: (listener: PoolListener) => PoolEnd) {
    this.pool = open({
      send: (data) => this.store(data),
      finished: (pipelineId) => this.finish(pipelineId),
      expired: () => {
        this.expired = true;
        for (const { wake } of this.queues.values()) wake?.();
      },
    });
  }

  /** Bytes of the pool (no id) or of a pipeline. */
  send(data: Uint8Array, commandId: string | undefined): void {
    if (commandId !== undefined) this.queue(commandId);
    this.pool.receive(data, commandId ?? null);
  }

  /** What has come, at once or within the time; undefined when there is nothing. */
  async receive(commandId: string | undefined, milliseconds: number): Promise<Received | undefined> {
    const queue = this.queue(commandId ?? "");
    if (queue.pieces.length === 0 && !queue.done && !this.expired) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        queue.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      queue.wake = undefined;
    }
    const pieces: Uint8Array[] = [];
    for (let size = 0; queue.pieces[0] !== undefined && size + queue.pieces[0].length <= answerSize; ) {
      size += queue.pieces[0].length;
      pieces.push(...queue.pieces.splice(0, 1));
    }
    const done = queue.done && queue.pieces.length === 0;
    return pieces.length === 0 && !done ? undefined : { pieces, done };
  }

  stop(commandId: string): void {
    this.pool.stop(commandId);
  }

  closePipeline(commandId: string): void {
    this.pool.closePipeline(commandId);
    this.queues.get(commandId)?.wake?.();
    this.queues.delete(commandId);
  }

  hasPipeline(commandId: string): boolean {
    return this.queues.has(commandId);
  }

  close(): void {
    this.pool.close();
  }

  private queue(id: string): Queue {
    const known = this.queues.get(id);
    if (known !== undefined) return known;
    const made: Queue = { pieces: [], done: false, wake: undefined };
    this.queues.set(id, made);
    return made;
  }

  private store(data: readonly OutgoingData[]): void {
    for (const piece of data) {
      const queue = this.queue(piece.pipelineId ?? "");
      queue.pieces.push(piece.data);
      queue.wake?.();
    }
  }

  private finish(pipelineId: string): void {
    const queue = this.queues.get(pipelineId);
    if (queue === undefined) return;
    queue.done = true;
    queue.wake?.();
  }
}
