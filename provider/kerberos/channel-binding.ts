import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { elements } from "./der";

/** Signatures' object identifiers as DER: RSA and ECDSA with a hash (RFC 5758, RFC 8017), and the bare hashes of PSS. */
const hashes: Readonly<Record<string, string>> = {
  "2a864886f70d01010e": "sha224",
  "2a864886f70d01010b": "sha256",
  "2a864886f70d01010c": "sha384",
  "2a864886f70d01010d": "sha512",
  "2a8648ce3d040301": "sha224",
  "2a8648ce3d040302": "sha256",
  "2a8648ce3d040303": "sha384",
  "2a8648ce3d040304": "sha512",
  "608648016503040204": "sha224",
  "608648016503040201": "sha256",
  "608648016503040202": "sha384",
  "608648016503040203": "sha512",
};
const rsaPss = "2a864886f70d01010a";
/** Ed25519 and Ed448 sign without a hash of their own choosing. */
const withoutHash = ["2b6570", "2b6571"];

/**
 * The hash that a certificate's `tls-server-end-point` is made with: its signature's, but SHA-256 in place of MD5 and SHA-1
 * (RFC 5929, section 4.1). `undefined` where the signature has none, for which the RFC defines no binding.
 * @param certificate DER
 */
export function endPointHash(certificate: Buffer): string | undefined {
  const [outer] = elements(certificate);
  const [, algorithm] = elements(outer?.content ?? Buffer.alloc(0));
  const [identifier, parameters] = elements(algorithm?.content ?? Buffer.alloc(0));
  const name = identifier?.content.toString("hex") ?? "";
  if (withoutHash.includes(name)) return undefined;
  if (name !== rsaPss) return hashes[name] ?? "sha256";
  // RSASSA-PSS-params: the hash is the first, [0], and SHA-1 where it is left out (RFC 8017, appendix A.2.3).
  const [first] = elements(parameters?.content ?? Buffer.alloc(0));
  if (first?.tag !== 0xa0) return "sha256";
  const [hash] = elements(elements(first.content)[0]?.content ?? Buffer.alloc(0));
  return hashes[hash?.content.toString("hex") ?? ""] ?? "sha256";
}

/**
 * What ties a security context to the TLS connection it runs in, so that nobody in between can pass it on (RFC 5929, Windows'
 * Extended Protection). `undefined` without TLS.
 */
export function channelBinding(socket: Socket): Buffer | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { raw } = socket.getPeerCertificate();
  const hash = endPointHash(raw);
  if (hash === undefined) return undefined;
  return Buffer.concat([Buffer.from("tls-server-end-point:"), createHash(hash).update(raw).digest()]);
}
