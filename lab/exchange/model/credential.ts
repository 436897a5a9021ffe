import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** One alternate service account credential as a server keeps it. */
export interface StoredCredential {
  readonly domain: string;
  readonly userName: string;
  readonly password: string;
  readonly whenAddedUtc: Date;
  /** False for an entry that cannot be read back. It says nothing about the password. */
  readonly isValid: boolean;
}

export function qualifiedUserName(credential: { domain: string; userName: string }): string {
  return `${credential.domain}\\${credential.userName}`;
}

/** The form the cmdlet insists on: one backslash, a name behind it. A UPN or a slash does not pass. */
const qualifiedName = /^([^\\/@]*)\\([^\\/@]+)$/;

export function splitQualifiedName(name: string): { domain: string; userName: string } | undefined {
  const parts = qualifiedName.exec(name);
  return parts === null ? undefined : { domain: parts[1] ?? "", userName: parts[2] ?? "" };
}

const stored = z.array(
  z.object({
    domain: z.string(),
    userName: z.string(),
    password: z.string(),
    whenAddedUtc: z.coerce.date(),
    isValid: z.boolean(),
  }),
);

/**
 * The credentials of one server, newest first: its own state, which nothing replicates.
 * On disk they are encrypted with a key that only this server has, as the real ones are for the LocalSystem of their machine.
 */
export class CredentialStore {
  private entries: StoredCredential[];

  /** @param folder Where the server keeps its state; left out, the store lives in memory only. */
  constructor(private readonly folder?: string) {
    this.entries = folder === undefined ? [] : load(folder);
  }

  get all(): readonly StoredCredential[] {
    return this.entries;
  }

  replace(entries: readonly StoredCredential[]): void {
    this.entries = [...entries];
    if (this.folder !== undefined) save(this.folder, this.entries);
  }

  /**
   * Adds credentials; the first of the list ends up newest. Nothing is compared with what is there, so the same credential
   * twice is two entries. Stamps are 10 ms apart so that they differ.
   */
  add(credentials: readonly { domain: string; userName: string; password: string }[], now: Date = new Date()): void {
    let next = this.entries;
    for (const credential of [...credentials].reverse()) {
      const whenAddedUtc = new Date(now.getTime() + 10 * next.length);
      next = [{ ...credential, whenAddedUtc, isValid: true }, ...next];
    }
    this.replace(next);
  }
}

function machineKey(folder: string): Buffer {
  const path = join(folder, "machine.key");
  if (!existsSync(path)) writeFileSync(path, randomBytes(32), { mode: 0o600 });
  return readFileSync(path);
}

function load(folder: string): StoredCredential[] {
  const path = join(folder, "credentials.bin");
  if (!existsSync(path)) return [];
  const blob = readFileSync(path);
  const decipher = createDecipheriv("aes-256-gcm", machineKey(folder), blob.subarray(0, 12));
  decipher.setAuthTag(blob.subarray(12, 28));
  const text = Buffer.concat([decipher.update(blob.subarray(28)), decipher.final()]).toString("utf8");
  return stored.parse(JSON.parse(text));
}

function save(folder: string, entries: readonly StoredCredential[]): void {
  const path = join(folder, "credentials.bin");
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", machineKey(folder), iv);
  const body = Buffer.concat([cipher.update(JSON.stringify(entries), "utf8"), cipher.final()]);
  // A rename, so that a process killed while it writes leaves the old state and not half of the new one.
  writeFileSync(`${path}.new`, Buffer.concat([iv, cipher.getAuthTag(), body]), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
