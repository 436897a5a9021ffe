import type { Entry } from "ldapts";
import { ProviderError } from "../error";

/** More than an attribute of a directory has: values, and bytes of all of them. */
const max = { values: 100_000, bytes: 16 * 1024 * 1024 };

/**
 * A domain controller gives so many values of an attribute at a time and no more (MaxValRange, 1500 by default), under a name that
 * tells which: `servicePrincipalName;range=0-1499` (MS-ADTS 3.1.1.3.1.3.3). The last piece ends in `*`.
 */
const ranged = /^(.+);range=(\d+)-(\d+|\*)$/i;

interface Piece {
  readonly attribute: string;
  readonly from: number;
  /** `undefined` where nothing follows. */
  readonly to: number | undefined;
  readonly values: readonly (string | Buffer)[];
}

function pieceOf(entry: Entry, attribute?: string): Piece | undefined {
  for (const [key, values] of Object.entries(entry)) {
    const [, name, from, to] = ranged.exec(key) ?? [];
    if (name === undefined || (attribute !== undefined && name.toLowerCase() !== attribute.toLowerCase())) continue;
    delete entry[key];
    return {
      attribute: name,
      from: Number(from),
      to: to === "*" ? undefined : Number(to),
      values: [values].flat(),
    };
  }
  return undefined;
}

/**
 * Puts the values of an entry together where they came in pieces.
 * @param ask reads the entry again with these attributes
 * @throws ProviderError `directory-failed` for pieces that do not fit together
 */
export async function withAllValues(entry: Entry, ask: (attributes: string[]) => Promise<Entry[]>): Promise<Entry> {
  for (let piece = pieceOf(entry); piece !== undefined; piece = pieceOf(entry)) {
    const { attribute } = piece;
    const values = [...piece.values];
    let next = piece.from === 0 ? piece : undefined;
    while (next?.to !== undefined) {
      const start = next.to + 1;
      const goesOn = values.length === start && start < max.values && sizeOf(values) < max.bytes;
      const [more] = goesOn ? await ask([`${attribute};range=${start}-*`]) : [];
      next = more && pieceOf(more, attribute);
      if (next?.from !== start) next = undefined;
      values.push(...(next?.values ?? []));
    }
    if (next === undefined) {
      throw new ProviderError("directory-failed", `${entry.dn}: not all values of ${attribute} could be read.`, {
        hint: "It has very many, or somebody is changing them at the moment: run again.",
      });
    }
    entry[attribute] = values as string[] | Buffer[];
  }
  return entry;
}

function sizeOf(values: readonly (string | Buffer)[]): number {
  return values.reduce((size, value) => size + value.length, 0);
}
