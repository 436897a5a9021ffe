import { randomUUID } from "node:crypto";
import { ShellRefused } from "../shell/shell-registry";
import { envelope, escapeXml, namespaces, powerShellNamespace, WsmanFault, type WsmanRequest } from "./envelope";
import { type PoolEnd, type PoolListener, RemoteShell } from "./remote-shell";

const resourceUri = "http://schemas.microsoft.com/powershell/Microsoft.Exchange";
const shellAction = namespaces.rsp;

/** Numbers that clients go by (MS-WSMV 2.2.4.43, ERROR_WSMAN_…). */
const faultCodes = { accessDenied: 5, timedOut: 2150858793, noSuchShell: 2150858843, badResource: 2150858811 };

/** Seconds after which a shell that nobody asks for anything ends, where its client did not say. */
const idleTimeout = 900;

interface OpenShell {
  readonly user: string;
  readonly shell: RemoteShell;
  readonly idle: NodeJS.Timeout;
}

/** Opens what a new shell of this user runs on; the query is the URL's. @throws ShellRefused */
export type OpenPool = (user: string, query: string, listener: PoolListener) => PoolEnd;

/** The shells of one server's endpoint, by what WS-Management asks of them. */
export class ShellService {
  private readonly shells = new Map<string, OpenShell>();

  constructor(
    private readonly server: { readonly name: string; readonly fqdn: string },
    private readonly openPool: OpenPool,
  ) {}

  /** The answer to a request. @throws WsmanFault */
  async answer(request: WsmanRequest, user: string, query: string): Promise<string> {
    if (!request.resourceUri.toLowerCase().startsWith(resourceUri.toLowerCase())) {
      const message = `The WS-Management service cannot process the request. The resource URI (${request.resourceUri}) was not found in the WS-Management catalog.`;
      throw new WsmanFault(faultCodes.badResource, message, "a:DestinationUnreachable");
    }
    switch (request.action) {
      case `${namespaces.x}/Create`:
        return this.create(request, user, query);
      case `${namespaces.x}/Delete`:
        return this.delete(request, user);
      case `${shellAction}/Command`:
        return this.command(request, this.find(request, user));
      case `${shellAction}/Send`:
        return this.send(request, this.find(request, user));
      case `${shellAction}/Receive`:
        return this.receive(request, this.find(request, user));
      case `${shellAction}/Signal`:
        return this.signal(request, this.find(request, user));
      default:
        throw new WsmanFault(2150858752, `The action ${request.action} is not supported.`, "a:ActionNotSupported");
    }
  }

  /** All shells end with the server. */
  clear(): void {
    for (const id of [...this.shells.keys()]) this.end(id);
  }

  private end(id: string): void {
    const open = this.shells.get(id);
    if (open === undefined) return;
    clearTimeout(open.idle);
    this.shells.delete(id);
    open.shell.close();
  }

  private create({ action, messageId, body }: WsmanRequest, user: string, query: string): string {
    const asked = body.find(namespaces.rsp, "Shell");
    const id = (asked?.attributes.get("ShellId") ?? randomUUID()).toLowerCase();
    let shell: RemoteShell;
    try {
      shell = new RemoteShell((listener) => this.openPool(user, query, listener));
    } catch (thrown) {
      if (thrown instanceof ShellRefused)
        throw new WsmanFault(faultCodes.accessDenied, thrown.message, "w:AccessDenied");
      throw thrown;
    }
    const text = asked?.find(namespaces.rsp, "IdleTimeOut")?.text ?? "";
    const seconds = Number(/^PT([\d.]+)S$/.exec(text)?.[1] ?? idleTimeout);
    const idle = setTimeout(() => this.end(id), seconds * 1000).unref();
    this.shells.set(id, { user, shell, idle });
    const creation = body.find(powerShellNamespace, "creationXml")?.text ?? "";
    shell.send(Buffer.from(creation, "base64"), undefined);
    const selector = `<w:SelectorSet><w:Selector Name="ShellId">${id.toUpperCase()}</w:Selector></w:SelectorSet>`;
    const address = `<a:Address>http://${this.server.fqdn}/PowerShell/</a:Address>`;
    const parameters = `<a:ReferenceParameters><w:ResourceURI>${resourceUri}</w:ResourceURI>${selector}</a:ReferenceParameters>`;
    const description = [
      `<rsp:ShellId>${id.toUpperCase()}</rsp:ShellId><rsp:ResourceUri>${resourceUri}</rsp:ResourceUri>`,
      `<rsp:Owner>${escapeXml(user)}</rsp:Owner><rsp:InputStreams>stdin pr</rsp:InputStreams>`,
      `<rsp:OutputStreams>stdout</rsp:OutputStreams><rsp:IdleTimeOut>PT${seconds.toFixed(3)}S</rsp:IdleTimeOut>`,
    ].join("");
    const created = `<x:ResourceCreated>${address}${parameters}</x:ResourceCreated>`;
    return envelope(`${action}Response`, messageId, `${created}<rsp:Shell>${description}</rsp:Shell>`);
  }

  private delete({ action, messageId, shellId = "" }: WsmanRequest, user: string): string {
    if (this.shells.get(shellId)?.user === user) this.end(shellId);
    return envelope(`${action}Response`, messageId, "");
  }

  private command({ action, messageId, body }: WsmanRequest, shell: RemoteShell): string {
    const line = body.find(namespaces.rsp, "CommandLine");
    const id = (line?.attributes.get("CommandId") ?? randomUUID()).toLowerCase();
    const first = line?.find(namespaces.rsp, "Arguments")?.text ?? "";
    shell.send(Buffer.from(first, "base64"), id);
    const answer = `<rsp:CommandResponse><rsp:CommandId>${id.toUpperCase()}</rsp:CommandId></rsp:CommandResponse>`;
    return envelope(`${action}Response`, messageId, answer);
  }

  private send({ action, messageId, body }: WsmanRequest, shell: RemoteShell): string {
    for (const stream of body.findAll(namespaces.rsp, "Stream")) {
      shell.send(Buffer.from(stream.text, "base64"), stream.attributes.get("CommandId")?.toLowerCase());
    }
    return envelope(`${action}Response`, messageId, "<rsp:SendResponse/>");
  }

  private async receive(request: WsmanRequest, shell: RemoteShell): Promise<string> {
    const { action, messageId, body, operationTimeout } = request;
    const wanted = body.find(namespaces.rsp, "DesiredStream")?.attributes.get("CommandId");
    if (wanted !== undefined && !shell.hasPipeline(wanted.toLowerCase())) throw this.notFound(request);
    const received = await shell.receive(wanted?.toLowerCase(), operationTimeout);
    if (shell.expired && received === undefined) throw this.notFound(request);
    if (received === undefined) {
      const message =
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.";
      throw new WsmanFault(faultCodes.timedOut, message, "w:TimedOut");
    }
    const of = wanted === undefined ? "" : ` CommandId="${wanted}"`;
    const streams = received.pieces.map(
      (piece) => `<rsp:Stream Name="stdout"${of}>${Buffer.from(piece).toString("base64")}</rsp:Stream>`,
    );
    const state = `${shellAction}/CommandState/${received.done ? "Done" : "Running"}`;
    if (wanted !== undefined) streams.push(`<rsp:CommandState${of} State="${state}"/>`);
    const answer = `<rsp:ReceiveResponse>${streams.join("")}</rsp:ReceiveResponse>`;
    return envelope(`${action}Response`, messageId, answer);
  }

  private signal({ action, messageId, body }: WsmanRequest, shell: RemoteShell): string {
    const signal = body.find(namespaces.rsp, "Signal");
    const id = signal?.attributes.get("CommandId")?.toLowerCase() ?? "";
    const code = signal?.find(namespaces.rsp, "Code")?.text.trim() ?? "";
    if (code.endsWith("/signal/terminate")) shell.closePipeline(id);
    else shell.stop(id);
    return envelope(`${action}Response`, messageId, "<rsp:SignalResponse/>");
  }

  /** A shell belongs to who opened it, and is gone once it has expired. */
  private find(request: WsmanRequest, user: string): RemoteShell {
    const open = this.shells.get(request.shellId ?? "");
    if (open === undefined || open.user !== user) throw this.notFound(request);
    if (open.shell.expired) {
      this.end(request.shellId ?? "");
      throw this.notFound(request);
    }
    open.idle.refresh();
    return open.shell;
  }

  private notFound({ shellId }: WsmanRequest): WsmanFault {
    const { name } = this.server;
    const head = `[ClientAccessServer=${name},BackEndServer=${this.server.fqdn},RequestId=${randomUUID()},TimeStamp=${new Date().toISOString()}]`;
    const message = `${head} [FailureCategory=WSMan-InvalidShellID] The request for the Windows Remote Shell with ShellId ${shellId?.toUpperCase()} failed because the shell was not found on the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server.`;
    return new WsmanFault(faultCodes.noSuchShell, message, "w:InvalidSelectors");
  }
}
