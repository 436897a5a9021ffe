import type { ProviderError } from "../error";
import type { Finding } from "./check";

/** It is as it should be. */
export function pass(object: string, seen: string, where?: string): Finding {
  return { outcome: "pass", object, where, seen };
}

/** It works, and somebody should know. */
export function warn(object: string, seen: string, remedy: string, where?: string): Finding {
  return { outcome: "warn", object, where, seen, remedy };
}

/** Clients get no Kerberos, or will not for long. */
export function fail(object: string, seen: string, remedy: string, where?: string): Finding {
  return { outcome: "fail", object, where, seen, remedy };
}

/** It could not be seen. */
export function unknown(object: string, seen: string, remedy?: string, where?: string): Finding {
  return { outcome: "unknown", object, where, seen, remedy };
}

/** What an error says without what it advises, which has a place of its own in a finding. */
export function sentenceOf({ message, hint }: ProviderError): string {
  return hint === undefined ? message : message.slice(0, -hint.length).trim();
}

/** `a, b and 3 more`: what people read has an end, however long the list is. JSON lists all where it matters. */
export function someOf(words: readonly string[], most: number): string {
  const shown = words.slice(0, most).join(", ");
  return words.length <= most ? shown : `${shown} and ${words.length - most} more`;
}

/** A text in PowerShell, for a remedy: a name of the directory must not become a command of whoever types it. */
export function quoted(text: string): string {
  // To PowerShell, typographic quotes are quotes too.
  return `'${text.replace(/['\u2018-\u201b]/g, "$&$&")}'`;
}

/** Milliseconds. */
export const day = 24 * 60 * 60_000;

/** Whole days since an instant in ISO 8601. */
export function daysSince(instant: string): number {
  return Math.floor((Date.now() - Date.parse(instant)) / day);
}

/** `2026-11-24` */
export function dayOf(instant: string): string {
  return instant.slice(0, 10);
}
