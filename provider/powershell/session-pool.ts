import { ProviderError } from "../error";
import { Deferred } from "./deferred";
import type { InvokeOptions, Pipeline, PipelineResult, PowerShellSession } from "./pipeline";
import { pipelineName } from "./pipeline-run";
import { Turns } from "./turns";

/** Somewhere that pipelines run one after another. */
export type PowerShellTurn = Pick<PowerShellSession, "host" | "invoke">;

/** Where commands run, and as whom. */
export interface SessionTarget {
  /** Server and identity: one session per key. */
  readonly key: string;
  readonly host: string;
  open(): Promise<PowerShellSession>;
}

export interface SessionPoolOptions {
  /** Sessions open at once over all targets; Exchange's default policy ends at 18 for one account. Default 8. */
  readonly maxSessions?: number | undefined;
  /** Commands after which a session is replaced: some servers refuse more than about 1000 on one shell. Default 500. */
  readonly commandQuota?: number | undefined;
}

interface Place {
  readonly turns: Turns;
  session: PowerShellSession | undefined;
  commands: number;
  /** Why it could not be opened last, and the number of the first command that came after that. */
  failure?: { readonly error: unknown; readonly until: number };
}

/**
 * One session per target: opened with the first command, reused, limited in number and in commands, replaced where it is found dead.
 * Who works with a target has its session for a turn. A command is sent once: what failed is never repeated here.
 */
export class SessionPool {
  readonly #maxSessions: number;
  readonly #commandQuota: number;
  /** In the order of last use, oldest first. */
  readonly #places = new Map<string, Place>();
  /** Sessions that are open or being opened. */
  #sessions = 0;
  #asked = 0;
  #wake: (() => void)[] = [];
  #closed = false;

  constructor(options: SessionPoolOptions = {}) {
    this.#maxSessions = options.maxSessions ?? 8;
    this.#commandQuota = options.commandQuota ?? 500;
  }

  /**
   * Runs a pipeline on the target's session. The deadline counts from when its turn comes. Where the session cannot be opened,
   * all who wait for it are told so; the next command tries again.
   * @throws ProviderError what opening the session or the pipeline itself throws; `cancelled`
   */
  invoke(target: SessionTarget, pipeline: Pipeline, options: InvokeOptions = {}): Promise<PipelineResult> {
    return this.inTurn(target, pipelineName(pipeline), (turn) => turn.invoke(pipeline, options), options.signal);
  }

  /**
   * Runs several pipelines on the same session with none of another in between: a later one finds what an earlier one left there.
   * @param what for the message of a cancellation
   * @param work must not ask this pool for the same target: it would wait for itself
   * @param signal counts until the turn comes; the work hands it on to its pipelines
   * @throws ProviderError what opening the session or the work itself throws; `cancelled`
   */
  async inTurn<T>(
    target: SessionTarget,
    what: string,
    work: (turn: PowerShellTurn) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const place = this.#place(target.key);
    const number = this.#asked++;
    const cancelled = new Deferred<never>();
    const cancel = () => {
      cancelled.reject(new ProviderError("cancelled", `${what} on ${target.host} was cancelled before it was sent.`));
    };
    const turn = place.turns.take(async () => {
      // Nobody waits any more: a session is not opened for that.
      if (signal?.aborted) return await cancelled.promise;
      const session = await this.#session(target, place, number);
      this.#expectOpen(target);
      if (signal?.aborted) return await cancelled.promise;
      // From here on the work itself answers for a cancellation.
      signal?.removeEventListener("abort", cancel);
      const invoke: PowerShellTurn["invoke"] = (pipeline, options) => {
        place.commands += 1;
        return session.invoke(pipeline, options);
      };
      try {
        return await work({ host: target.host, invoke });
      } finally {
        if (!session.usable || place.commands >= this.#commandQuota) await this.#discard(place);
      }
    });
    turn.finally(() => this.#freed()).catch(() => {});
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel);
    try {
      // Whoever cancels need not wait for the commands before his.
      return await Promise.race([turn, cancelled.promise]);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Closes every session, which stops what runs there; commands that still wait are refused. Never throws. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#freed();
    const close = async (place: Place) => {
      await this.#discard(place);
      // What was just being opened is open when its turn ends.
      await place.turns.take(() => this.#discard(place));
    };
    await Promise.all([...this.#places.values()].map(close));
  }

  #place(key: string): Place {
    const place = this.#places.get(key) ?? { turns: new Turns(), session: undefined, commands: 0 };
    this.#places.delete(key);
    this.#places.set(key, place);
    return place;
  }

  async #session(target: SessionTarget, place: Place, number: number): Promise<PowerShellSession> {
    this.#expectOpen(target);
    if (place.session?.usable === false) await this.#discard(place);
    if (place.session !== undefined) return place.session;
    if (place.failure !== undefined && number < place.failure.until) throw place.failure.error;
    await this.#makeRoom();
    try {
      this.#expectOpen(target);
      place.session = await target.open();
      return place.session;
    } catch (error) {
      place.failure = { error, until: this.#asked };
      this.#sessions -= 1;
      throw error;
    }
  }

  /** Takes one of the places for sessions; who was not used for longest gives way. */
  async #makeRoom(): Promise<void> {
    while (this.#sessions >= this.#maxSessions) {
      const idle = [...this.#places.values()].find((place) => place.session !== undefined && place.turns.size === 0);
      if (idle === undefined) await this.#somethingFreed();
      // In its own turn, and only where no command came for it in the meantime.
      else await idle.turns.take(async () => (idle.turns.size > 1 ? undefined : await this.#discard(idle)));
    }
    this.#sessions += 1;
  }

  async #discard(place: Place): Promise<void> {
    const { session } = place;
    place.session = undefined;
    place.commands = 0;
    if (session === undefined) return;
    await session.close();
    this.#sessions -= 1;
    this.#freed();
  }

  #somethingFreed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #freed(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  #expectOpen({ host }: SessionTarget): void {
    if (this.#closed)
      throw new ProviderError("cancelled", `The sessions are being closed: nothing more is sent to ${host}.`);
  }
}
