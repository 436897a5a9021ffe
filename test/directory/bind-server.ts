import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { BerReader, BerWriter } from "ldapts";

/** What a bind is answered with: an LDAP result and, where there is one, its text and a token. */
export interface BindAnswer {
  readonly status: number;
  readonly text?: string;
  readonly token?: Buffer | undefined;
}

/** A server that takes binds by SASL and nothing else. What comes behind a bind it only keeps. */
export class BindServer {
  /** Mechanism and token of every bind. */
  readonly binds: { readonly mechanism: string; readonly token: Buffer }[] = [];
  /** What came that is no bind. */
  readonly others: Buffer[] = [];
  private readonly server: net.Server;
  private readonly sockets = new Set<net.Socket>();

  /** @param certificate for a server that speaks TLS from the first byte */
  constructor(
    private readonly answer: (token: Buffer) => BindAnswer,
    certificate?: tls.TlsOptions,
  ) {
    const serve = (socket: net.Socket) => this.serve(socket);
    this.server = certificate === undefined ? net.createServer(serve) : tls.createServer(certificate, serve);
  }

  async listen(port: number): Promise<this> {
    this.server.listen(port, "127.0.0.1");
    await once(this.server, "listening");
    return this;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => {});
    // A bind of ours is one write, and on loopback one piece.
    socket.on("data", (piece) => {
      const bind = readBind(piece);
      if (bind === undefined) {
        this.others.push(piece);
        return;
      }
      this.binds.push(bind);
      socket.write(bindResponse(bind.messageId, this.answer(bind.token)));
    });
  }
}

function readBind(message: Buffer) {
  const reader = new BerReader(message);
  reader.readSequence();
  const messageId = reader.readInt() ?? 0;
  if (reader.readSequence() !== 0x60) return undefined;
  reader.readInt();
  reader.readString();
  reader.readSequence(0xa3);
  const mechanism = reader.readString() ?? "";
  return { messageId, mechanism, token: reader.readString(0x04, true) ?? Buffer.alloc(0) };
}

function bindResponse(messageId: number, { status, text = "", token }: BindAnswer): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(messageId);
  writer.startSequence(0x61);
  writer.writeEnumeration(status);
  writer.writeString("");
  writer.writeString(text);
  if (token !== undefined) writer.writeBuffer(token, 0x87);
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}
