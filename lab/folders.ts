import { createHash } from "node:crypto";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout that this lab belongs to. */
export const checkoutFolder = resolve(__dirname, "..");

export const articleDomain = "corp.tailspintoys.com";

/** The domain of Exchange: the article's, or that of somebody else's forest, which is then a lab beside the first. */
export const labDomain = process.env.LAB_DOMAIN ?? articleDomain;

/** Another lab of the same kind, beside the first of this checkout: a whole test run has two. */
export const labCopy = process.env.LAB_COPY ?? "";
const ownName = [labDomain === articleDomain ? "" : labDomain, labCopy]
  .filter((part) => part !== "")
  .map((part) => `-${part}`)
  .join("");

/** Named after the checkout, so that two checkouts on one machine have a lab each. */
export const namespaceName = `ek-${createHash("sha256")
  .update(checkoutFolder + ownName)
  .digest("hex")
  .slice(0, 8)}`;

const besideCheckout = join(checkoutFolder, `.lab${ownName}`);

/** Samba puts sockets deep below this folder, and a socket's path may have 107 characters: a long checkout path moves it. */
const longestFolder = 65;

/** Everything of this lab on disk, but for the namespace's resolver file. */
export const labFolder = besideCheckout.length > longestFolder ? join(tmpdir(), namespaceName) : besideCheckout;

/** What is built once a machine and serves every checkout. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pulumi-exchange-kerberos");
}
