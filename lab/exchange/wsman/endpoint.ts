import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { AcceptedClient } from "../kerberos/acceptor";
import type { ServerKeys } from "../kerberos/server-keys";
import { contentTypeOf, type MessageProtocol, openBody, sealBody } from "./encrypted-message";
import { parseRequest, WsmanFault } from "./envelope";
import type { ShellService } from "./shell-service";

/** A connection whose other side has proved who it is. */
interface Proved {
  readonly client: AcceptedClient;
  readonly protocol: MessageProtocol;
  /** User principal name in small letters. */
  readonly user: string;
}

/** Whether a user has this password, where `Set-PowerShellVirtualDirectory -BasicAuthentication $true` was run. */
export type BasicLogOn = (user: string, password: string) => Promise<boolean>;

const plainType = "application/soap+xml;charset=UTF-8";

/**
 * `/PowerShell` of one server. The security context belongs to the connection; over plain HTTP every body is sealed with it,
 * and inside TLS none has to be.
 */
export class WsmanEndpoint {
  private readonly proved = new WeakMap<Socket, Proved>();

  constructor(
    private readonly keys: Pick<ServerKeys, "accept">,
    private readonly service: ShellService,
    private readonly machine: string,
    private readonly basicLogOn?: BasicLogOn,
  ) {}

  readonly listener: RequestListener = (request, response) => {
    this.answer(request, response).catch((thrown) => {
      console.error(`${this.machine}: a WS-Management request failed:`, thrown);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const secure = request.socket instanceof TLSSocket;
    const byPassword = secure ? await this.byPassword(request) : undefined;
    const challenge = this.authenticate(request);
    const proved = this.proved.get(request.socket);
    const user = byPassword ?? proved?.user;
    if (user === undefined) {
      const basic = secure && this.basicLogOn !== undefined ? ['Basic realm="Exchange"'] : [];
      response.writeHead(401, { "WWW-Authenticate": ["Negotiate", "Kerberos", ...basic] }).end();
      return;
    }
    if (challenge !== undefined) response.setHeader("WWW-Authenticate", challenge);
    if (body.length === 0) {
      response.writeHead(200).end();
      return;
    }
    const sealed = request.headers["content-type"]?.startsWith("multipart/encrypted") ?? false;
    if (!sealed && !secure) {
      response.writeHead(400).end("The body has to be encrypted.");
      return;
    }
    const text = sealed ? proved && openBody(body, proved.client) : body.toString("utf8");
    if (text === undefined) {
      response.writeHead(400).end("The body could not be decrypted.");
      return;
    }
    const { status, xml } = await this.serve(text, user, (request.url ?? "").split("?")[1] ?? "");
    // Whoever has hung up meanwhile took the security context along.
    if (request.socket.destroyed) return;
    const seal = sealed ? proved : undefined;
    const answer = seal === undefined ? Buffer.from(xml, "utf8") : sealBody(xml, seal.client, seal.protocol);
    response.writeHead(status, {
      "Content-Type": seal === undefined ? plainType : contentTypeOf(seal.protocol),
      "Content-Length": answer.length,
    });
    response.end(answer);
  }

  /** Who comes with a user name and password in this very request. */
  private async byPassword({ headers }: IncomingMessage): Promise<string | undefined> {
    const [, pair] = /^Basic +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
    if (pair === undefined) return undefined;
    const [, user = "", password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(pair, "base64").toString("utf8")) ?? [];
    return (await this.basicLogOn?.(user, password)) ? user.toLowerCase() : undefined;
  }

  /** Takes a token, if there is one. @returns the value of `WWW-Authenticate` for the answer */
  private authenticate({ headers, socket }: IncomingMessage): string | undefined {
    const [, scheme = "", token = ""] = /^(Negotiate|Kerberos) +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
    if (token === "") return undefined;
    const before = this.proved.has(socket);
    this.forget(socket);
    const client = this.keys.accept(Buffer.from(token, "base64"));
    if (client === undefined) return undefined;
    const kerberos = scheme.toLowerCase() === "kerberos";
    const protocol = `application/HTTP-${kerberos ? "Kerberos" : "SPNEGO"}-session-encrypted` as const;
    this.proved.set(socket, { client, protocol, user: client.principal.toLowerCase() });
    if (!before) socket.once("close", () => this.forget(socket));
    return client.reply === undefined ? undefined : `${scheme} ${client.reply.toString("base64")}`;
  }

  private forget(socket: Socket): void {
    this.proved.get(socket)?.client.close();
    this.proved.delete(socket);
  }

  private async serve(text: string, user: string, query: string): Promise<{ status: number; xml: string }> {
    let messageId = "";
    try {
      const request = parseRequest(text);
      messageId = request.messageId;
      return { status: 200, xml: await this.service.answer(request, user, query) };
    } catch (thrown) {
      const fault =
        thrown instanceof WsmanFault
          ? thrown
          : new WsmanFault(
              2150858817,
              thrown instanceof Error ? thrown.message : String(thrown),
              "w:SchemaValidationError",
            );
      return { status: 500, xml: fault.toXml(messageId, this.machine) };
    }
  }
}
