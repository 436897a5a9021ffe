import { ProviderError } from "../../error";
import { decodeBase64 } from "./base64";

/**
 * One line of PSRP over a pair of byte streams: `pwsh -s`, and SSH's subsystem `powershell`. No document describes the framing;
 * it is what PowerShell's OutOfProcessUtils reads and writes: one XML element per line, LF, UTF-8.
 *
 * What the peer expects: nothing for a pipeline before its `commandAck` (data sent earlier is lost), and every pipeline closed before the pool
 * (else the pool's close is never answered).
 */
export type OutOfProcessPacket =
  | {
      readonly type: "data";
      readonly stream: "default" | "promptResponse";
      /** A pipeline's GUID, or {@link poolGuid}. */
      readonly id: string;
      readonly data: Uint8Array;
    }
  | { readonly type: (typeof signs)[number]; readonly id: string };

const signs = ["dataAck", "command", "commandAck", "signal", "signalAck", "close", "closeAck"] as const;

/** The id that stands for the pool. */
export const poolGuid = "00000000-0000-0000-0000-000000000000";

const elements = new Map<string, (typeof signs)[number]>(
  signs.map((type) => [`${type.charAt(0).toUpperCase()}${type.slice(1)}`, type]),
);
const guid = "([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})";
const dataHead = new RegExp(`^<Data Stream=(['"])(\\w*)\\1 PSGuid=(['"])${guid}\\3>`);
const dataTail = "</Data>";
const signLine = new RegExp(`^<(\\w+) PSGuid=(['"])${guid}\\2\\s*/>$`);

/** One packet as its line, LF included. */
export function encodePacket(packet: OutOfProcessPacket): string {
  if (packet.type === "data") {
    const stream = packet.stream === "default" ? "Default" : "PromptResponse";
    return `<Data Stream='${stream}' PSGuid='${packet.id}'>${Buffer.from(packet.data).toString("base64")}</Data>\n`;
  }
  return `<${packet.type.charAt(0).toUpperCase()}${packet.type.slice(1)} PSGuid='${packet.id}' />\n`;
}

/** Packets out of bytes that are cut anywhere. GUIDs come out in small letters. */
export class OutOfProcessReader {
  readonly #maxLine: number;
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** @param maxLine bytes of one line at most, default 64 MiB */
  constructor(maxLine = 64 * 1024 * 1024) {
    this.#maxLine = maxLine;
  }

  /** @throws ProviderError `protocol`, quoting up to 200 characters, for a line that is no packet */
  receive(bytes: Uint8Array): OutOfProcessPacket[] {
    const packets: OutOfProcessPacket[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      this.#keep(bytes.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(this.#pieces).toString("utf8").trimEnd();
      this.#pieces = [];
      this.#size = 0;
      if (line !== "") packets.push(packet(line));
    }
    this.#keep(bytes.subarray(start));
    return packets;
  }

  /** What stands after the last line: a broken server's last words. */
  get rest(): string {
    return Buffer.concat(this.#pieces).toString("utf8");
  }

  #keep(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#size > this.#maxLine) throw notAPacket(Buffer.concat([...this.#pieces, piece]).toString("utf8", 0, 800));
    if (piece.length > 0) this.#pieces.push(piece);
  }
}

function packet(line: string): OutOfProcessPacket {
  const head = dataHead.exec(line.slice(0, 120));
  if (head !== null) {
    const [start, , stream, , id] = head as unknown as [string, string, string, string, string];
    const data = line.endsWith(dataTail) ? decodeBase64(line.slice(start.length, -dataTail.length)) : undefined;
    if (data === undefined) throw notAPacket(line);
    return {
      type: "data",
      // Windows PowerShell writes an empty stream name for the default one.
      stream: stream === "PromptResponse" ? "promptResponse" : "default",
      id: id.toLowerCase(),
      data,
    };
  }
  const sign = signLine.exec(line.slice(0, 120));
  const type = elements.get(sign?.[1] ?? "");
  if (type === undefined || sign === null || line.length > 120) throw notAPacket(line);
  return { type, id: (sign[3] ?? "").toLowerCase() };
}

function notAPacket(line: string): ProviderError {
  // Controls would act on the reader's terminal.
  const shown = line.slice(0, 200).replace(/\p{Cc}/gu, "?");
  return new ProviderError(
    "protocol",
    `The PowerShell peer wrote something that is not its remoting protocol: "${shown}".`,
    {
      hint: "A profile or a login message that prints, or another program than PowerShell, is the usual reason.",
    },
  );
}
