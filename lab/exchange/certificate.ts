import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One certificate for all servers and all names that clients use, as behind a load balancer; it is its own authority. */
export function certificate(folder: string, domain: string): { key: Buffer; cert: Buffer; caFile: string } {
  const keyPath = join(folder, "key.pem");
  const caFile = join(folder, "ca.pem");
  if (!existsSync(caFile)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const names = `subjectAltName=DNS:*.${domain},DNS:${domain}`;
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyPath];
    const subject = ["-x509", "-subj", `/CN=*.${domain}`, "-addext", names, "-days", "30", "-out", caFile];
    execFileSync("openssl", ["req", ...key, ...subject], { stdio: "ignore" });
  }
  return { key: readFileSync(keyPath), cert: readFileSync(caFile), caFile };
}
