import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Server, Socket } from "node:net";
import { join } from "node:path";
import { provideCertificate } from "../../../lab/certificates";
import { corp } from "../../../lab/domain-controller";
import { KerberosAcceptor } from "../../../lab/exchange/kerberos/acceptor";
import { exchangeFolder } from "../../../lab/exchange/up";
import { type BasicLogOn, WsmanEndpoint } from "../../../lab/exchange/wsman/endpoint";
import { type OpenPool, ShellService } from "../../../lab/exchange/wsman/shell-service";
import { addresses } from "../../../lab/network-namespace";

/** What happens to a request instead, or to its answer. */
export interface Meddling {
  /** Answers by itself: true where it did. */
  readonly instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Another answer for the one that was to go out. */
  readonly change?: (answer: Buffer, response: ServerResponse, request: IncomingMessage) => Buffer;
}

/** The lab's WS-Management endpoint on ports of its own beside `cas-1`, with that server's key, before whatever pool is given. */
export class Gateway {
  readonly host = `cas-1.${corp.dnsName}`;
  meddling: Meddling = {};
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly service: ShellService,
    private readonly acceptor: KerberosAcceptor,
  ) {}

  static async open(openPool: OpenPool, basicLogOn?: BasicLogOn): Promise<Gateway> {
    const fqdn = `cas-1.${corp.dnsName}`;
    const acceptor = new KerberosAcceptor(join(exchangeFolder, "servers", "cas-1", "machine.keytab"));
    const gateway = new Gateway(new ShellService({ name: "CAS-1", fqdn }, openPool), acceptor);
    const endpoint = new WsmanEndpoint(acceptor, gateway.service, fqdn, basicLogOn);
    const answer: RequestListener = (request, response) => {
      if (gateway.meddling.instead?.(request, response) === true) return;
      const { change } = gateway.meddling;
      if (change !== undefined) meddle(request, response, change);
      endpoint.listener(request, response);
    };
    const { certificate, key } = await provideCertificate("exchange", [`*.${corp.dnsName}`]);
    const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
    for (const server of [createServer(answer), createTlsServer(tls, answer)]) {
      server.on("connection", (socket: Socket) => {
        gateway.sockets.add(socket);
        socket.on("close", () => gateway.sockets.delete(socket));
      });
      await new Promise<void>((resolve) => server.listen(0, addresses.exchangeServer(1), resolve));
      gateway.servers.push(server);
    }
    return gateway;
  }

  get port(): number {
    return portOf(this.servers[0]);
  }

  get securePort(): number {
    return portOf(this.servers[1]);
  }

  get url(): string {
    return `http://${this.host}:${this.port}/PowerShell/`;
  }

  get secureUrl(): string {
    return `https://${this.host}:${this.securePort}/PowerShell/`;
  }

  /** Drops every connection as it stands. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = this.servers.map((server) => new Promise((resolve) => server.close(resolve)));
    this.service.clear();
    this.drop();
    await Promise.all(closed);
    this.acceptor.close();
  }
}

function meddle(request: IncomingMessage, response: ServerResponse, change: NonNullable<Meddling["change"]>): void {
  const end = response.end.bind(response) as (body?: Buffer) => ServerResponse;
  const writeHead = response.writeHead.bind(response) as (status: number, headers?: object) => ServerResponse;
  let head: [number, Record<string, unknown>] = [200, {}];
  response.writeHead = ((status: number, headers: Record<string, unknown> = {}) => {
    head = [status, headers];
    return response;
  }) as typeof response.writeHead;
  response.end = ((body?: Buffer | string) => {
    const before = body === undefined ? Buffer.alloc(0) : Buffer.from(body as string);
    const changed = before.length === 0 ? before : change(before, response, request);
    if (response.destroyed) return response;
    const [status, headers] = head;
    writeHead(status, { ...headers, ...(changed.length === 0 ? {} : { "Content-Length": changed.length }) });
    return end(changed);
  }) as typeof response.end;
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  if (address === null || typeof address !== "object") throw new Error("The gateway does not listen.");
  return address.port;
}
