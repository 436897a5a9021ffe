import { AsyncLocalStorage } from "node:async_hooks";
import net from "node:net";

/** What becomes of one remote call: it is lost before it leaves, or its answer is, once the server has done it. */
export type Lost = "request" | "answer";

export interface Cut {
  /** Number of the call, from 1. */
  readonly at: number;
  readonly lost: Lost;
  /** Afterwards: later calls get through over a new connection, or none does. */
  readonly network: "up" | "down";
}

/** Where a connection is to go. */
export interface Target {
  readonly host?: string;
  readonly port?: number | string;
}

/** Node calls `connect` with its options, or with a list of them and a listener. */
function targetOf([to]: readonly unknown[]): Target {
  return ((Array.isArray(to) ? to[0] : to) ?? {}) as Target;
}

const current = new AsyncLocalStorage<Wire>();
const wires = new WeakMap<net.Socket, Wire>();

const { connect, write } = net.Socket.prototype;

net.Socket.prototype.connect = function (this: net.Socket, ...to: unknown[]) {
  const wire = current.getStore();
  if (wire === undefined) return Reflect.apply(connect, this, to);
  if (wire.refuses(this, targetOf(to))) return this;
  wires.set(this, wire);
  return Reflect.apply(connect, this, to);
} as typeof connect;

net.Socket.prototype.write = function (this: net.Socket, ...piece: unknown[]) {
  const wire = wires.get(this);
  if (wire?.takes(this, piece[0]) === false) return false;
  const meanwhile = wire?.interrupt(String(piece[0]));
  if (meanwhile === undefined) return Reflect.apply(write, this, piece);
  void meanwhile.then(() => Reflect.apply(write, this, piece));
  return true;
} as typeof write;

/**
 * The connections that the code under test opens, and the calls that it makes over them: each LDAP request is one piece
 * of TLS, each request of WS-Management begins with its line. They are counted, and cut.
 */
export class Wire {
  /** Where each call went. */
  readonly calls: string[] = [];
  /** What somebody else does in the moment before the first call with these words in it goes out. */
  private meanwhile: { readonly words: string; readonly act: () => Promise<unknown> } | undefined;
  private readonly sockets = new Set<net.Socket>();
  private down = false;

  /** @param cut left out, everything gets through */
  constructor(private readonly cut?: Cut) {}

  /** Who takes no connection. */
  unreachable: (target: Target) => boolean = () => false;

  before(words: string, act: () => Promise<unknown>): this {
    this.meanwhile = { words, act };
    return this;
  }

  /** Whether what was to happen in between has happened. */
  get isInterrupted(): boolean {
    return this.meanwhile === undefined;
  }

  interrupt(piece: string): Promise<unknown> | undefined {
    const { meanwhile } = this;
    if (meanwhile === undefined || !piece.includes(meanwhile.words)) return undefined;
    this.meanwhile = undefined;
    return Wire.aside(meanwhile.act);
  }

  /** Runs work whose connections are on this wire. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return current.run(this, work);
  }

  /** Runs what is no part of it: the lab's own side, where that lives in this process. */
  static aside<T>(work: () => T): T {
    return current.exit(work);
  }

  /** Nothing gets through any more. */
  get isDown(): boolean {
    return this.down;
  }

  /** Whether the cut has happened. */
  get isCut(): boolean {
    return this.cut !== undefined && this.calls.length >= this.cut.at;
  }

  /** A call that is no piece of a socket: a command of a session in memory. @returns what becomes of it */
  call(to: string): Lost | undefined {
    this.calls.push(to);
    const { cut } = this;
    if (cut === undefined || this.calls.length !== cut.at) return undefined;
    if (cut.network === "down") this.fall();
    return cut.lost;
  }

  refuses(socket: net.Socket, target: Target): boolean {
    if (!this.down && !this.unreachable(target)) {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
      return false;
    }
    const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    process.nextTick(() => socket.destroy(error));
    return true;
  }

  takes(socket: net.Socket, piece: unknown): boolean {
    if (this.down) return false;
    // What follows the head of a request over HTTP is of the same call.
    if (socket.remotePort === 80 && !String(piece).startsWith("POST ")) return true;
    const { cut } = this;
    this.calls.push(`${socket.remoteAddress}:${socket.remotePort}`);
    if (cut === undefined || this.calls.length !== cut.at) return true;
    if (cut.lost === "request") {
      this.lose(socket);
      return false;
    }
    socket.push = () => {
      this.lose(socket);
      return false;
    };
    return true;
  }

  private lose(socket: net.Socket): void {
    if (this.cut?.network === "down") this.fall();
    else reset(socket);
  }

  private fall(): void {
    this.down = true;
    for (const socket of this.sockets) reset(socket);
  }
}

function reset(socket: net.Socket): void {
  socket.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
}
