import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** What came of an order, and what the process has needed at most so far. */
export interface Outcome {
  readonly code: string;
  readonly message: string;
  readonly milliseconds: number;
  /** MiB */
  readonly peak: number;
}

const longest = 30_000;

/** Our side of a conversation with a server of ill will: a process of its own, so that its memory can be measured. */
export class MeasuredClient<Order, Result extends Outcome = Outcome> {
  private needed = 0;
  private peak = 0;
  private slowest = 0;
  private count = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly growth: number,
  ) {}

  /**
   * @param file of this folder: it says that it is ready, and answers each order with an outcome
   * @param growth MiB that it may grow beyond what a good answer needed, garbage that nobody has collected yet included: the
   * servers send until nobody takes any more
   * @param heap MiB that V8 gives it for objects, old ones
   */
  static async start<Order, Result extends Outcome = Outcome>(
    file: string,
    growth: number,
    heap: number,
  ): Promise<MeasuredClient<Order, Result>> {
    const child = fork(join(__dirname, file), {
      execArgv: [`--max-old-space-size=${heap}`, "-r", "ts-node/register"],
      env: { ...process.env, TS_NODE_TRANSPILE_ONLY: "1" },
    });
    await once(child, "message");
    return new MeasuredClient(child, growth);
  }

  async ask(order: Order): Promise<Result> {
    const ended = new AbortController();
    const { signal } = ended;
    try {
      const outcome = once(this.child, "message", { signal });
      const died = once(this.child, "exit", { signal }).then(([code, by]) =>
        assert.fail(`the client ended: ${by ?? code}`),
      );
      died.catch(() => {});
      this.child.send(order as object);
      return (await Promise.race([outcome, died]))[0];
    } finally {
      ended.abort();
    }
  }

  /** An answer of good will: what comes of the others is measured by it. */
  async welcome(order: Order): Promise<void> {
    const { code, message, peak } = await this.ask(order);
    assert.equal(code, "answered", message);
    this.needed = peak;
  }

  /** The right error, in bounded time and memory, and nothing in it that would act on a terminal. */
  async expect(order: Order, code: string, words: RegExp): Promise<void> {
    const outcome = await this.ask(order);
    assert.deepEqual([outcome.code, words.test(outcome.message)], [code, true], `${outcome.code}: ${outcome.message}`);
    assert.doesNotMatch(outcome.message, /\p{Cc}|Secret/u);
    this.count += 1;
    this.slowest = Math.max(this.slowest, outcome.milliseconds);
    this.peak = Math.max(this.peak, outcome.peak);
    assert.ok(outcome.milliseconds < longest, `${outcome.milliseconds} ms`);
    assert.ok(outcome.peak - this.needed < this.growth, `${outcome.peak} MiB, ${this.needed} before`);
  }

  stop(): void {
    this.child.kill();
    if (this.count === 0) return;
    const grown = Math.round(this.peak - this.needed);
    const seconds = (this.slowest / 1000).toFixed(1);
    console.log(
      `      ${this.count} kinds of ill will, the slowest ${seconds} s, ${grown} MiB more than a good answer`,
    );
  }
}
