import { createHash, X509Certificate } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Server as NetServer, Socket } from "node:net";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { refusalToken } from "../kerberos/error-token";
import { ServerKeys } from "../kerberos/server-keys";
import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";
import type { Endpoint } from "../server-host";
import { RestrictedShell } from "../shell/restricted-shell";
import { RunspacePool } from "../shell/runspace-pool";
import type { ShellRegistry } from "../shell/shell-registry";
import { WsmanEndpoint } from "../wsman/endpoint";
import { ShellService } from "../wsman/shell-service";
import { authenticate, offered, protocolOf, requiresBinding } from "./authentication";
import { HttpProxyLog } from "./http-proxy-log";

export interface FrontEndOptions {
  readonly organization: Organization;
  readonly server: ExchangeServer;
  readonly address: string;
  /** Where the server keeps its state and its logs. */
  readonly folder: string;
  readonly certificate: { readonly key: Buffer; readonly cert: Buffer };
  readonly registry: ShellRegistry;
}

/** The web site of one server, on ports 80 and 443: what clients of Exchange talk to. */
export class FrontEnd implements Endpoint {
  private readonly keys: ServerKeys;
  private readonly shells: ShellService;
  private readonly powerShell: WsmanEndpoint;
  private readonly log: HttpProxyLog;
  /** RFC 5929, section 4, for certificates of the lab, which SHA-256 signs. */
  private readonly channel: Buffer;
  private listeners: NetServer[] = [];
  private readonly sockets = new Set<Socket>();

  constructor(private readonly options: FrontEndOptions) {
    const { organization, server, folder, registry } = options;
    this.keys = new ServerKeys(organization, server, folder);
    this.shells = new ShellService({ name: server.state.name, fqdn: server.fqdn }, (user, query, listener) => {
      const shell = new RestrictedShell(organization, registry, { entry: server, user, query });
      const depth = shell.session.fullSerialization ? "full" : "plain";
      const pool = new RunspacePool(shell, depth, listener.send, listener.finished);
      shell.onExpired(listener.expired);
      return pool;
    });
    this.powerShell = new WsmanEndpoint(this.keys, this.shells, server.fqdn);
    const { raw } = new X509Certificate(options.certificate.cert);
    this.channel = Buffer.concat([Buffer.from("tls-server-end-point:"), createHash("sha256").update(raw).digest()]);
    this.log = new HttpProxyLog(join(folder, "Logging", "HttpProxy"), server.state.name, server.state.product);
  }

  async start(): Promise<void> {
    const answer: RequestListener = (request, response) => {
      this.answer(request, response).catch((thrown) => {
        console.error(`${this.options.server.fqdn}: ${request.method} ${request.url} failed:`, thrown);
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
    };
    // Who has proved something on a connection keeps it: an idle one must not end after Node's usual five seconds.
    const keepAliveTimeout = 180_000;
    const servers: [NetServer, number][] = [
      [createServer({ keepAliveTimeout }, answer), 80],
      [createTlsServer({ ...this.options.certificate, keepAliveTimeout }, answer), 443],
    ];
    await this.keys.settled();
    for (const [listener, port] of servers) {
      listener.on("connection", (socket: Socket) => {
        this.sockets.add(socket);
        socket.on("close", () => this.sockets.delete(socket));
      });
      await new Promise<void>((resolve, reject) => {
        listener.once("error", reject);
        listener.listen(port, this.options.address, resolve);
      });
      this.listeners.push(listener);
    }
  }

  /** Ends at once, with whatever is under way, as a machine does that loses its power. */
  async stop(): Promise<void> {
    const closed = this.listeners.map((listener) => new Promise((resolve) => listener.close(resolve)));
    this.listeners = [];
    this.shells.clear();
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(closed);
  }

  settled(): Promise<void> {
    return this.keys.settled();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://host").pathname;
    const { clockOffset } = this.options.server;
    if (clockOffset !== 0) response.setHeader("Date", new Date(Date.now() + clockOffset).toUTCString());
    if (/^\/powershell(\/|$)/i.test(path)) {
      this.powerShell.listener(request, response);
      return;
    }
    request.resume();
    const protocol = protocolOf(path);
    if (protocol === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { server, organization } = this.options;
    // What a load balancer asks: no one has to prove anything for it.
    if (path.toLowerCase().endsWith("/healthcheck.htm")) {
      response.writeHead(200, { "Content-Type": "text/html" }).end(`200 OK<br/>${server.fqdn}`);
      return;
    }
    const started = performance.now();
    const schemes = offered(protocol, server.effective);
    const found = await authenticate(request, {
      schemes,
      organization,
      keys: this.keys,
      channel: request.socket instanceof TLSSocket ? this.channel : undefined,
      requiresBinding: requiresBinding(protocol, server.effective),
    });
    const client = found === "unbound" ? undefined : found;
    const status = client === undefined ? 401 : 200;
    response.setHeader("X-FEServer", server.state.name);
    response.setHeader("X-CalculatedBETarget", server.fqdn);
    // What a ticket that no key opens is answered with: the reason, as Windows gives it.
    const refused = found !== "unbound" && /^negotiate \S/i.test(request.headers.authorization ?? "");
    const refusal = refused
      ? refusalToken(organization.state.domain.toUpperCase(), server.fqdn).toString("base64")
      : "";
    const challenges =
      client === undefined
        ? schemes.map((scheme) => (scheme === "Negotiate" ? `Negotiate ${refusal}`.trim() : challenge(scheme)))
        : [client.challenge ?? []].flat();
    if (challenges.length > 0) response.setHeader("WWW-Authenticate", challenges);
    response.writeHead(status, { "Content-Type": "text/plain" });
    response.end(client === undefined ? "" : `${client.user} on ${server.fqdn}\n`);
    this.log.write({
      protocol,
      host: (request.headers.host ?? "").replace(/:\d+$/, ""),
      path,
      method: request.method ?? "",
      userAgent: request.headers["user-agent"] ?? "",
      clientAddress: request.socket.remoteAddress ?? "",
      status,
      authenticationType: client?.scheme ?? "",
      user: client?.user ?? "",
      milliseconds: Math.round(performance.now() - started),
    });
  }
}

function challenge(scheme: string): string {
  if (scheme === "Basic") return 'Basic realm="Exchange"';
  if (scheme === "Bearer") return 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers=""';
  return scheme;
}
