import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { promisify } from "node:util";
import { ProviderError } from "../../error";
import type { SecretCipher } from "./secret-cipher";
import { SecureString } from "./secure-string";

/** CryptoAPI's PUBLICKEYSTRUC and RSAPUBKEY for RSA 2048 with exponent 65537 (MS-PSRP 2.2.2.3). */
const publicKeyHeader = Buffer.from("06020000 00a40000 52534131 00080000 01000100".replaceAll(" ", ""), "hex");
/** CryptoAPI's SIMPLEBLOB header of an AES-256 key sealed with RSA (MS-PSRP 2.2.2.4). */
const sessionKeyHeader = Buffer.from("01020000 10660000 00a40000".replaceAll(" ", ""), "hex");
const rsaSize = 256;
const aesSize = 32;

/** The key that seals a pool's secure strings: AES-256-CBC, IV zero, PKCS#7, UTF-16LE (MS-PSRP 2.2.5.1.24). */
export class SessionKey implements SecretCipher {
  readonly #key: Uint8Array;

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** The server's part: a new key, and its form for the client whose PUBLIC_KEY text this is. */
  static create(publicKey: string): { key: SessionKey; encryptedSessionKey: string } {
    const blob = Buffer.from(publicKey, "base64");
    if (
      blob.length !== publicKeyHeader.length + rsaSize ||
      !blob.subarray(0, publicKeyHeader.length).equals(publicKeyHeader)
    ) {
      throw new ProviderError("protocol", "The PowerShell client's public key is not RSA 2048.");
    }
    const modulus = Buffer.from(blob.subarray(publicKeyHeader.length)).reverse().toString("base64url");
    const rsa = createPublicKey({ key: { kty: "RSA", n: modulus, e: "AQAB" }, format: "jwk" });
    const key = randomBytes(aesSize);
    let sealed: Buffer;
    try {
      sealed = publicEncrypt({ key: rsa, padding: constants.RSA_PKCS1_PADDING }, key).reverse();
    } catch (cause) {
      throw new ProviderError("protocol", "The PowerShell client's public key cannot be used.", { cause });
    }
    return {
      key: new SessionKey(key),
      encryptedSessionKey: Buffer.concat([sessionKeyHeader, sealed]).toString("base64"),
    };
  }

  /** The client's part: what the server sealed for `pair`. */
  static open(pair: SessionKeyPair, encryptedSessionKey: string): SessionKey {
    const blob = Buffer.from(encryptedSessionKey, "base64");
    if (
      blob.length !== sessionKeyHeader.length + rsaSize ||
      !blob.subarray(0, sessionKeyHeader.length).equals(sessionKeyHeader)
    ) {
      throw new ProviderError("protocol", "The PowerShell server's session key has a strange form.");
    }
    return new SessionKey(pair.open(Buffer.from(blob.subarray(sessionKeyHeader.length)).reverse()));
  }

  encrypt(secret: SecureString): Uint8Array {
    const cipher = createCipheriv("aes-256-cbc", this.#key, Buffer.alloc(16));
    return Buffer.concat([cipher.update(secret.utf16()), cipher.final()]);
  }

  decrypt(sealed: Uint8Array): SecureString {
    try {
      const decipher = createDecipheriv("aes-256-cbc", this.#key, Buffer.alloc(16));
      const first = decipher.update(sealed);
      const last = decipher.final();
      const text = Buffer.concat([first, last]);
      first.fill(0);
      last.fill(0);
      if (text.length % 2 === 0) return SecureString.fromUtf16(text);
    } catch {
      // The cause would only say how the padding is wrong.
    }
    throw new ProviderError(
      "protocol",
      "The PowerShell peer sent a secure string that this session's key does not open.",
    );
  }

  wipe(): void {
    this.#key.fill(0);
  }
}

/** The client's RSA pair, for one session key. */
export class SessionKeyPair {
  readonly #privateKey: KeyObject;
  /** The text of PUBLIC_KEY. */
  readonly publicKey: string;

  private constructor(privateKey: KeyObject, publicKey: KeyObject) {
    this.#privateKey = privateKey;
    const { n = "" } = publicKey.export({ format: "jwk" });
    const modulus = Buffer.from(n, "base64url").reverse();
    this.publicKey = Buffer.concat([publicKeyHeader, modulus]).toString("base64");
  }

  /** A new pair; takes about 0.2 s on another thread. */
  static async generate(): Promise<SessionKeyPair> {
    const pair = await promisify(generateKeyPair)("rsa", { modulusLength: rsaSize * 8, publicExponent: 0x10001 });
    return new SessionKeyPair(pair.privateKey, pair.publicKey);
  }

  /** Node refuses PKCS#1 v1.5 here (CVE-2023-46809), so its padding 00 02 … 00 is read by hand. The pair opens one key only: no oracle. */
  open(sealed: Uint8Array): Uint8Array {
    const strange = (cause?: unknown) =>
      new ProviderError("protocol", "The PowerShell server's session key was not made for this client.", { cause });
    let block: Buffer;
    try {
      block = privateDecrypt({ key: this.#privateKey, padding: constants.RSA_NO_PADDING }, sealed);
    } catch (cause) {
      // It is a number above the pair's modulus.
      throw strange(cause);
    }
    const end = block.length - aesSize;
    if (block[0] !== 0 || block[1] !== 2 || block.indexOf(0, 2) !== end - 1) throw strange();
    const key = Uint8Array.from(block.subarray(end));
    block.fill(0);
    return key;
  }
}
