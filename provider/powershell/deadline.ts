import { ProviderError } from "../error";
import { Deferred } from "./deferred";

/** Milliseconds, 24 days: the most that a timer takes. A longer one would end at once. */
const longest = 2 ** 31 - 1;

/** The promise's outcome, or the error that `late` makes where it takes longer than so many milliseconds. */
export async function within<T>(promise: Promise<T>, milliseconds: number, late: () => ProviderError): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.min(milliseconds, longest));
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why a command is to end before its time: its AbortSignal, its deadline, or whoever calls {@link Interruption.now}. */
export class Interruption {
  readonly #happened = new Deferred<never>();
  readonly #what: string;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #error: ProviderError | undefined;

  /** @param what the command and its host, as a sentence's subject */
  constructor(
    what: string,
    options: { readonly signal?: AbortSignal | undefined; readonly deadline?: number | undefined },
  ) {
    this.#what = what;
    this.#signal = options.signal;
    const { signal, deadline } = options;
    if (signal?.aborted) this.#aborted();
    else signal?.addEventListener("abort", this.#aborted);
    if (deadline !== undefined) {
      const late = new ProviderError("timeout", `${what} did not end within ${deadline / 1000} s.`);
      this.#timer = setTimeout(() => this.now(late), Math.min(deadline, longest));
    }
  }

  /** Rejects with `cancelled` or `timeout`; never resolves. */
  get happened(): Promise<never> {
    return this.#happened.promise;
  }

  /** The reason, once there is one. */
  get error(): ProviderError | undefined {
    return this.#error;
  }

  now(error: ProviderError): void {
    this.#error ??= error;
    this.#happened.reject(this.#error);
  }

  /** Lets go of the timer and the signal. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#aborted);
  }

  readonly #aborted = (): void => this.now(new ProviderError("cancelled", `${this.#what} was cancelled.`));
}
