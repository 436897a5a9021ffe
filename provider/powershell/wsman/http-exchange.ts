import { Agent, type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { gunzipSync } from "node:zlib";
import { ProviderError } from "../../error";

/** Bytes of one answer at most, packed or not. Servers keep to the 150 KiB that we ask for, more or less. */
const maxAnswerSize = 4 * 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpQuestion {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Milliseconds until the whole answer must be here. */
  readonly deadline: number;
}

/** Gives out the one socket, and never makes another: what was proved on it is proved nowhere else. */
class OneSocketAgent extends Agent {
  #socket: Socket | undefined;

  constructor(socket: Socket) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
  }

  /** Told and not thrown: for a request that waits for the one before it Node asks again where nobody would catch it. */
  override createConnection(_options: unknown, done: (error: Error | null, socket?: Duplex) => void): undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) done(new Error("the connection is gone"));
    else done(null, socket);
  }
}

/** HTTP over one connection that stays. */
export class HttpExchange {
  readonly #agent: OneSocketAgent;

  constructor(
    private readonly url: URL,
    readonly socket: Socket,
  ) {
    this.#agent = new OneSocketAgent(socket);
  }

  /** False once the server or we have closed it. */
  get alive(): boolean {
    // What has ended on the server's side is writable still until the next turn.
    return this.socket.writable && !this.socket.readableEnded;
  }

  /**
   * Posts, and waits for the whole answer.
   * @throws ProviderError `unclear-outcome`: it was sent, and no whole answer came
   */
  post({ headers, body, deadline }: HttpQuestion): Promise<HttpAnswer> {
    const { host, hostname, pathname, search } = this.url;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const done = () => clearTimeout(timer);
      const fail = (why: string, cause?: unknown) => {
        done();
        this.destroy();
        const sentence = `The connection with ${hostname} broke before its answer was complete: ${why}.`;
        reject(new ProviderError("unclear-outcome", sentence, { cause }));
      };
      const sent: ClientRequest = httpRequest({
        agent: this.#agent,
        method: "POST",
        host: hostname,
        path: `${pathname}${search}`,
        // Exchange packs answers otherwise, the sealed ones too.
        headers: { ...headers, Host: host, "Accept-Encoding": "identity" },
      });
      timer = setTimeout(() => fail(`nothing came for ${(deadline / 1000).toFixed(1)} s`), deadline);
      sent.on("error", (error: Error & { code?: string }) => fail(error.code ?? error.message, error));
      sent.on("upgrade", () => fail("it goes on in another protocol"));
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxAnswerSize) fail(`it is longer than ${maxAnswerSize} bytes`);
          else chunks.push(chunk);
        });
        response.on("error", (error: Error & { code?: string }) => fail(error.code ?? error.message, error));
        response.on("end", () => {
          if (!response.complete) return fail("it was cut off");
          done();
          try {
            const packed = Buffer.concat(chunks);
            const answer = unpack(packed, response.headers["content-encoding"]);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer });
          } catch (error) {
            fail("it could not be unpacked", error);
          }
        });
      });
      sent.end(body);
    });
  }

  /** Idempotent, never throws. */
  destroy(): void {
    this.socket.destroy();
  }
}

/** A server that packs all the same does as IIS does. */
function unpack(body: Buffer, encoding = "identity"): Buffer {
  switch (encoding.toLowerCase()) {
    case "gzip":
      return gunzipSync(body, { maxOutputLength: maxAnswerSize });
    case "identity":
      return body;
    default:
      throw new Error(`unknown encoding ${encoding}`);
  }
}
