import { type TextCache, timeNumber } from "./bytes";

const comma = 0x2c;
const quote = 0x22;

/** The columns that are looked at. Only the first two must be in a log: an early 2013 build lacks several others. */
const index = {
  DateTime: 0,
  AuthenticationType: 1,
  IsAuthenticated: 2,
  AuthenticatedUser: 3,
  Protocol: 4,
  ServerHostName: 5,
} as const;
type ColumnName = keyof typeof index;
const columnNames = Object.keys(index) as readonly ColumnName[];
export const necessaryColumns: readonly ColumnName[] = ["DateTime", "AuthenticationType"];

/** Which column is where, by the names in the file's heading. */
export class Heading {
  /** For each column of the file up to the last that is looked at: its place in `index`, or -1. */
  private readonly wanted: readonly number[];
  /** Where the values of the line at hand begin and end; both 0 where the file has no such column. */
  private readonly starts = new Int32Array(columnNames.length);
  private readonly ends = new Int32Array(columnNames.length);

  private constructor(names: readonly string[]) {
    const indices = names.map((name) =>
      columnNames.findIndex((one) => one.toLowerCase() === name.trim().toLowerCase()),
    );
    this.wanted = indices.slice(0, indices.findLastIndex((index) => index >= 0) + 1);
  }

  /** Of the text behind `#Fields:` or of a row of names; `undefined` where a necessary one is missing. */
  static of(text: string): Heading | undefined {
    const names = text.split(",").map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
    const has = (column: string) => names.some((name) => name.toLowerCase() === column.toLowerCase());
    return necessaryColumns.every(has) ? new Heading(names) : undefined;
  }

  /** Finds the values of a line. False where it has too few columns, or a quote in one of them that does not end. */
  split(buffer: Buffer, start: number, end: number, hasQuote: boolean): boolean {
    const { wanted, starts, ends } = this;
    let position = start;
    for (const column of wanted) {
      if (position > end) return false;
      let stop = position;
      let valueStart = position;
      let valueEnd = -1;
      if (hasQuote && buffer[position] === quote) {
        const closing = closingQuote(buffer, position, end);
        if (closing === -1) return false;
        valueStart = position + 1;
        valueEnd = closing;
        stop = closing + 1;
      }
      while (stop < end && buffer[stop] !== comma) stop++;
      if (column >= 0) {
        starts[column] = valueStart;
        ends[column] = valueEnd === -1 ? stop : valueEnd;
      }
      position = stop + 1;
    }
    return true;
  }

  /** When the request of the line at hand came, as `timeNumber` has it. */
  time(buffer: Buffer): number {
    return timeNumber(buffer, this.starts[index.DateTime] ?? 0, this.ends[index.DateTime] ?? 0);
  }

  /** A value of the line at hand, doubled quotes as they are; empty where the file has no such column. */
  text(buffer: Buffer, column: ColumnName, texts: TextCache): string {
    return texts.text(buffer, this.starts[index[column]] ?? 0, this.ends[index[column]] ?? 0);
  }
}

function closingQuote(buffer: Buffer, opening: number, end: number): number {
  for (let at = opening + 1; at < end; at++) {
    if (buffer[at] !== quote) continue;
    if (buffer[at + 1] !== quote || at + 1 >= end) return at;
    at++;
  }
  return -1;
}

/** Whether a quoted value goes on in the next line: each quote opens, closes, or is half of a doubled one. */
export function endsInsideQuotes(buffer: Buffer, start: number, end: number, inside: boolean): boolean {
  let open = inside;
  for (let at = start; at < end; at++) if (buffer[at] === quote) open = !open;
  return open;
}
