import { spawn } from "node:child_process";
import { rename, rm } from "node:fs/promises";

/** What the keys of an entry are made from. */
export interface KeySource {
  readonly principal: string;
  readonly password: string;
  /** Salt of the AES keys; RC4 has none. */
  readonly salt: string;
}

const encryptionTypes = ["aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96", "arcfour-hmac"];

/**
 * Writes a keytab with the keys of every source, each source under a version number of its own.
 * The passwords go to `ktutil` through its standard input.
 */
export async function writeKeytab(path: string, sources: readonly KeySource[]): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  const lines = sources.flatMap(({ principal, password, salt }, index) =>
    encryptionTypes.map(
      (type) => `addent -password -p "${principal}" -k ${index + 1} -e ${type} -s "${salt}"\n${password}`,
    ),
  );
  await ktutil([...lines, `wkt ${fresh}`, "quit", ""].join("\n"));
  await rename(fresh, path);
}

function ktutil(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("ktutil", { stdio: ["pipe", "ignore", "ignore"] });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`ktutil ended with ${code}.`))));
    child.stdin.on("error", () => {});
    child.stdin.end(script);
  });
}
