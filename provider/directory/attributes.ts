import { Attribute, Change, type Entry } from "ldapts";
import { ProviderError } from "../error";

/** Typed views of the entries that ldapts returns, where one value, many and none look different. */

export function text(entry: Entry, attribute: string): string | undefined {
  return texts(entry, attribute)[0];
}

export function texts(entry: Entry, attribute: string): string[] {
  return [entry[attribute] ?? []].flat().map((value) => value.toString());
}

/** Bytes of an attribute that was asked for with `explicitBufferAttributes`. */
export function bytes(entry: Entry, attribute: string): Buffer[] {
  return [entry[attribute] ?? []].flat().map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(value)));
}

/** @throws ProviderError `directory-failed` for what is no number: a flag that cannot be read must not count as one that is off. */
export function integer(entry: Entry, attribute: string): number | undefined {
  const value = text(entry, attribute);
  if (value === undefined || /^-?\d{1,10}$/.test(value)) return value === undefined ? undefined : Number(value);
  throw senseless(entry, attribute);
}

/** What a directory can only have wrong. */
export function senseless(entry: Entry, attribute: string): ProviderError {
  return new ProviderError("directory-failed", `${entry.dn}: its ${attribute} makes no sense.`, {
    hint: "Check that a domain controller of Active Directory answered, and the object.",
  });
}

/** An attribute's new value; none removes it. */
export function replace(type: string, value: string | undefined): Change {
  const values = value === undefined ? [] : [value];
  return new Change({ operation: "replace", modification: new Attribute({ type, values }) });
}

export function replaceBytes(type: string, value: Buffer): Change {
  return new Change({ operation: "replace", modification: new Attribute({ type, values: [value] }) });
}

export function addValue(type: string, value: string): Change {
  return new Change({ operation: "add", modification: new Attribute({ type, values: [value] }) });
}

export function deleteValue(type: string, value: string): Change {
  return new Change({ operation: "delete", modification: new Attribute({ type, values: [value] }) });
}
