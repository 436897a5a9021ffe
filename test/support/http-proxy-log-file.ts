import { closeSync, openSync, writeSync } from "node:fs";

/** The heading of 15.1.2375 up to where lines of that build end. */
export const columns =
  "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,ServerLocatorHost,ServerLocatorLatency,RequestBytes,ResponseBytes,TargetOutstandingRequests,AuthModulePerfContext,HttpPipelineLatency,CalculateTargetBackEndLatency,GlsLatencyBreakup,TotalGlsLatency,AccountForestLatencyBreakup,TotalAccountForestLatency,ResourceForestLatencyBreakup,TotalResourceForestLatency,ADLatency,SharedCacheLatencyBreakup,TotalSharedCacheLatency,ActivityContextLifeTime,ModuleToHandlerSwitchingLatency,ClientReqStreamLatency,BackendReqInitLatency,BackendReqStreamLatency,BackendProcessingLatency,BackendRespInitLatency,BackendRespStreamLatency,ClientRespStreamLatency,KerberosAuthHeaderLatency,HandlerCompletionLatency,RequestHandlerLatency,HandlerToModuleSwitchingLatency,ProxyTime,CoreLatency,RoutingLatency,HttpProxyOverhead,TotalRequestTime,RouteRefresherLatency,UrlQuery,BackEndGenericInfo,GenericInfo,GenericErrors,EdgeTraceId,DatabaseGuid,UserADObjectGuid,PartitionEndpointLookupLatency,RoutingStatus";

export const heading = `#Software: Microsoft Exchange Server\r\n#Version: 15.01.2375.007\r\n#Log-type: HttpProxy Logs\r\n#Date: 2026-11-24T08:00:00.000Z\r\n#Fields: ${columns}\r\n`;

export interface Request {
  readonly time: string;
  readonly protocol: string;
  readonly scheme: string;
  readonly user: string;
  readonly server: string;
  readonly authenticated?: string;
}

/** A line as a 15.1 server writes it, of about 950 bytes, with its end. */
export function requestLine({ time, protocol, scheme, user, server, authenticated = "true" }: Request): string {
  const id = "e19d08f4-e04c-42da-a6be-b7484b396db0";
  const steps = `BeginRequest=${time};CorrelationID=${id};ProxyState-Run=None;ServerLocatorCall=DM:${id}~~corp.tailspintoys.com;ProxyState-Complete=CalculateBackEnd;SharedCacheGuard=0;EndRequest=${time};I32:ADS.C[dc1]=1;F:ADS.AL[dc1]=1.8471;I32:ADR.C[dc1]=2;F:ADR.AL[dc1]=1.5;`;
  const front = `${time},${id},15,1,2375,7,{0D3F9C1B-7C0C-4F7B-8E5B-6F2B8D7C1A22},${protocol},mail.corp.tailspintoys.com,/${protocol.toLowerCase()}/,,${scheme},${authenticated},${user},corp.tailspintoys.com,MailboxGuid~ad44b1e0-e44f-4a16-9396-3a437f594f88,Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro),192.168.1.77,${server},200,200,,POST,Proxy,${server.toLowerCase()}.corp.tailspintoys.com,15.01.2375.000,IntraForest,MailboxGuidWithDomain`;
  return `${front},,,,76,462,1,,1,1,,0,,0,,0,0,,0,16272.3359,0,0,3,0,23,0,25,0,,0,16280,1,16274,16230,0,16233,16234,,?MailboxId=${id}@corp.tailspintoys.com,,${steps},,,${id},${id},,\r\n`;
}

const protocols = ["Mapi", "RpcHttp", "Ews", "Oab", "Autodiscover"];
const schemes = ["Negotiate", "Negotiate", "Negotiate", "NTLM", "Basic", "Bearer", ""];

/**
 * Writes a log of at least so many bytes: one block of some thousand lines, again and again.
 * @returns the number of lines.
 */
export function writeLog(path: string, bytes: number, blockLines = 4096): number {
  const lines: string[] = [];
  for (let index = 0; index < blockLines; index++) {
    const second = String(Math.floor((index * 3600) / blockLines) % 60).padStart(2, "0");
    const minute = String(Math.floor((index * 60) / blockLines)).padStart(2, "0");
    const scheme = schemes[(index * 7919) % schemes.length] ?? "";
    lines.push(
      requestLine({
        time: `2026-11-24T08:${minute}:${second}.${String(index % 1000).padStart(3, "0")}Z`,
        protocol: protocols[(index * 104_729) % protocols.length] ?? "",
        scheme,
        user: scheme === "" ? "" : `TAILSPIN\\user${(index * 31) % 2999}`,
        server: `CAS-${1 + ((index * 13) % 4)}`,
        authenticated: scheme === "" ? "false" : "true",
      }),
    );
  }
  const block = Buffer.from(lines.join(""));
  const file = openSync(path, "w");
  try {
    let written = writeSync(file, heading);
    let count = 0;
    for (; written < bytes; count += blockLines) written += writeSync(file, block);
    return count;
  } finally {
    closeSync(file);
  }
}
