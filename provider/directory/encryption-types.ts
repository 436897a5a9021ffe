/** Bits of `msDS-SupportedEncryptionTypes` that this package sets (MS-KILE 2.2.7). */
const bits = { rc4: 0x04, aes128: 0x08, aes256: 0x10 } as const;

export type EncryptionType = keyof typeof bits;
export const encryptionTypeNames = Object.keys(bits) as readonly EncryptionType[];
const ours = bits.rc4 | bits.aes128 | bits.aes256;

/** The attribute's new value. Bits that are not ours stay: 0x20 (AES session keys), FAST, compound identity, claims. */
export function encryptionTypeBits(types: readonly EncryptionType[], present = 0): number {
  return types.reduce((value, type) => value | bits[type], present & ~ours);
}

/** The names among the bits, in their order of strength; none where the attribute is not set. */
export function encryptionTypesOf(value: number | undefined): EncryptionType[] {
  return encryptionTypeNames.filter((name) => ((value ?? 0) & bits[name]) !== 0);
}
