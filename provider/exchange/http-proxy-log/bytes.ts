/** Values as they come out of a buffer, without a new string for each of a million lines. */

const slots = 4096;
/** Longer values are made anew each time. */
const slotSize = 64;

/** Gives the same string for the same bytes; the same few servers, protocols and users come again and again. */
export class TextCache {
  private readonly bytes = Buffer.alloc(slots * slotSize);
  private readonly texts: string[] = new Array(slots).fill("");
  private readonly lengths = new Uint8Array(slots);

  text(buffer: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > slotSize) return buffer.toString("utf8", start, end);
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (buffer[at] ?? 0)) | 0;
    const slot = (hash ^ (hash >>> 12)) & (slots - 1);
    if (this.lengths[slot] === length && this.holds(slot, buffer, start, length)) return this.texts[slot] ?? "";
    const text = buffer.toString("utf8", start, end);
    buffer.copy(this.bytes, slot * slotSize, start, end);
    this.lengths[slot] = length;
    this.texts[slot] = text;
    return text;
  }

  private holds(slot: number, buffer: Buffer, start: number, length: number): boolean {
    const from = slot * slotSize - start;
    for (let at = start; at < start + length; at++) if (this.bytes[from + at] !== buffer[at]) return false;
    return true;
  }
}

/** What stands between the digits of `2014-02-19T13:30:49`. */
const separatorOffsets = [4, 7, 10, 13, 16] as const;
const separators = Buffer.from("--T::");
const shortestTime = 19;

/**
 * A number that grows with the time written as `2014-02-19T13:30:49.219Z`: to compare, and to be made a text again by `timeText`.
 * Not milliseconds since 1970, which would cost a calendar for each line. -1 where the bytes are no such time.
 */
export function timeNumber(buffer: Buffer, start: number, end: number): number {
  if (end - start < shortestTime) return -1;
  for (let index = 0; index < separators.length; index++) {
    if (buffer[start + (separatorOffsets[index] ?? 0)] !== separators[index]) return -1;
  }
  let number = digits(buffer, start, 4);
  number = number * 13 + digits(buffer, start + 5, 2);
  number = number * 32 + digits(buffer, start + 8, 2);
  number = number * 24 + digits(buffer, start + 11, 2);
  number = number * 60 + digits(buffer, start + 14, 2);
  number = number * 61 + digits(buffer, start + 17, 2);
  const hasMilliseconds = end - start >= shortestTime + 4 && buffer[start + shortestTime] === 0x2e;
  number = number * 1000 + (hasMilliseconds ? digits(buffer, start + shortestTime + 1, 3) : 0);
  return Number.isNaN(number) ? -1 : number;
}

function digits(buffer: Buffer, start: number, count: number): number {
  let number = 0;
  for (let at = start; at < start + count; at++) {
    const digit = (buffer[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** `2014-02-19T13:30:49.219Z` */
export function timeText(time: number): string {
  let left = time;
  const part = (base: number, width: number) => {
    const value = left % base;
    left = Math.floor(left / base);
    return String(value).padStart(width, "0");
  };
  const milliseconds = part(1000, 3);
  const [seconds, minutes, hours, day, month] = [part(61, 2), part(60, 2), part(24, 2), part(32, 2), part(13, 2)];
  return `${String(left).padStart(4, "0")}-${month}-${day}T${hours}:${minutes}:${seconds}.${milliseconds}Z`;
}
