import type { SecurityContext } from "../../kerberos";
import { malformed } from "./soap";

/** How bodies over plain HTTP are sealed (MS-WSMV 2.2.9.1): a part that describes, and one that is sealed. */
const protocols = {
  Negotiate: "application/HTTP-SPNEGO-session-encrypted",
  Kerberos: "application/HTTP-Kerberos-session-encrypted",
} as const;
export type Scheme = keyof typeof protocols;

const boundary = "Encrypted Boundary";
const octets = "application/octet-stream";

/** The value of Content-Type for a sealed body. */
export function sealedType(scheme: Scheme): string {
  return `multipart/encrypted;protocol="${protocols[scheme]}";boundary="${boundary}"`;
}

export function sealBody(text: string, context: Pick<SecurityContext, "seal">, scheme: Scheme): Buffer {
  const plain = Buffer.from(text, "utf8");
  const { token, data } = context.seal(plain);
  plain.fill(0);
  const tokenLength = Buffer.alloc(4);
  tokenLength.writeUInt32LE(token.length);
  const original = `OriginalContent: type=application/soap+xml;charset=UTF-8;Length=${data.length}`;
  return Buffer.concat([
    Buffer.from(`--${boundary}\r\n\tContent-Type: ${protocols[scheme]}\r\n\t${original}\r\n`),
    Buffer.from(`--${boundary}\r\n\tContent-Type: ${octets}\r\n`),
    tokenLength,
    token,
    data,
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

/**
 * Opens a sealed answer. The sealed part ends where its length says, not where something looks like a boundary.
 * Exchange writes "-- Encrypted Boundary", with a space; both are read.
 *
 * @throws ProviderError `protocol` for a body that is cut or not of this form; `kerberos` for one that was changed or replayed
 */
export function openBody(body: Buffer, context: Pick<SecurityContext, "open">): string {
  const plain: Buffer[] = [];
  let rest = body;
  // A large answer may come as several pairs of parts, each sealed for itself.
  while (!isEnd(rest)) {
    const described = takePart(rest, "Content-Type: application/http-");
    const length = Number(/;\s*Length=(\d{1,9})\s*(;|$)/im.exec(described.header)?.[1] ?? Number.NaN);
    const sealed = takePart(described.rest, `Content-Type: ${octets}`);
    if (!Number.isSafeInteger(length) || sealed.rest.length < 4) throw malformed("its parts are incomplete");
    const tokenLength = sealed.rest.readUInt32LE(0);
    const end = 4 + tokenLength + length;
    // AES seals without padding: the sealed data is as long as what it hides.
    if (end > sealed.rest.length) throw malformed("its sealed part is cut off");
    const opened = context.open(sealed.rest.subarray(4, end));
    if (opened.length !== length) throw malformed("its sealed part is not as long as it says");
    plain.push(opened);
    rest = sealed.rest.subarray(end);
  }
  if (plain.length === 0) throw malformed("it has no sealed part");
  // All at once: a part may end within a letter.
  return Buffer.concat(plain).toString("utf8");
}

const maxHeader = 2048;

/** The header lines of the next part, after its boundary, and all that follows them. */
function takePart(body: Buffer, firstLine: string): { header: string; rest: Buffer } {
  const window = body.subarray(0, maxHeader).toString("latin1");
  // The last header line has no empty line behind it: octets follow at once.
  const found = /^(?:\r\n)?--\s?Encrypted Boundary\r\n((?:[\t ]*[A-Za-z-]+:[^\r\n]*\r\n)+)/.exec(window);
  const header = found?.[1] ?? "";
  if (found === null || !header.trimStart().toLowerCase().startsWith(firstLine.toLowerCase())) {
    throw malformed("it is not sealed as WS-Management seals");
  }
  return { header, rest: body.subarray(found[0].length) };
}

function isEnd(rest: Buffer): boolean {
  return (
    rest.length === 0 || /^(?:\r\n)?--\s?Encrypted Boundary--(?:\r\n)?$/.test(rest.subarray(0, 64).toString("latin1"))
  );
}
