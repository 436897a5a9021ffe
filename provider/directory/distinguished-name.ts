import { DN } from "ldapts";

/** One `TYPE=value` of a distinguished name, its value without escapes. */
interface Part {
  readonly type: string;
  readonly value: string;
}

/** RFC 4514 as Active Directory writes and reads it: one pair to an RDN, escapes by backslash. */
const partPattern =
  /\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=((?:\\(?:[0-9A-Fa-f]{2}|[^0-9A-Fa-f])|[^\\,+"<>;=])*)(,|$)/y;

function withoutEscapes(text: string): string {
  const kept = text.replace(/^\s+|(?<!\\)\s+$/g, "");
  const bytes = kept.match(/\\[0-9A-Fa-f]{2}|\\.|[^\\]/gsu) ?? [];
  return Buffer.concat(
    bytes.map((piece) =>
      /^\\[0-9A-Fa-f]{2}$/.test(piece) ? Buffer.from(piece.slice(1), "hex") : Buffer.from(piece.replace(/^\\/, "")),
    ),
  ).toString("utf8");
}

/** The parts of a distinguished name, nearest first; `undefined` for what is not one. */
function parse(text: string): readonly Part[] | undefined {
  const parts: Part[] = [];
  partPattern.lastIndex = 0;
  while (partPattern.lastIndex < text.length) {
    const [, type, value, end] = partPattern.exec(text) ?? [];
    if (type === undefined || value === undefined || value.trim() === "") return undefined;
    parts.push({ type: type.toUpperCase(), value: withoutEscapes(value) });
    if (end === "") return parts;
  }
  return undefined;
}

export function isDistinguishedName(text: string): boolean {
  // Half of a surrogate pair is in no text of a directory.
  return !/\p{Cs}/u.test(text) && parse(text) !== undefined;
}

/** Whether two texts name the same object: case, spaces around the commas and the kind of escapes do not count. */
export function sameDistinguishedName(one: string, other: string): boolean {
  const key = (text: string) => JSON.stringify(parse(text) ?? text).toLowerCase();
  return key(one) === key(other);
}

/** What an object is called among its siblings: `mail` of `CN=mail,OU=…`. */
export function commonName(distinguishedName: string): string {
  return parse(distinguishedName)?.[0]?.value ?? "";
}

/** The container of an object, in the same spelling. */
export function parentOf(distinguishedName: string): string {
  partPattern.lastIndex = 0;
  partPattern.exec(distinguishedName);
  return distinguishedName.slice(partPattern.lastIndex);
}

/** The domain that an object is in, in the same spelling: what its distinguished name ends with. */
export function domainOf(distinguishedName: string): string {
  return /(?:,DC=[^,]+)+$/i.exec(distinguishedName)?.[0].slice(1) ?? "";
}

/** `CN=name` under a container, escaped by the library. */
export function childOf(container: string, name: string): string {
  return `${new DN({ CN: name }).toString()},${container}`;
}
