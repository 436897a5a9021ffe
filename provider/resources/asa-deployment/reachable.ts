import { ProviderError } from "../../error";
import type { ExchangeOrganization } from "../../exchange/organization";

const unreachableCodes = new Set(["name-not-resolved", "port-closed", "timeout"]);

/** Silence, as of a server that is down; what answers and refuses is for a person. */
export function isUnreachable(error: ProviderError): boolean {
  return unreachableCodes.has(error.code);
}

/** What came of the same work on several servers. */
export interface Outcome<T> {
  readonly done: ReadonlyMap<string, T>;
  readonly failed: ReadonlyMap<string, ProviderError>;
}

/** Does the same on several servers, with what is known of each, to its end whatever becomes of the others. */
export async function mapReachable<S, T>(
  exchange: ExchangeOrganization,
  servers: ReadonlyMap<string, S>,
  work: (known: S, server: string) => Promise<T>,
): Promise<Outcome<T>> {
  const settled = await exchange.onEach([...servers], ([server, known]) => work(known, server));
  const done = new Map<string, T>();
  const failed = new Map<string, ProviderError>();
  [...servers.keys()].forEach((server, index) => {
    const one = settled[index];
    if (one?.status === "fulfilled") done.set(server, one.value);
    else failed.set(server, ProviderError.from(one?.reason));
  });
  return { done, failed };
}

/** One error of several servers, naming each with its own. */
export function serversFailed(what: string, failed: ReadonlyMap<string, ProviderError>, hint: string): ProviderError {
  const [first] = failed.values();
  const each = [...failed].map(([server, error]) => `\n  ${server}: ${error.message}`);
  return new ProviderError(first?.code ?? "unexpected", `${what}:${each.join("")}\n`, { hint, cause: first });
}
