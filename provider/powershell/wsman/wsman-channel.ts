import { randomUUID } from "node:crypto";
import { ProviderError } from "../../error";
import type { Channel, ChannelEvents } from "../channel";
import type { OutgoingData } from "../psrp";
import { beforeAnyEffect, Connection, type ConnectionOptions } from "./connection";
import { type Fault, faultCodes, faultError, readFault } from "./fault";
import { Logon } from "./logon";
import { doneState, envelope, type ShellAddress, type ShellRequest, signals } from "./request";
import { escapeXml, malformed, readSoap, type SoapElement } from "./soap";

export interface WsmanChannelOptions extends ConnectionOptions {
  /** The URL as typed. */
  readonly to: string;
  readonly resourceUri: string;
  /** Seconds that the server may hold a Receive. */
  readonly operationTimeout: number;
}

/**
 * Milliseconds for which a connection that nobody uses is good. IIS closes it after two minutes by default, and a request that
 * is on its way at that moment is lost, nobody knows how far.
 */
const longestIdle = 60_000;

/**
 * After how long without a request the server ends the shell by itself: what a crash leaves behind counts against the account's
 * 18. The Exchange Management Shell asks for as much; a shell in use is asked for its output at least each half a minute.
 */
const idleTimeOut = "PT180.000S";

/** A runspace pool as a remote shell of WS-Management (MS-WSMV, and MS-PSRP 3.1.5.3): output is fetched, for the pool and for each pipeline. */
export class WsmanChannel implements Channel {
  readonly maxPieceSize = 32_768;
  readonly #options: WsmanChannelOptions;
  readonly #host: string;
  readonly #sessionId = randomUUID().toUpperCase();
  /** Connections that nobody uses at the moment, with when they last were used, and all that there are. */
  readonly #idle: { readonly connection: Connection; readonly since: number }[] = [];
  readonly #connections = new Set<Connection>();
  /** Pipelines whose output is being fetched. */
  readonly #fetching = new Set<string>();
  #shellId: string | undefined;
  #events: ChannelEvents | undefined;
  /** Nothing more is fetched; a Delete may still go out. */
  #over = false;
  #destroyed = false;
  /** Why it is over, where it was not closed: for requests that were just about to go out. */
  #lost: ProviderError | undefined;

  constructor(options: WsmanChannelOptions) {
    this.#options = options;
    this.#host = options.url.hostname;
  }

  async open(poolId: string, pieces: readonly OutgoingData[], events: ChannelEvents): Promise<void> {
    this.#events = events;
    const idle = `<rsp:IdleTimeOut>${idleTimeOut}</rsp:IdleTimeOut>`;
    const streams = "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>";
    const data = Buffer.concat(pieces.map((piece) => piece.data)).toString("base64");
    const creation = `<creationXml xmlns="http://schemas.microsoft.com/powershell">${data}</creationXml>`;
    const body = `<rsp:Shell ShellId="${poolId.toUpperCase()}" Name="pulumi-exchange-kerberos">${idle}${streams}${creation}</rsp:Shell>`;
    const answer = await this.#request(
      { action: "create", body, options: { protocolversion: "2.3" } },
      "open a session",
    ).catch((error) => {
      throw beforeAnyEffect(error);
    });
    const selector = [...answer.descendants("wsman", "Selector")].find(
      (one) => one.attributes.get("Name") === "ShellId",
    );
    const shellId = (answer.find("rsp", "ShellId") ?? selector)?.content.trim();
    if (shellId === undefined || shellId === "") throw this.#named(malformed("it names no shell"));
    this.#shellId = shellId;
    void this.#fetch(null);
  }

  async send({ pipelineId, stream, data }: OutgoingData): Promise<void> {
    const name = stream === "promptResponse" ? "pr" : "stdin";
    const body = `<rsp:Send><rsp:Stream Name="${name}"${commandId(pipelineId)}>${Buffer.from(data).toString("base64")}</rsp:Stream></rsp:Send>`;
    await this.#request({ action: "send", body }, "send data").catch((error) => {
      // What goes to the pool is no command.
      throw pipelineId === null ? beforeAnyEffect(error) : error;
    });
  }

  async openPipeline(pipelineId: string, pieces: readonly OutgoingData[]): Promise<void> {
    const [first, ...others] = pieces;
    if (first === undefined) throw new ProviderError("protocol", "A pipeline has no data.");
    const id = pipelineId.toUpperCase();
    const data = Buffer.from(first.data).toString("base64");
    const body = `<rsp:CommandLine CommandId="${id}"><rsp:Command/><rsp:Arguments>${data}</rsp:Arguments></rsp:CommandLine>`;
    const options = { WINRS_SKIP_CMD_SHELL: "FALSE" };
    const answer = await this.#request({ action: "command", body, options }, "run a command");
    const named = answer.find("rsp", "CommandId")?.content.trim();
    if (named !== undefined && named.toUpperCase() !== id) throw this.#named(malformed("it names another command"));
    for (const piece of others) await this.send(piece);
    this.#fetching.add(pipelineId);
    void this.#fetch(pipelineId);
  }

  async stopPipeline(pipelineId: string): Promise<void> {
    await this.#signal(pipelineId, signals.stop);
  }

  async closePipeline(pipelineId: string): Promise<void> {
    this.#fetching.delete(pipelineId);
    await this.#signal(pipelineId, signals.terminate);
  }

  async close(): Promise<void> {
    this.#over = true;
    try {
      // A shell that the server has ended by itself is closed as well.
      await this.#request({ action: "delete", body: "" }, "close the session", [faultCodes.notFound]);
    } finally {
      this.destroy();
    }
  }

  destroy(): void {
    this.#over = true;
    this.#destroyed = true;
    for (const connection of this.#connections) connection.destroy();
    this.#connections.clear();
    if (this.#options.logon instanceof Logon) this.#options.logon.close();
    this.#idle.length = 0;
  }

  async #signal(pipelineId: string, code: string): Promise<void> {
    const body = `<rsp:Signal${commandId(pipelineId)}><rsp:Code>${code}</rsp:Code></rsp:Signal>`;
    // What is gone by itself meanwhile needs no signal.
    await this.#request({ action: "signal", body }, "end a command", [faultCodes.notFound]);
  }

  /** Fetches the pool's output (`null`) for as long as there is a pool, a pipeline's until it has said its last word. */
  async #fetch(pipelineId: string | null): Promise<void> {
    const wanted = () => !this.#over && (pipelineId === null || this.#fetching.has(pipelineId));
    const body = `<rsp:Receive><rsp:DesiredStream${commandId(pipelineId)}>stdout</rsp:DesiredStream></rsp:Receive>`;
    const options = { WSMAN_CMDSHELL_OPTION_KEEPALIVE: "TRUE" };
    try {
      let done = false;
      while (!done && wanted()) {
        // Only this fault may be answered by asking again: whatever else broke may have taken output with it.
        const answer = await this.#request({ action: "receive", body, options }, "fetch output", [faultCodes.timedOut]);
        if (!wanted()) return;
        for (const stream of answer.descendants("rsp", "Stream")) {
          const data = Buffer.from(stream.content, "base64");
          if (data.length > 0) this.#events?.data(data, pipelineId);
        }
        done = answer.find("rsp", "CommandState")?.attributes.get("State") === doneState;
      }
    } catch (error) {
      if (!wanted()) return;
      this.#over = true;
      // Whether a command was running is for the session to say.
      this.#lost = beforeAnyEffect(error);
      this.#events?.lost(this.#lost);
    }
  }

  /**
   * One request and its answer, on a connection of its own for that time.
   * @param tolerated faults that are an answer too
   */
  async #request(request: ShellRequest, what: string, tolerated: readonly number[] = []): Promise<SoapElement> {
    const { to: url, resourceUri, operationTimeout } = this.#options;
    const address: ShellAddress = {
      url,
      resourceUri,
      operationTimeout,
      sessionId: this.#sessionId,
      shellId: this.#shellId,
    };
    const { xml, messageId } = envelope(address, request);
    const connection = await this.#connection();
    // A server may be late by itself, and the network adds to that.
    const text = await connection.post(xml, (operationTimeout + 30) * 1000);
    const answer = this.#read(connection, text, messageId);
    this.#idle.push({ connection, since: Date.now() });
    const fault = readFault(answer);
    if (fault !== undefined && !tolerated.includes(fault.number)) throw this.#refused(fault, request, what);
    return answer;
  }

  #read(connection: Connection, text: string, messageId: string): SoapElement {
    try {
      const answer = readSoap(text);
      const relatesTo = answer.find("wsa", "RelatesTo")?.content.trim();
      if (relatesTo?.toUpperCase() !== messageId.toUpperCase()) throw malformed("it belongs to another request");
      return answer;
    } catch (error) {
      connection.destroy();
      throw new ProviderError("unclear-outcome", this.#named(error).message, { cause: error });
    }
  }

  /** What is wrong with an answer, and whose it was. */
  #named(thrown: unknown): ProviderError {
    const { code, message } = ProviderError.from(thrown);
    return new ProviderError(code, `${this.#host}: ${message}`, { cause: thrown });
  }

  #refused(fault: Fault, { action }: ShellRequest, what: string): ProviderError {
    const error = faultError(fault, what, this.#host);
    // The server gave up waiting for itself: the command may be running, whichever piece of it was the last.
    if ((action !== "command" && action !== "send") || fault.number !== faultCodes.timedOut) return error;
    return new ProviderError("unclear-outcome", error.message, { cause: error });
  }

  #closed(): ProviderError {
    return this.#lost ?? new ProviderError("protocol", `The session with ${this.#host} is closed.`);
  }

  async #connection(): Promise<Connection> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) break;
      const { connection, since } = idle;
      if (connection.alive && Date.now() - since < longestIdle) return connection;
      connection.destroy();
      this.#connections.delete(connection);
    }
    if (this.#destroyed) throw this.#closed();
    const connection = await Connection.open(this.#options);
    this.#connections.add(connection);
    if (!this.#destroyed) return connection;
    // Whoever destroyed the channel meanwhile did not know of this one.
    this.destroy();
    throw this.#closed();
  }
}

function commandId(pipelineId: string | null): string {
  return pipelineId === null ? "" : ` CommandId="${escapeXml(pipelineId.toUpperCase())}"`;
}
