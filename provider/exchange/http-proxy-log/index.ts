import { resolve } from "node:path";
import { ProviderError } from "../../error";
import { TextCache } from "./bytes";
import { endsInsideQuotes, Heading, necessaryColumns } from "./fields";
import { type LineSink, longestLine } from "./line-reader";
import { localLogs } from "./local-logs";
import type { LogSource } from "./log-source";
import { type NtlmUsers, Tally, type Traffic } from "./tally";

export type { NtlmUser, NtlmUsers, Requests, Scheme, Traffic } from "./tally";

export interface BrokenLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly why: string;
  /** Its beginning, without control characters. */
  readonly text: string;
}

export interface HttpProxyLogReport {
  readonly files: number;
  readonly bytes: number;
  readonly requests: number;
  /** By server and protocol, in alphabetical order. */
  readonly traffic: readonly Traffic[];
  readonly ntlm: NtlmUsers;
  /** Lines that could not be read: how many, and the first of them. */
  readonly broken: { readonly lines: number; readonly first: readonly BrokenLine[] };
  /** Files that are no HttpProxy logs. */
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
}

/** A path somewhere else than on this machine. */
export interface LogPlace {
  readonly source: LogSource;
  readonly path: string;
}

export interface HttpProxyLogOptions {
  readonly signal?: AbortSignal;
  /** Told now and then how far the reading is, in bytes. */
  readonly onProgress?: (done: number, total: number) => void;
  /** How many of the users with most NTLM requests to name. Default: 20. */
  readonly users?: number;
  /** How many broken lines to show. Default: 10. */
  readonly brokenLines?: number;
}

/**
 * Counts in HttpProxy logs by which way clients logged on. Files are read once, in pieces, columns by their names.
 * That `Negotiate` was logged is necessary for Kerberos and does not prove it: under that name clients also use NTLM.
 * @param places files, or folders whose `*.log` are read with those of their folders.
 * @throws ProviderError `input-invalid` where a path does not exist, cannot be read, or nothing in it is an HttpProxy log.
 */
export async function readHttpProxyLogs(
  places: readonly (string | LogPlace)[],
  options: HttpProxyLogOptions = {},
): Promise<HttpProxyLogReport> {
  const looked = places.map((place) => (typeof place === "string" ? { source: localLogs, path: place } : place));
  const found = looked.map(async ({ source, path }) =>
    (await source.list(path)).map((file) => ({ ...file, source, name: nameOf(source, file.path) })),
  );
  const files = once((await Promise.all(found)).flat());
  if (files.length === 0) {
    throw new ProviderError(
      "input-invalid",
      `There is no *.log file in ${looked.map(({ source, path }) => nameOf(source, path)).join(", ")}.`,
      { hint },
    );
  }
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const tally = new Tally();
  const report = {
    bytes: 0,
    broken: { lines: 0, first: [] as BrokenLine[] },
    skipped: [] as { file: string; why: string }[],
  };
  const texts = new TextCache();
  for (const { source, path, name: file } of files) {
    options.signal?.throwIfAborted();
    const log = new LogFile(tally, texts, (line) => {
      report.broken.lines++;
      if (report.broken.first.length < (options.brokenLines ?? 10)) report.broken.first.push({ file, ...line() });
    });
    const onBytes = (count: number) => {
      report.bytes += count;
      options.onProgress?.(report.bytes, total);
    };
    await source.read(path, log, { signal: options.signal, onBytes });
    if (log.unfit !== undefined) report.skipped.push({ file, why: log.unfit });
  }
  const [stranger, ...others] = report.skipped;
  if (stranger !== undefined && report.skipped.length === files.length) {
    const more = others.length === 0 ? "" : ` So it is with all ${files.length} files.`;
    throw new ProviderError("input-invalid", `${stranger.file} is no HttpProxy log: ${stranger.why}.${more}`, { hint });
  }
  return {
    files: files.length - report.skipped.length,
    ...report,
    requests: tally.requests,
    traffic: tally.traffic(),
    ntlm: tally.ntlmUsers(options.users ?? 20),
  };
}

const hint = "Name the folder Logging\\HttpProxy of an Exchange server, a folder below it, or files.";

/** A folder and one below it, or a file in it, may both be named: no request counts twice. */
function once<File extends { readonly source: LogSource; readonly path: string; readonly name: string }>(
  files: readonly File[],
): File[] {
  const key = ({ source, path, name }: File) => (source.host === undefined ? resolve(path) : name);
  return [...new Map(files.map((file) => [key(file), file])).values()];
}

function nameOf({ host }: LogSource, path: string): string {
  return host === undefined ? path : `${host}: ${path}`;
}

const hash = 0x23;
const fieldsMark = "#fields:";
const byteOrderMark = "\uFEFF";

/** The lines of one file. Its heading is a `#Fields:` line or a plain row of names, and may come again. */
class LogFile implements LineSink {
  /** Why this is no HttpProxy log, or is none from some line on. */
  unfit: string | undefined;
  private heading: Heading | undefined;
  private number = 0;
  /** The last line ended within quotes, so that the next may be its continuation. */
  private insideQuotes = false;

  constructor(
    private readonly tally: Tally,
    private readonly texts: TextCache,
    private readonly onBroken: (line: () => Omit<BrokenLine, "file">) => void,
  ) {}

  get wanted(): boolean {
    return this.unfit === undefined;
  }

  line(buffer: Buffer, start: number, end: number, hasQuote: boolean): void {
    this.number++;
    if (start === end || !this.wanted) return;
    if (this.heading === undefined || buffer[start] === hash) this.aboutColumns(buffer.toString("utf8", start, end));
    else this.request(this.heading, buffer, start, end, hasQuote);
  }

  private request(heading: Heading, buffer: Buffer, start: number, end: number, hasQuote: boolean): void {
    const whole = heading.split(buffer, start, end, hasQuote);
    const time = whole ? heading.time(buffer) : -1;
    const continues = this.insideQuotes && time === -1;
    const inside = hasQuote ? endsInsideQuotes(buffer, start, end, continues) : continues;
    // A stray quote in a broken line must not swallow the lines after it.
    this.insideQuotes = inside && (continues || time !== -1);
    if (time !== -1) {
      const { texts, tally } = this;
      const server = heading.text(buffer, "ServerHostName", texts);
      const protocol = heading.text(buffer, "Protocol", texts);
      // What a client tried without success counts as no logon.
      const refused = heading.text(buffer, "IsAuthenticated", texts).toLowerCase() === "false";
      const word = refused ? "" : heading.text(buffer, "AuthenticationType", texts);
      // Only here: a string for each line's user would be most of the work.
      if (tally.add(server, protocol, word, time) === "NTLM") {
        tally.addNtlmUser(heading.text(buffer, "AuthenticatedUser", texts), time);
      }
    } else if (!continues && !this.isHeading(buffer.toString("utf8", start, end))) {
      this.broken(buffer, start, end, whole ? "it does not begin with a time" : "it has too few columns");
    }
  }

  overlong(buffer: Buffer, start: number, end: number): void {
    this.number++;
    if (this.heading === undefined) this.unfit = `line ${this.number} is longer than ${longestLine} bytes`;
    else this.broken(buffer, start, end, `it is longer than ${longestLine} bytes`);
  }

  /** A line that begins with `#`, or the first that does not. */
  private aboutColumns(text: string): void {
    const line = text.startsWith(byteOrderMark) ? text.slice(1) : text;
    const isFields = line.toLowerCase().startsWith(fieldsMark);
    if (line.startsWith("#") && !isFields) return;
    if (!this.isHeading(isFields ? line.slice(fieldsMark.length) : line)) {
      this.unfit = `line ${this.number} is no heading that names ${necessaryColumns.join(" and ")}`;
    }
  }

  private isHeading(line: string): boolean {
    const heading = Heading.of(line);
    if (heading === undefined) return false;
    this.heading = heading;
    this.insideQuotes = false;
    return true;
  }

  private broken(buffer: Buffer, start: number, end: number, why: string): void {
    const shown = 160;
    this.onBroken(() => ({
      line: this.number,
      why,
      text: buffer.toString("utf8", start, Math.min(end, start + shown)).replace(/\p{Cc}/gu, "�"),
    }));
  }
}
