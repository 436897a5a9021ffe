/** `O_CLOEXEC` of Linux (open(2)): no other child inherits an end, and keeps it open. */
const closeOnExec = 0o2_000_000;
/** `F_SETPIPE_SZ` of Linux (fcntl(2)). */
const setPipeSize = 1031;
/** Bytes, the most that Linux lets everybody have. With its own 64 KiB a fast writer waits for its reader time and again. */
const size = 1_048_576;

/** Two file descriptors, which the caller closes. */
export interface OneWayPipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

let library: ReturnType<typeof open> | undefined;

/**
 * A pipe of the kernel (pipe(7)). What Node calls a pipe to a child is a pair of sockets, into which a writer of small pieces takes
 * twice as long, and Node has no call for a real one.
 * @returns nothing where there is none to be had: on other systems than Linux, where koffi has no build for this one, and where the
 * process has too many files open
 */
export function oneWayPipe(): OneWayPipe | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    library ??= open();
  } catch {
    return undefined;
  }
  const ends: [number, number] = [-1, -1];
  if (library.pipe2(ends, closeOnExec) !== 0) return undefined;
  const [readEnd, writeEnd] = ends;
  // Where the user has too much in pipes already it stays as small as it is, and works.
  library.fcntl(readEnd, setPipeSize, "int", size);
  return { readEnd, writeEnd };
}

/** The C library of this process. */
function open() {
  const own = (require("koffi") as typeof import("koffi")).load(null);
  return {
    pipe2: own.func("int pipe2(_Out_ int *ends, int flags)"),
    fcntl: own.func("int fcntl(int descriptor, int command, ...)"),
  };
}
