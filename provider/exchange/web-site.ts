import http from "node:http";
import type { Socket } from "node:net";
import { trustedAuthorities } from "../authorities";
import { ProviderError } from "../error";
import { connectSocket } from "../powershell/wsman/socket";
import type { Settings } from "../settings";

/** One request to the web site of a server, without cookies, redirections or a body. */
export interface WebRequest {
  /** The server's own full name: that is where the connection goes, past any load balancer. */
  readonly server: string;
  readonly protocol: "http" | "https";
  /** The name that the client asks for, as in its URL; certificate and ticket are for this one. Default: `server`. */
  readonly hostName?: string | undefined;
  readonly path: string;
  /** Makes the value of the header `Authorization` for the connection, to which the logon can be bound. */
  readonly authorize?: ((connection: Socket) => Promise<string>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WebAnswer {
  readonly status: number;
  /** Each `WWW-Authenticate` of its own. */
  readonly challenges: readonly string[];
  /** The server's clock, in whole seconds. */
  readonly date: string | undefined;
}

const milliseconds = 15_000;

/**
 * @throws ProviderError `port-closed`, `timeout`, `name-not-resolved` where there is no answer, `wrong-server` for a certificate
 * that will not do, `protocol` where TLS fails otherwise; all name server and port.
 */
export async function askWebSite(request: WebRequest, settings: Settings): Promise<WebAnswer> {
  const { server, protocol, hostName = server, path, authorize } = request;
  const connection = await connectSocket({
    url: new URL(`${protocol}://${server}/`),
    certificateName: hostName,
    ca: protocol === "https" ? await trustedAuthorities(settings) : undefined,
    connectDeadline: milliseconds,
  });
  try {
    const authorization = await authorize?.(connection);
    const signals = [AbortSignal.timeout(milliseconds), ...(request.signal === undefined ? [] : [request.signal])];
    return await answerOn(connection, {
      host: server,
      path,
      signal: AbortSignal.any(signals),
      headers: { Host: hostName, ...(authorization === undefined ? {} : { Authorization: authorization }) },
    });
  } finally {
    connection.destroy();
  }
}

function answerOn(connection: Socket, options: http.RequestOptions): Promise<WebAnswer> {
  return new Promise((resolve, reject) => {
    const sent = http.get({ ...options, createConnection: () => connection }, (response) => {
      // Nobody reads what follows; it may have no end.
      response.destroy();
      resolve({
        status: response.statusCode ?? 0,
        challenges: response.headersDistinct["www-authenticate"] ?? [],
        date: response.headers.date,
      });
    });
    const silent = (why: string, cause?: Error) => {
      const where = `${options.host}, port ${connection.remotePort}`;
      const hint = "Look at IIS on the server.";
      reject(new ProviderError("port-closed", `The web site of ${where} does not answer: ${why}.`, { hint, cause }));
    };
    sent.on("error", (cause) => silent(cause.message, cause));
    // Behind an answer or an error it says nothing new; without either, as after HTTP 101, nothing else comes.
    sent.on("close", () => silent("it has ended the connection"));
  });
}

/** Milliseconds that a server's clock is ahead of ours, by the header `Date` that IIS puts on every answer. */
export async function readWebClock(server: string, settings: Settings, signal?: AbortSignal): Promise<number> {
  const { date } = await askWebSite({ server, protocol: settings.exchangeProtocol, path: "/", signal }, settings);
  const shown = Date.parse(date ?? "");
  if (Number.isNaN(shown)) throw new ProviderError("not-exchange", `The web site of ${server} does not show its time.`);
  return shown - Date.now();
}
