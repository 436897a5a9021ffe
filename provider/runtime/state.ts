import { ProviderError } from "../error";
import type { AnyHandler } from "../resources";

/** Properties as they travel between us and the engine. */
export type Properties = Record<string, unknown>;

/** Which version of a resource's outputs a state holds. */
const versionKey = "schemaVersion";
/** Pulumi's own: the text that loads us. Its server adds it to results, but not to those of a partial failure. */
const providerKey = "__provider";

/** Inputs as a handler knows them. */
export function withoutProvider(properties: Readonly<Properties>): Properties {
  const { [providerKey]: _, ...own } = properties;
  return own;
}

/** Outputs that leave: JSON, versioned, without secrets, with what the next run needs to find us. */
export function toState(handler: AnyHandler, outputs: object, given: Readonly<Properties>): Properties {
  const secrets = handler.secrets ?? [];
  const kept = Object.entries(outputs).filter(([name]) => !secrets.includes(name));
  return {
    ...toJson(Object.fromEntries(kept)),
    [versionKey]: handler.schemaVersion ?? 1,
    [providerKey]: given[providerKey],
  };
}

/**
 * Outputs that come in, as the present version of the handler has them.
 * @throws ProviderError `refused` for a state that a newer version of this package wrote.
 */
export function fromState(handler: AnyHandler, state: Readonly<Properties>): object {
  const { [versionKey]: stored, ...outputs } = withoutProvider(state);
  const version = typeof stored === "number" ? stored : 1;
  const current = handler.schemaVersion ?? 1;
  if (version > current) {
    throw new ProviderError("refused", `A newer version of pulumi-exchange-kerberos wrote this state (${version}).`, {
      hint: `The installed one reads up to ${current}: install the newer one.`,
    });
  }
  if (version === current) return outputs;
  if (!handler.upgrade) throw new ProviderError("unexpected", `State of version ${version} cannot be read any more.`);
  return handler.upgrade(outputs, version);
}

/** Plain JSON: `undefined` dropped, dates as ISO text, big integers as decimal text (protobuf would lose their digits). */
export function toJson(properties: object): Properties {
  return plain(properties, []) as Properties;
}

function plain(value: unknown, path: readonly string[]): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item, index) => plain(item, [...path, String(index)]));
  if (typeof value === "object" && isPlain(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, plain(item, [...path, key])]));
  }
  throw new ProviderError("unexpected", `${path.join(".")} cannot be kept in a state.`);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
