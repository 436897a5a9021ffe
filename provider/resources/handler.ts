import type { z } from "zod";
import type { ProviderError } from "../error";
import type { Connection } from "./connection";

/** An input that Pulumi does not know yet, because the resource it comes from is still to be made. */
export const unknown: unique symbol = Symbol("unknown until the resource it comes from exists");
export type Unknown = typeof unknown;

/** A value as a preview sees it: it, or any part of it, may be unknown. */
export type Preview<T> = T extends readonly (infer E)[]
  ? readonly Preview<E>[] | Unknown
  : T extends object
    ? { readonly [K in keyof T]: Preview<T[K]> } | Unknown
    : T | Unknown;

/** Inputs as a preview sees them. `connection` is always known: where it is not, the runtime asks no handler. */
export type PreviewInputs<T> = { readonly [K in keyof T]: K extends "connection" ? T[K] : Preview<T[K]> };

export interface Context {
  /**
   * The settings of that name, with the one directory and the one Exchange organization that all resources share.
   * @throws ProviderError `settings-invalid`.
   */
  connection(name: string): Connection;
  /** One line for the person who waits. */
  progress(line: string): void;
  /** Aborted when the run is cancelled. Long waits end then, and return what they have as `incomplete`. */
  readonly signal: AbortSignal;
}

/** One input that will not do. `property` is a dotted path. */
export interface Refusal {
  readonly property: string;
  readonly reason: string;
}

export interface Difference {
  /** Top-level properties that differ; empty means no change. */
  readonly changed: readonly string[];
  /** Those of `changed` that only a new object can take. The old one is deleted first: names in a directory are taken. */
  readonly replace: readonly string[];
}

/** State after a write. `incomplete` says why it stopped short; the state is kept, and the next `up` goes on from it. */
export interface Written<Outputs> {
  readonly outputs: Outputs;
  readonly incomplete?: ProviderError | undefined;
}

/**
 * What a resource is to the runtime: plain JSON in, plain JSON out. It knows neither Pulumi nor the wire.
 * `Outputs` hold the inputs as they were asked for beside what was found, so that `diff` and `delete` need nothing else.
 * The runtime drops `undefined` and turns a `Date` into its ISO text; all else that is not JSON is an error.
 */
export interface ResourceHandler<Inputs extends { connection: string }, Outputs extends object> {
  /** Shape and defaults; parsed before `check`, around whatever is unknown. */
  readonly schema: z.ZodObject;
  /** Top-level inputs that are secret: taken out of the outputs and hidden in every message. */
  readonly secrets?: readonly string[];
  /** Version of `Outputs`, 1 where it is left out. */
  readonly schemaVersion?: number;
  /** Outputs that an older version wrote, as the present version has them. */
  upgrade?(outputs: Readonly<Record<string, unknown>>, from: number): Outputs;
  /** What the schema cannot say, live state included. Pure: called twice before a replacement, then with no `olds`. */
  check(inputs: PreviewInputs<Inputs>, olds: Partial<Inputs>, context: Context): Promise<readonly Refusal[]>;
  diff(id: string, olds: Outputs, news: PreviewInputs<Inputs>, context: Context): Promise<Difference>;
  create(inputs: Inputs, context: Context): Promise<Written<Outputs> & { readonly id: string }>;
  /** `undefined` where the object is gone. `inputs` tell what is there, so that the next preview shows the repair. */
  read(id: string, olds: Outputs, context: Context): Promise<{ outputs: Outputs; inputs: Inputs } | undefined>;
  /** Also called, with the same inputs, after a write that stayed incomplete. */
  update(id: string, olds: Outputs, news: Inputs, context: Context): Promise<Written<Outputs>>;
  /** Gone already is fine. */
  delete(id: string, olds: Outputs, context: Context): Promise<void>;
}
