import { ProviderError } from "../error";
import type { Redactor } from "./redactor";
import type { Properties } from "./state";

/** A write that stopped short, in the form that makes Pulumi keep `properties` and call `update` next time. */
export class PartialFailure extends Error {
  readonly reasons: string[];

  constructor(
    cause: ProviderError,
    readonly id: string,
    readonly properties: Properties,
  ) {
    super(cause.message, { cause });
    this.reasons = [cause.message];
  }
}

/**
 * An error as it leaves: no secret in it and, where its sentence says all, no stack.
 * Pulumi prints `message` for create and update, and `String(error)` with `stack` for the other methods.
 */
export function presentable(thrown: unknown, redactor: Redactor): Error {
  const error = thrown instanceof PartialFailure ? thrown : ProviderError.from(thrown);
  const message = redactor.clean(error.message);
  const expected = !(error instanceof ProviderError) || error.code !== "unexpected";
  const stack = expected ? message : redactor.clean(stackOf(error));
  const partial = error instanceof PartialFailure ? { ...error, reasons: [message] } : {};
  return Object.assign(new Error(message), partial, {
    name: "exchange-kerberos",
    stack,
    toString: () => "exchange-kerberos",
  });
}

function stackOf(error: Error): string {
  const origin = error.cause instanceof Error ? error.cause : error;
  return origin.stack ?? origin.message;
}
