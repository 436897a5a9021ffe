import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labFolder } from "./folders";

const folder = join(labFolder, "passwords");

/** A file with nothing but the account's password, as `ldapsearch -y` and `kinit` want it. The account is `user@domain`. */
export function passwordFile(account: string): string {
  return join(folder, account);
}

/** A random one for each account, made anew with each lab. It begins with a letter: a hyphen would be an option to samba-tool. */
export function makePasswords(accounts: readonly string[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const account of accounts) {
    writeFileSync(passwordFile(account), `Aa1.${randomBytes(18).toString("base64url")}`, { mode: 0o600 });
  }
}

export function password(account: string): string {
  return readFileSync(passwordFile(account), "utf8");
}
