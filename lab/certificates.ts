import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "./command";
import { labFolder } from "./folders";

const folder = join(labFolder, "certificates");

/** The lab's certificate authority: what a user would give as `caFile`. */
export const authorityFile = join(folder, "authority.pem");
const authorityKey = join(folder, "authority.key");

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

let authority: Promise<void> | undefined;

/** Once, however many ask at the same time: two forests do, and a second authority would leave one of them with a certificate of the first. */
function provideAuthority(): Promise<void> {
  authority ??= existsSync(authorityFile) ? Promise.resolve() : makeAuthority();
  return authority;
}

async function makeAuthority(): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const subject = ["-subj", "/O=Lab/CN=Lab certificate authority", "-days", "30"];
  const extensions = [
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
  ];
  const output = ["-keyout", authorityKey, "-out", authorityFile];
  await mustRun("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, ...extensions, ...output]);
}

/** A server certificate of the lab's authority for these DNS names, made once a name. */
export async function provideCertificate(
  name: string,
  dnsNames: readonly string[],
  days = 30,
  digest = "sha256",
): Promise<Certificate> {
  await provideAuthority();
  const key = join(folder, `${name}.key`);
  const certificate = join(folder, `${name}.pem`);
  if (existsSync(certificate)) return { certificate, key };
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(
    extensions,
    `subjectAltName=${dnsNames.map((dnsName) => `DNS:${dnsName}`).join(",")}\nextendedKeyUsage=serverAuth\n`,
  );
  const subject = `/O=Lab/CN=${dnsNames[0]}`;
  await mustRun("openssl", ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", subject]);
  // A number of its own: the file in which openssl keeps the next one is read while another writes it.
  const serial = `0x${randomBytes(8).toString("hex")}`;
  const signer = ["-CA", authorityFile, "-CAkey", authorityKey, "-set_serial", serial];
  await mustRun("openssl", [
    "x509",
    "-req",
    `-${digest}`,
    "-in",
    request,
    ...signer,
    "-days",
    `${days}`,
    "-extfile",
    extensions,
    "-out",
    certificate,
  ]);
  return { certificate, key };
}
