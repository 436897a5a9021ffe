/** At most `limit` pieces of work at a time; the others wait their turn, first come first served. */
export class Limiter {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly limit: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // A waiter takes over our place, so nobody can slip in between.
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}

/** One piece of work at a time for each key: what reads an object and then writes it must not race with itself. */
export class KeyedLock {
  private readonly tails = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key);
    const mine = (before ?? Promise.resolve()).then(work, work);
    this.tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.tails.get(key) === mine) this.tails.delete(key);
    }
  }
}

/** A value made once, by the first who asks; a failure is not kept, so that the next one may try again. */
export class Lazy<T> {
  private promise: Promise<T> | undefined;

  constructor(private readonly make: () => Promise<T>) {}

  get(): Promise<T> {
    if (this.promise === undefined) {
      const made = this.make();
      this.promise = made;
      made.catch(() => {
        if (this.promise === made) this.promise = undefined;
      });
    }
    return this.promise;
  }

  /** What is there already, without making it. */
  get made(): Promise<T> | undefined {
    return this.promise;
  }

  reset(): void {
    this.promise = undefined;
  }
}

/** Questions that come in the same moment are asked together. */
const gatherMilliseconds = 3;

/**
 * Gathers single questions into one request. A batch is closed before it is sent, so every answer is younger than its question.
 */
export class Batch<Key, Answer> {
  private gathered: Map<Key, Promise<Map<Key, Answer>>> = new Map();
  private closing: Promise<Map<Key, Answer>> | undefined;

  /** @param ask - answers all keys at once; a key it leaves out gets `undefined`. */
  constructor(private readonly ask: (keys: readonly Key[]) => Promise<Map<Key, Answer>>) {}

  async get(key: Key): Promise<Answer | undefined> {
    const { gathered } = this;
    this.closing ??= new Promise<void>((resolve) => setTimeout(resolve, gatherMilliseconds)).then(() => {
      this.gathered = new Map();
      this.closing = undefined;
      return this.ask([...gathered.keys()]);
    });
    gathered.set(key, this.closing);
    return (await this.closing).get(key);
  }
}
