import { setTimeout } from "node:timers/promises";
import { type Connection, openConnection } from "../resources/connection";
import type { Context } from "../resources/handler";
import { shareDomain } from "../resources/per-domain";
import { resolveSettings, secretSettings } from "../settings";
import { Redactor } from "./redactor";

/** Stack configuration as Pulumi hands it to `configure`. */
export interface Configuration {
  get(key: string): string | undefined;
}

/** Pulumi kills a plugin five seconds after it asked it to end. */
const graceMilliseconds = 4000;
/** Its server sends an answer after our part of the work is done, and tells nobody when it is sent. */
const answerMilliseconds = 200;

/**
 * What all resources of one provider process share: the configuration, one connection per name, the secrets to hide.
 * Pulumi starts a process per operation, so this lives as long as one `up`.
 */
export class Run implements Context {
  readonly redactor = new Redactor();
  private readonly connections = new Map<string, Connection>();
  private readonly working = new Set<Promise<unknown>>();
  private readonly said = new Set<string>();
  private readonly cancelled = new AbortController();
  private configuration: Configuration | undefined;

  constructor(
    private readonly environment: Readonly<Record<string, string | undefined>>,
    private readonly write: (line: string) => void,
  ) {}

  /** Keeps the configuration, at once: Pulumi calls the other methods without waiting for this one, and after a failure too. */
  configure(configuration: Configuration): void {
    this.configuration = configuration;
  }

  get signal(): AbortSignal {
    return this.cancelled.signal;
  }

  connection(name: string): Connection {
    const known = this.connections.get(name);
    if (known) return known;
    const settings = resolveSettings(name, {
      config: (key) => this.configuration?.get(key),
      environment: this.environment,
    });
    for (const setting of secretSettings) this.redactor.conceal(settings[setting]);
    const connection = openConnection(settings);
    shareDomain(connection, this.connections.values());
    this.connections.set(name, connection);
    return connection;
  }

  /** Each line once: what a preview finds is found again when the work begins, and by each resource that it is about. */
  progress(line: string): void {
    const clean = this.redactor.clean(line);
    if (this.said.has(clean)) return;
    this.said.add(clean);
    this.write(clean);
  }

  /** Counts a piece of work as under way, so that the end of the process waits for it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const promise = work();
    this.working.add(promise);
    try {
      return await promise;
    } finally {
      this.working.delete(promise);
    }
  }

  /** Asks what is under way to stop, lets it save what it has, and closes every connection. Never throws. */
  async end(): Promise<void> {
    this.cancelled.abort();
    await Promise.race([this.finish(), setTimeout(graceMilliseconds)]);
  }

  private async finish(): Promise<void> {
    if (this.working.size > 0) {
      await Promise.allSettled(this.working);
      await setTimeout(answerMilliseconds);
    }
    await Promise.allSettled([...this.connections.values()].map((connection) => connection.close()));
  }
}
