import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/**
 * A given password is not kept, but `diff` must see when it changes, and it knows only what state holds. State therefore
 * holds a verifier: scrypt (RFC 7914) with a salt of its own, 32 MB and some 0.1 s for each guess, marked as a secret so
 * that it is encrypted like the input itself. Asking a domain controller by a trial logon instead would count against
 * lockout, and would call every password that a roll has set since a change.
 */
const cost = { N: 2 ** 15, r: 8, p: 1 };
const keyLength = 32;
const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

function key(password: string, salt: Buffer): Promise<Buffer> {
  return derive(password, salt, keyLength, { ...cost, maxmem: 256 * cost.N * cost.r });
}

/** `scrypt$salt$key`, both base64. */
export async function passwordVerifier(password: string): Promise<string> {
  const salt = randomBytes(16);
  return ["scrypt", salt.toString("base64"), (await key(password, salt)).toString("base64")].join("$");
}

export async function verifies(verifier: string | undefined, password: string): Promise<boolean> {
  const [, salt, expected] = /^scrypt\$([^$]+)\$([^$]+)$/.exec(verifier ?? "") ?? [];
  if (salt === undefined || expected === undefined) return false;
  const found = await key(password, Buffer.from(salt, "base64"));
  const wanted = Buffer.from(expected, "base64");
  return wanted.length === found.length && timingSafeEqual(found, wanted);
}
