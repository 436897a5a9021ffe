import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import type { Certificate } from "../../lab/certificates";

/** One element of BER, its length in the long form that Active Directory writes. */
export function element(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const head = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
  head.writeUInt32BE(content.length, 2);
  return Buffer.concat([head, content]);
}

const text = (value: Buffer | string) => element(0x04, value);
const number = (value: number) => Buffer.from([0x02, 4, value >>> 24, value >>> 16, value >>> 8, value]);
const messageOf = (id: number, ...parts: readonly Buffer[]) => element(0x30, number(id), ...parts);

/** LDAP's operations, as far as a server answers (RFC 4511, section 4). */
export const operation = { bind: 0x60, search: 0x63, extended: 0x77 } as const;

const result = (tag: number, code: number, words: string, ...more: readonly Buffer[]) =>
  element(tag, Buffer.from([0x0a, 1, code]), text(""), text(words), ...more);

export const answers = {
  bound: (id: number) => messageOf(id, result(0x61, 0, "")),
  extended: (id: number) => messageOf(id, result(0x78, 0, "")),
  modified: (id: number) => messageOf(id, result(0x67, 0, "")),
  entry: (id: number, name: string, attributes: Readonly<Record<string, readonly (Buffer | string)[]>>) =>
    messageOf(
      id,
      element(
        0x64,
        text(name),
        element(
          0x30,
          ...Object.entries(attributes).map(([attribute, values]) =>
            element(0x30, text(attribute), element(0x31, ...values.map(text))),
          ),
        ),
      ),
    ),
  reference: (id: number, url: string) => messageOf(id, element(0x73, text(url))),
  intermediate: (id: number) => messageOf(id, element(0x79, element(0x81, "x"))),
  found: (id: number, code = 0, words = "") => messageOf(id, result(0x65, code, words)),
  /** The end of a page, with the mark of the next one (RFC 2696). */
  page: (id: number, cookie: string) =>
    messageOf(
      id,
      result(0x65, 0, ""),
      element(
        0xa0,
        element(0x30, text("1.2.840.113556.1.4.319"), text(element(0x30, Buffer.from([0x02, 1, 0]), text(cookie)))),
      ),
    ),
};

/** What a client asked. */
export interface Question {
  readonly id: number;
  readonly operation: number;
  readonly message: Buffer;
}

/** Takes part in a conversation: writes what it likes, when it likes. */
export type Behaviour = (question: Question, socket: net.Socket) => void;

/** A server on 127.0.0.1 that has a good certificate and no good will. */
export class HostileLdap {
  readonly questions: Question[] = [];
  private readonly sockets = new Set<net.Socket>();

  private constructor(
    private readonly server: net.Server,
    readonly port: number,
  ) {}

  static async open(certificate: Certificate, behaviour: () => Behaviour, port = 636): Promise<HostileLdap> {
    const options = { key: readFileSync(certificate.key), cert: readFileSync(certificate.certificate) };
    const server = port === 389 ? net.createServer() : tls.createServer(options);
    const hostile = new HostileLdap(server, port);
    server.on(port === 389 ? "connection" : "secureConnection", (socket: net.Socket) => {
      hostile.sockets.add(socket);
      socket.on("error", () => {}).on("close", () => hostile.sockets.delete(socket));
      let received: Buffer = Buffer.alloc(0);
      socket.on("data", (bytes) => {
        received = Buffer.concat([received, bytes]);
        for (let question = questionIn(received); question !== undefined; question = questionIn(received)) {
          received = received.subarray(question.message.length);
          hostile.questions.push(question);
          behaviour()(question, socket);
        }
      });
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return hostile;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

function questionIn(bytes: Buffer): Question | undefined {
  const [tag, first = 0] = bytes;
  if (tag === undefined || bytes.length < 2) return undefined;
  const long = first & 0x80 ? first & 0x7f : 0;
  if (bytes.length < 2 + long) return undefined;
  const start = 2 + long;
  const length = long === 0 ? first : bytes.readUIntBE(2, long);
  if (bytes.length < start + length) return undefined;
  const idLength = bytes[start + 1] ?? 1;
  return {
    id: bytes.readUIntBE(start + 2, idLength),
    operation: bytes[start + 2 + idLength] ?? 0,
    message: bytes.subarray(0, start + length),
  };
}
