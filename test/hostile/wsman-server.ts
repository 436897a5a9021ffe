import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import type { Certificate } from "../../lab/certificates";
import { WsmanEndpoint } from "../../lab/exchange/wsman/endpoint";
import { ShellService } from "../../lab/exchange/wsman/shell-service";
import { namespaces } from "../../provider/powershell/wsman/soap";
import { Greeter } from "../powershell/wsman/greeter";

/** When a server shows its true face: at the first request, at a command, or where its output is asked for. */
export type Moment = "opening" | "command" | "output";

/** One request as a hostile server has it before it. */
export class Asked {
  constructor(
    readonly xml: string,
    readonly socket: Socket,
  ) {}

  private found(pattern: RegExp): string {
    return pattern.exec(this.xml)?.[1] ?? "";
  }

  /** The pool's id, which is the shell's. */
  get poolId(): string {
    return this.found(/Name="ShellId">([^<]*)</).toLowerCase();
  }

  get pipelineId(): string {
    return this.found(/CommandId="([^"]*)"/).toLowerCase();
  }

  /** A whole answer over HTTP, as its head says or not. */
  answer(body: Buffer | string, headers: Readonly<Record<string, string | number>> = {}, status = "200 OK"): void {
    this.socket.write(
      Buffer.concat([
        this.head({ "Content-Length": Buffer.byteLength(body), ...headers }, status),
        Buffer.from(body as string),
      ]),
    );
  }

  head(headers: Readonly<Record<string, string | number>>, status = "200 OK"): Buffer {
    const all = Object.entries({ "Content-Type": "application/soap+xml;charset=UTF-8", ...headers });
    return Buffer.from(
      `HTTP/1.1 ${status}\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
      "latin1",
    );
  }

  /** An envelope that belongs to the request, with whatever in it. */
  envelope(body: string): string {
    const { s, wsa, wsman, rsp } = namespaces;
    const declared = `xmlns:s="${s}" xmlns:wsa="${wsa}" xmlns:wsman="${wsman}" xmlns:rsp="${rsp}"`;
    const relatesTo = this.found(/MessageID[^>]*>([^<]*)</);
    return `<s:Envelope ${declared}><s:Header><wsa:RelatesTo>${relatesTo}</wsa:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`;
  }

  /** Output of the command. */
  output(data: Uint8Array): string {
    const text = Buffer.from(data).toString("base64");
    const stream =
      data.length === 0 ? "" : `<rsp:Stream Name="stdout" CommandId="${this.pipelineId}">${text}</rsp:Stream>`;
    return this.envelope(`<rsp:ReceiveResponse>${stream}</rsp:ReceiveResponse>`);
  }
}

export interface Behaviour {
  readonly at: Moment;
  readonly act: (asked: Asked) => void;
}

/** WS-Management inside TLS with a good certificate, and no good will once its moment has come. */
export class HostileWsman {
  behaviour: Behaviour = { at: "opening", act: () => {} };
  private readonly sockets = new Set<Socket>();
  private readonly service = new ShellService(
    { name: "LOCALHOST", fqdn: "localhost" },
    (_user, _query, listener) => new Greeter(listener),
  );
  private readonly endpoint = new WsmanEndpoint(
    { accept: () => undefined },
    this.service,
    "localhost",
    async () => true,
  );
  private constructor(private readonly server: Server) {}

  static async open({ certificate, key }: Certificate): Promise<HostileWsman> {
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
    const hostile = new HostileWsman(server);
    server.on("request", (request, response) => hostile.serve(request, response));
    server.on("secureConnection", (socket: Socket) => {
      hostile.sockets.add(socket);
      socket.on("error", () => {}).on("close", () => hostile.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return hostile;
  }

  get url(): string {
    return `https://localhost:${(this.server.address() as AddressInfo).port}/PowerShell/`;
  }

  close(): void {
    this.service.clear();
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const asked = new Asked(body.toString("utf8"), request.socket);
    if (momentOf(asked) === this.behaviour.at) return this.behaviour.act(asked);
    const { headers, socket, url } = request;
    this.endpoint.listener(Object.assign(Readable.from([body]), { headers, socket, url }) as IncomingMessage, response);
  }
}

function momentOf({ xml, pipelineId }: Asked): Moment | undefined {
  if (xml.includes("transfer/Create<")) return "opening";
  if (xml.includes("shell/Command<")) return "command";
  return xml.includes("shell/Receive<") && pipelineId !== "" ? "output" : undefined;
}
