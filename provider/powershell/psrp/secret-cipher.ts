import type { SecureString } from "./secure-string";

/** Seals the secure strings of one session (MS-PSRP 2.2.5.1.24): made from the session key, once both ends have it. */
export interface SecretCipher {
  encrypt(secret: SecureString): Uint8Array;
  /** @throws ProviderError `protocol` where the bytes were not sealed with this key */
  decrypt(sealed: Uint8Array): SecureString;
}
