import { createHash } from "node:crypto";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout that this lab belongs to. */
export const checkoutFolder = resolve(__dirname, "..");

/** Named after the checkout, so that two checkouts on one machine have a lab each. */
export const namespaceName = `ek-${createHash("sha256").update(checkoutFolder).digest("hex").slice(0, 8)}`;

/** Samba puts sockets deep below this folder, and a socket's path may have 107 characters: a long checkout path moves it. */
const longestRoot = 60;

/** Everything of this lab on disk, but for the namespace's resolver file. */
export const labFolder =
  checkoutFolder.length > longestRoot ? join(tmpdir(), namespaceName) : join(checkoutFolder, ".lab");

/** What is built once a machine and serves every checkout. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pulumi-exchange-kerberos");
}
