import { ProviderError } from "../../error";
import type { PowerShellSession } from "../pipeline";
import { RunspacePoolSession, type SessionOptions } from "../runspace-pool-session";
import type { WsmanIdentity } from "./connection";
import { CookieJar } from "./cookie-jar";
import { Logon } from "./logon";
import { WsmanChannel } from "./wsman-channel";

export type { WsmanIdentity } from "./connection";

/** Milliseconds until connected, and again until logged on. */
const connectDeadline = 20_000;

export interface WsmanOptions {
  /** The endpoint: `http://cas-1.corp.tailspintoys.com/PowerShell/`. Over `http:` bodies are sealed by Kerberos, over `https:` by TLS. */
  readonly url: string;
  readonly identity: WsmanIdentity;
  /** The session configuration. Default: `http://schemas.microsoft.com/powershell/Microsoft.PowerShell`. */
  readonly resourceUri?: string | undefined;
  /** The realm of the server's principal `HTTP/host`. Default: the one of krb5.conf. */
  readonly realm?: string | undefined;
  /** Certificate authorities to trust, PEM. Default: those of Node. */
  readonly ca?: string | undefined;
  /** Seconds that the server may hold a request for output before it says "nothing yet". Default 20. */
  readonly operationTimeout?: number | undefined;
}

/**
 * A PowerShell session over WS-Management (MS-WSMV, MS-PSRP).
 * @throws ProviderError `name-not-resolved`, `port-closed`, `wrong-server` (certificate, redirect, no proof), `kerberos`, `password-refused`, `access-denied`, `quota`, `not-exchange`, `timeout`, `protocol`, `settings-invalid`
 */
export async function openWsmanSession(options: WsmanOptions & SessionOptions): Promise<PowerShellSession> {
  const url = endpoint(options.url);
  if (options.identity.kind === "basic" && url.protocol !== "https:") {
    throw new ProviderError("settings-invalid", `A password would go to ${url.hostname} in clear.`, {
      hint: "Use https, or Kerberos.",
    });
  }
  const channel = new WsmanChannel({
    url,
    to: options.url,
    logon: options.identity.kind === "basic" ? options.identity : new Logon(options.identity),
    service: `HTTP/${url.hostname}${options.realm === undefined ? "" : `@${options.realm}`}`,
    resourceUri: options.resourceUri ?? "http://schemas.microsoft.com/powershell/Microsoft.PowerShell",
    operationTimeout: options.operationTimeout ?? 20,
    connectDeadline,
    ca: options.ca,
    cookies: new CookieJar(),
  });
  return RunspacePoolSession.open(url.hostname, channel, options);
}

/** Without its `http:` a name with a port would be an address of its own kind, on this host and in clear. */
function endpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  const shown = text.replace(/\/\/.*@/s, "//");
  throw new ProviderError("settings-invalid", `"${shown}" is no address of a PowerShell endpoint.`, {
    hint: "Write it in full: http://SERVER.DOMAIN/PowerShell/, or with https.",
  });
}
