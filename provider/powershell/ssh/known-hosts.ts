import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What known_hosts says of a host's key. */
export type Verdict = "known" | "changed" | "revoked" | "unknown";

interface Entry {
  readonly revoked: boolean;
  readonly patterns: string;
  readonly type: string;
  readonly key: string;
}

/** OpenSSH's known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): plain and hashed names, ports, wildcards, negation, `@revoked`. */
export class KnownHosts {
  readonly #entries: readonly Entry[];

  /** @param text one file, or several joined by line ends. Lines that are none are passed over, as OpenSSH does. */
  constructor(text: string) {
    this.#entries = text.split(/\r?\n/).flatMap(entry);
  }

  /** Key types that are on record for the host: to be asked of the server first, as the others cannot be checked. */
  keyTypes(host: string, port: number): string[] {
    const known = this.#of(host, port).filter((it) => !it.revoked);
    return [...new Set(known.map((it) => it.type))];
  }

  /** @param key the key's blob, as the server sends it */
  verdict(host: string, port: number, key: Uint8Array): Verdict {
    const blob = Buffer.from(key).toString("base64");
    // A revoked key is revoked under every name that the file has for it.
    const entries = this.#of(host, port);
    if (entries.some((it) => it.revoked && it.key === blob)) return "revoked";
    const known = entries.filter((it) => !it.revoked);
    if (known.some((it) => it.key === blob)) return "known";
    return known.length > 0 ? "changed" : "unknown";
  }

  #of(host: string, port: number): Entry[] {
    const plain = host.toLowerCase();
    const name = port === 22 ? plain : `[${plain}]:${port}`;
    return this.#entries.filter((it) => matches(it.patterns, name));
  }
}

/** As `ssh-keygen -l` shows a key: `SHA256:` and base64 without padding. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

function entry(line: string): Entry[] {
  const words = line.trim().split(/[ \t]+/);
  const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
  const [patterns, type, key] = words;
  if (patterns === undefined || patterns.startsWith("#") || type === undefined || key === undefined) return [];
  // A certificate authority's key is not the host's; host certificates are not among what is spoken here.
  if (marker !== undefined && marker !== "@revoked") return [];
  return [{ revoked: marker === "@revoked", patterns, type, key }];
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith("|1|")) return matchesHash(patterns, name);
  let matched = false;
  for (const pattern of patterns.toLowerCase().split(",")) {
    const negated = pattern.startsWith("!");
    if (!wildcard(negated ? pattern.slice(1) : pattern).test(name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function wildcard(pattern: string): RegExp {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

/** `|1|salt|HMAC-SHA1 of the name`, one name each. */
function matchesHash(pattern: string, name: string): boolean {
  const [, , salt, hash] = pattern.split("|");
  const expected = Buffer.from(hash ?? "", "base64");
  const actual = createHmac("sha1", Buffer.from(salt ?? "", "base64"))
    .update(name)
    .digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
