/** One element of a DER text (X.690). */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** The elements of a DER text, side by side; what is cut short ends them. */
export function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const first = bytes.readUInt8(at + 1);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + lengthBytes;
    if (lengthBytes > 4 || start > bytes.length) return found;
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    if (start + length > bytes.length) return found;
    found.push({ tag: bytes.readUInt8(at), content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

/** Follows tags inwards. */
export function inside(bytes: Buffer | undefined, ...path: readonly number[]): Buffer | undefined {
  let current = bytes;
  for (const wanted of path) {
    current = current && elements(current).find((element) => element.tag === wanted)?.content;
  }
  return current;
}

/** A small whole number; `undefined` for none or a long one. */
export function integer(content: Buffer | undefined): number | undefined {
  if (content === undefined || content.length === 0 || content.length > 6) return undefined;
  return content.readIntBE(0, content.length);
}
