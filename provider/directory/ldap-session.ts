import {
  type Attribute,
  type Change,
  type Client,
  type Control,
  type Entry,
  ResultCodeError,
  type SearchOptions,
} from "ldapts";
import { ProviderError } from "../error";
import { Lazy, type Limiter } from "./concurrency";
import { connectionFailure, type Endpoint } from "./connection-failure";
import { type Deed, ldapFailure, ldapResult, resultCode } from "./ldap-failure";
import type { OpenClient } from "./open-client";
import { withAllValues } from "./ranged-values";

/** Whether the directory has what a write was to bring about. Asked when the answer to the write was lost. */
export type ReadBack = () => Promise<boolean>;

/** What one search may take in all its pages: bytes, and milliseconds. A server could go on with small ones for ever. */
const maxSearch = { bytes: 32 * 1024 * 1024, time: 300_000 };

/**
 * The connection to one server: opened when first used, shared by all, opened anew for the next request when it was lost.
 * A read is repeated once over a new connection. A write never is: it may have been done.
 */
export class LdapSession {
  private readonly open: Lazy<OpenClient>;

  constructor(
    readonly endpoint: Endpoint,
    open: (endpoint: Endpoint) => Promise<OpenClient>,
    private readonly limiter: Limiter,
  ) {
    this.open = new Lazy(() => open(endpoint));
  }

  get host(): string {
    return this.endpoint.host;
  }

  /** Opens the connection, if it is not open yet. */
  async connect(): Promise<void> {
    await this.client();
  }

  /** Searches; `base` is a distinguished name or `<GUID=…>`. A base that does not exist finds nothing. */
  async search(what: string, base: string, options: SearchOptions, controls: Control[] = []): Promise<Entry[]> {
    const ask = (place: string, more: SearchOptions) =>
      this.limiter.run(() => this.searchTwice(what, place, more, controls));
    const until = Date.now() + maxSearch.time;
    try {
      const entries = await ask(base, options);
      for (const entry of entries) {
        await withAllValues(entry, (attributes) => {
          if (Date.now() > until) throw this.endless();
          return ask(entry.dn, { scope: "base", attributes });
        });
      }
      return entries;
    } catch (thrown) {
      if (resultCode(thrown) === ldapResult.noSuchObject) return [];
      throw this.failure(thrown, { what, object: base === "" ? undefined : base });
    }
  }

  add(deed: Deed, distinguishedName: string, attributes: Attribute[], readBack: ReadBack): Promise<void> {
    return this.write(deed, (client) => client.add(distinguishedName, attributes), readBack);
  }

  modify(deed: Deed, object: string, changes: Change[], readBack: ReadBack): Promise<void> {
    return this.write(deed, (client) => client.modify(object, changes), readBack);
  }

  move(deed: Deed, object: string, distinguishedName: string, readBack: ReadBack): Promise<void> {
    return this.write(deed, (client) => client.modifyDN(object, distinguishedName), readBack);
  }

  delete(deed: Deed, object: string, readBack: ReadBack): Promise<void> {
    return this.write(deed, (client) => client.del(object), readBack);
  }

  async close(): Promise<void> {
    const { made } = this.open;
    this.open.reset();
    await made?.then((opened) => opened.close()).catch(() => undefined);
  }

  private async client(): Promise<OpenClient> {
    const { made } = this.open;
    if (made !== undefined) {
      const opened = await made;
      // Whoever sees the loss first makes room; the others find the new connection being opened.
      if (!opened.usable && this.open.made === made) {
        this.open.reset();
        await opened.close();
      }
    }
    return this.open.get();
  }

  private async searchTwice(what: string, base: string, options: SearchOptions, controls: Control[]): Promise<Entry[]> {
    try {
      return await this.searchOnce(what, base, options, controls);
    } catch (thrown) {
      if (thrown instanceof ResultCodeError || thrown instanceof ProviderError) throw thrown;
    }
    return this.searchOnce(what, base, options, controls);
  }

  private async searchOnce(what: string, base: string, options: SearchOptions, controls: Control[]): Promise<Entry[]> {
    const opened = await this.client();
    try {
      return await this.entriesOf(opened, base, options, controls);
    } catch (thrown) {
      if (thrown instanceof ResultCodeError || thrown instanceof ProviderError) throw thrown;
      if (!opened.usable) throw opened.failure ?? thrown;
      // The connection stands, and what came over it is no answer: nothing that follows can be trusted.
      await opened.close();
      throw new ProviderError("directory-failed", `${this.host}: could not ${what}: its answer cannot be read.`, {
        hint: "Check that it is a domain controller, and what is between here and it.",
        cause: thrown,
      });
    }
  }

  private async entriesOf(
    { client, limits }: OpenClient,
    base: string,
    options: SearchOptions,
    controls: Control[],
  ): Promise<Entry[]> {
    limits.asked();
    if (!options.paged) return (await client.search(base, options, controls)).searchEntries;
    const entries: Entry[] = [];
    const [volume, began] = [limits.volume, Date.now()];
    for await (const page of client.searchPaginated(base, options, controls)) {
      entries.push(...page.searchEntries);
      limits.asked();
      if (limits.volume - volume > maxSearch.bytes || Date.now() - began > maxSearch.time) throw this.endless();
    }
    return entries;
  }

  private endless(): ProviderError {
    return new ProviderError("directory-failed", `${this.host} does not come to an end with its answer to a search.`, {
      hint: "Check that it is a domain controller, and what is between here and it.",
    });
  }

  private async write(deed: Deed, send: (client: Client) => Promise<void>, readBack: ReadBack): Promise<void> {
    const lost = await this.limiter.run(async () => {
      const { client, limits } = await this.client();
      try {
        limits.asked();
        await send(client);
        return undefined;
      } catch (thrown) {
        if (thrown instanceof ResultCodeError) throw this.failure(thrown, deed);
        return { thrown };
      }
    });
    if (lost === undefined) return;
    const unclear = (sentence: string, cause: unknown) =>
      new ProviderError(
        "directory-unclear",
        `${this.host}: the connection was lost while trying to ${deed.what}. ${sentence}`,
        {
          hint: "Run pulumi refresh and then pulumi up again.",
          cause,
        },
      );
    let done: boolean;
    try {
      done = await readBack();
    } catch (cause) {
      const why = ProviderError.from(cause).message;
      throw unclear(`Whether it was done is not known, as it could not be looked at afterwards: ${why}`, cause);
    }
    if (!done) throw unclear("It was not done when looked at afterwards, and was not sent again.", lost.thrown);
  }

  private failure(thrown: unknown, deed: Deed): ProviderError {
    return thrown instanceof ResultCodeError
      ? ldapFailure(thrown, this.host, deed)
      : connectionFailure(thrown, this.endpoint);
  }
}
