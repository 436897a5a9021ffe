import http from "node:http";
import https from "node:https";
import { trustedAuthorities } from "../authorities";
import { ProviderError } from "../error";
import type { Settings } from "../settings";

/** One request to the web site of a server, without cookies, redirections or a body. */
export interface WebRequest {
  /** The server's own full name: that is where the connection goes, past any load balancer. */
  readonly server: string;
  readonly protocol: "http" | "https";
  /** The name that the client asks for, as in its URL; certificate and ticket are for this one. Default: `server`. */
  readonly hostName?: string | undefined;
  readonly path: string;
  /** Value of the header `Authorization`. */
  readonly authorization?: string | undefined;
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

/** @throws ProviderError `port-closed`, naming server and port, where there is no answer. */
export async function askWebSite(request: WebRequest, settings: Settings): Promise<WebAnswer> {
  const { server, protocol, hostName = server, path, authorization } = request;
  const tls = protocol === "https";
  const ca = tls ? await trustedAuthorities(settings) : undefined;
  const options: https.RequestOptions = {
    host: server,
    path,
    agent: false,
    signal: AbortSignal.any([
      AbortSignal.timeout(milliseconds),
      ...(request.signal === undefined ? [] : [request.signal]),
    ]),
    headers: { Host: hostName, ...(authorization === undefined ? {} : { Authorization: authorization }) },
    // Said, as NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would take any certificate.
    ...(tls ? { servername: hostName, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) } : {}),
  };
  return new Promise((resolve, reject) => {
    const sent = (tls ? https : http).get(options, (response) => {
      // Nobody reads what follows; it may have no end.
      response.destroy();
      resolve({
        status: response.statusCode ?? 0,
        challenges: response.headersDistinct["www-authenticate"] ?? [],
        date: response.headers.date,
      });
    });
    sent.on("error", (cause) => {
      const port = tls ? 443 : 80;
      reject(
        new ProviderError(
          "port-closed",
          `The web site of ${server} (port ${port}) does not answer: ${cause.message}.`,
          {
            hint: "Look at IIS and at the firewall; for a certificate of your own authority, set caFile.",
            cause,
          },
        ),
      );
    });
  });
}

/** Milliseconds that a server's clock is ahead of ours, by the header `Date` that IIS puts on every answer. */
export async function readWebClock(server: string, settings: Settings, signal?: AbortSignal): Promise<number> {
  const { date } = await askWebSite({ server, protocol: settings.exchangeProtocol, path: "/", signal }, settings);
  const shown = Date.parse(date ?? "");
  if (Number.isNaN(shown)) throw new ProviderError("not-exchange", `The web site of ${server} does not show its time.`);
  return shown - Date.now();
}
