import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { logVersion, type Product } from "../model/product";

/** Columns of a 15.1 server, in order. Readers go by the names. */
const fields =
  "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,ServerLocatorHost,ServerLocatorLatency,RequestBytes,ResponseBytes,TargetOutstandingRequests,AuthModulePerfContext,HttpPipelineLatency,CalculateTargetBackEndLatency,GlsLatencyBreakup,TotalGlsLatency,AccountForestLatencyBreakup,TotalAccountForestLatency,ResourceForestLatencyBreakup,TotalResourceForestLatency,ADLatency,SharedCacheLatencyBreakup,TotalSharedCacheLatency,ActivityContextLifeTime,ModuleToHandlerSwitchingLatency,ClientReqStreamLatency,BackendReqInitLatency,BackendReqStreamLatency,BackendProcessingLatency,BackendRespInitLatency,BackendRespStreamLatency,ClientRespStreamLatency,KerberosAuthHeaderLatency,HandlerCompletionLatency,RequestHandlerLatency,HandlerToModuleSwitchingLatency,ProxyTime,CoreLatency,RoutingLatency,HttpProxyOverhead,TotalRequestTime,RouteRefresherLatency,UrlQuery,BackEndGenericInfo,GenericInfo,GenericErrors,EdgeTraceId,DatabaseGuid,UserADObjectGuid,PartitionEndpointLookupLatency,RoutingStatus".split(
    ",",
  );

/** Folder of each protocol's logs, which is also its name in the column `Protocol`. */
export type LogProtocol = "Mapi" | "RpcHttp" | "Ews" | "Oab" | "Autodiscover";

export interface LoggedRequest {
  readonly protocol: LogProtocol;
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly userAgent: string;
  readonly clientAddress: string;
  readonly status: number;
  /** Empty while nobody has proved anything. */
  readonly authenticationType: string;
  /** `DOMAIN\name`, empty without authentication. */
  readonly user: string;
  readonly milliseconds: number;
}

/** The HttpProxy logs of one server: a file for each protocol and hour, in UTC. */
export class HttpProxyLog {
  /** @param folder `Logging/HttpProxy` of the server. */
  constructor(
    private readonly folder: string,
    private readonly server: string,
    private readonly product: Product,
  ) {}

  write(request: LoggedRequest, now: Date = new Date()): void {
    const folder = join(this.folder, request.protocol);
    const hour = now.toISOString().replace(/[-T]/g, "").slice(0, 10);
    const path = join(folder, `HttpProxy_${hour}-1.LOG`);
    let text = `${this.line(request, now)}\r\n`;
    if (!existsSync(path)) {
      mkdirSync(folder, { recursive: true });
      text = `${this.heading(now)}${text}`;
    }
    appendFileSync(path, text);
  }

  private heading(now: Date): string {
    const lines = [
      "#Software: Microsoft Exchange Server",
      `#Version: ${logVersion(this.product)}`,
      "#Log-type: HttpProxy Logs",
      `#Date: ${now.toISOString()}`,
      `#Fields: ${fields.join(",")}`,
    ];
    // Some readers are fed the file as it is and mark its beginning with a byte order mark.
    return `\uFEFF${lines.join("\r\n")}\r\n`;
  }

  private line(request: LoggedRequest, now: Date): string {
    const [major = "", minor = "", build = "", revision = ""] = logVersion(this.product).split(".").map(unpadded);
    const authenticated = request.user !== "";
    const values: Record<string, string | number> = {
      DateTime: now.toISOString(),
      RequestId: randomUUID(),
      MajorVersion: major,
      MinorVersion: minor,
      BuildVersion: build,
      RevisionVersion: revision,
      Protocol: request.protocol,
      UrlHost: request.host,
      UrlStem: request.path,
      AuthenticationType: request.authenticationType,
      // 2013 writes the word with a capital letter.
      IsAuthenticated: this.product === "2013" ? (authenticated ? "True" : "False") : String(authenticated),
      AuthenticatedUser: request.user,
      UserAgent: request.userAgent,
      ClientIpAddress: request.clientAddress,
      ServerHostName: this.server,
      HttpStatus: request.status,
      ...(authenticated ? { BackEndStatus: request.status } : {}),
      Method: request.method,
      ProxyAction: authenticated ? "Proxy" : "",
      TargetServer: authenticated ? this.server : "",
      TargetServerVersion: authenticated ? logVersion(this.product) : "",
      TotalRequestTime: request.milliseconds,
    };
    return fields.map((field) => quoted(String(values[field] ?? ""))).join(",");
  }
}

function unpadded(number: string): string {
  return String(Number(number));
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
