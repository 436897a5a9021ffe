import type { AcceptedClient } from "../kerberos/acceptor";

/** How WS-Management seals bodies over plain HTTP (MS-WSMV 2.2.9.1): one part that describes, one that is sealed. */
export type MessageProtocol =
  | "application/HTTP-SPNEGO-session-encrypted"
  | "application/HTTP-Kerberos-session-encrypted";

const boundary = "Encrypted Boundary";
const octets = "Content-Type: application/octet-stream\r\n";
/** A Kerberos token's own header, and the confounder behind it (RFC 4121 4.2.6.2). */
const tokenHeader = 16;
const confounder = 16;

export function contentTypeOf(protocol: MessageProtocol): string {
  return `multipart/encrypted;protocol="${protocol}";boundary="${boundary}"`;
}

/** The text of a sealed body; undefined when it is damaged or was not sealed for this context. */
export function openBody(body: Buffer, client: AcceptedClient): string | undefined {
  const start = body.indexOf(octets);
  const end = body.lastIndexOf("--");
  const closing = body.lastIndexOf("--", end - 1);
  if (start < 0 || closing < start) return undefined;
  const part = body.subarray(start + octets.length, closing);
  if (part.length < 4) return undefined;
  const length = Number(/;Length=(\d+)/i.exec(body.subarray(0, start).toString("latin1"))?.[1]);
  // Header and data are one token that was cut in two.
  const message = client.unwrap(part.subarray(4));
  return message?.length === length ? message.toString("utf8") : undefined;
}

export function sealBody(text: string, client: AcceptedClient, protocol: MessageProtocol): Buffer {
  const plain = Buffer.from(text, "utf8");
  const { header, data } = split(client.wrap(plain), plain.length);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const described = `OriginalContent: type=application/soap+xml;charset=UTF-8;Length=${plain.length}`;
  return Buffer.concat([
    // Windows indents the parts' headers with a tab, and clients look for it.
    Buffer.from(`--${boundary}\r\n\tContent-Type: ${protocol}\r\n\t${described}\r\n--${boundary}\r\n\t${octets}`),
    length,
    header,
    data,
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

/**
 * Windows wants the token before the data. MIT leaves its trailer at the end, so the body is rotated (RFC 4121 4.2.5):
 * the rotation count stands in the header and is not covered by the checksum.
 */
function split(token: Buffer, plainLength: number): { header: Buffer; data: Buffer } {
  const trailer = token.length - plainLength - tokenHeader - confounder;
  const head = Buffer.from(token.subarray(0, tokenHeader));
  head.writeUInt16BE(trailer, 6);
  const body = token.subarray(tokenHeader);
  const rotated = Buffer.concat([head, body.subarray(body.length - trailer), body.subarray(0, body.length - trailer)]);
  const cut = tokenHeader + confounder + trailer;
  return { header: rotated.subarray(0, cut), data: rotated.subarray(cut) };
}
