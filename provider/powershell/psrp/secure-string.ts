import { inspect } from "node:util";
import { ProviderError } from "../../error";

/**
 * Text that must not be seen: it prints itself as asterisks wherever something tries (string, JSON, inspect),
 * and its memory can be wiped. MS-PSRP 2.2.5.1.24 carries it encrypted.
 *
 * A JavaScript string cannot be wiped, so {@link SecureString.reveal} leaves a copy that lives until it is collected:
 * call it as late as possible.
 */
export class SecureString {
  #text: Uint8Array | undefined;

  /** @param text the secret; its own string stays with the caller. */
  constructor(text: string) {
    this.#text = Buffer.from(text, "utf16le");
  }

  /** Takes UTF-16LE bytes, and owns them from here on: wiping clears this very memory. */
  static fromUtf16(bytes: Uint8Array): SecureString {
    const secret = new SecureString("");
    secret.#text = bytes;
    return secret;
  }

  /** The secret as a string. @throws ProviderError `protocol` when wiped. */
  reveal(): string {
    return Buffer.from(this.utf16()).toString("utf16le");
  }

  /** The secret's own UTF-16LE bytes, not a copy. @throws ProviderError `protocol` when wiped. */
  utf16(): Uint8Array {
    if (this.#text === undefined)
      throw new ProviderError("protocol", "The secure string was wiped and has no text any more.");
    return this.#text;
  }

  /** Overwrites the secret; using it afterwards throws. */
  wipe(): void {
    this.#text?.fill(0);
    this.#text = undefined;
  }

  toString(): string {
    return "********";
  }

  toJSON(): string {
    return "********";
  }

  [inspect.custom](): string {
    return "SecureString(********)";
  }
}
