import type { LineSink, ReadOptions } from "./line-reader";

export interface LogFileFound {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Where logs are, and how they are read there. */
export interface LogSource {
  /** The server that they are on; none for this machine. */
  readonly host?: string;
  /**
   * The file of that name, or every `*.log` in the folder and below.
   * @throws ProviderError `input-invalid` where there is neither, or it may not be read.
   */
  list(path: string): Promise<readonly LogFileFound[]>;
  /** Hands over all lines of a file, one after the other. */
  read(path: string, sink: LineSink, options: ReadOptions): Promise<void>;
}
