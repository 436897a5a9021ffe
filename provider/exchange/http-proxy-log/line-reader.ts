import { closeSync, openSync, readSync } from "node:fs";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;

/** Longest line that is read. Real ones have some thousand bytes; a file with longer ones is something else. */
export const longestLine = 128 * 1024;
const bufferSize = 2 * longestLine;

export interface LineSink {
  /** False once no more lines are of use. */
  readonly wanted: boolean;
  /** A line without its end, as bytes `start` to `end` of a buffer that is used again afterwards. */
  line(buffer: Buffer, start: number, end: number, hasQuote: boolean): void;
  /** In place of a line that is longer than `longestLine`; its beginning only. */
  overlong(buffer: Buffer, start: number, end: number): void;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told after each piece how many bytes it had. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** Other work of the process, such as an interrupt, gets its turn after each such amount. */
const bytesInARow = 16 * 1024 * 1024;

/**
 * Hands over the lines of a file, one after the other, out of one buffer: memory does not grow with the file.
 * A last line without line feed is handed over like the others.
 * Reads without going through Node's thread pool: for pieces like these it costs more memory than the pieces, and more time.
 */
export async function readLines(path: string, sink: LineSink, options: ReadOptions = {}): Promise<void> {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(bufferSize);
    /** Bytes of a line that is not complete, kept at the buffer's beginning. */
    let kept = 0;
    let skipping = false;
    let inARow = 0;
    while (sink.wanted) {
      if (inARow > bytesInARow) {
        await new Promise((resolve) => setImmediate(resolve));
        options.signal?.throwIfAborted();
        inARow = 0;
      }
      const bytesRead = readSync(file, buffer, kept, bufferSize - kept, null);
      if (bytesRead === 0) break;
      options.onBytes?.(bytesRead);
      inARow += bytesRead;
      const filled = kept + bytesRead;
      let start = 0;
      // One search for the next quote serves all lines before it.
      let nextQuote = -1;
      for (
        let end = buffer.indexOf(lineFeed, kept);
        end !== -1 && end < filled;
        end = buffer.indexOf(lineFeed, start)
      ) {
        if (skipping) skipping = false;
        else if (end - start > longestLine) sink.overlong(buffer, start, end);
        else {
          if (nextQuote < start) nextQuote = indexBefore(buffer, quote, start, filled);
          sink.line(buffer, start, withoutReturn(buffer, start, end), nextQuote < end);
        }
        start = end + 1;
      }
      if (skipping) start = filled;
      else if (filled - start > longestLine) {
        sink.overlong(buffer, start, filled);
        skipping = true;
        start = filled;
      }
      buffer.copyWithin(0, start, filled);
      kept = filled - start;
    }
    if (kept > 0 && sink.wanted)
      sink.line(buffer, 0, withoutReturn(buffer, 0, kept), indexBefore(buffer, quote, 0, kept) < kept);
  } finally {
    closeSync(file);
  }
}

function withoutReturn(buffer: Buffer, start: number, end: number): number {
  return end > start && buffer[end - 1] === carriageReturn ? end - 1 : end;
}

/** Where the byte is; `end` where it is not. */
function indexBefore(buffer: Buffer, byte: number, start: number, end: number): number {
  const found = buffer.indexOf(byte, start);
  return found === -1 || found > end ? end : found;
}
