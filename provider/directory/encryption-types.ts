/** Bits of `msDS-SupportedEncryptionTypes` that this package sets (MS-KILE 2.2.7). */
const bits = { rc4: 0x04, aes128: 0x08, aes256: 0x10 } as const;

export type EncryptionType = keyof typeof bits;
export const encryptionTypeNames = Object.keys(bits) as readonly EncryptionType[];
const ours = bits.rc4 | bits.aes128 | bits.aes256;

/**
 * The attribute's new value. Bits that are not ours stay: 0x20 (AES session keys), FAST, compound identity, claims,
 * resource SID compression. The two DES bits go: no supported domain controller uses them.
 */
export function encryptionTypeBits(types: readonly EncryptionType[], present = 0): number {
  const des = 0x01 | 0x02;
  return types.reduce((value, type) => value | bits[type], present & ~(ours | des));
}

/** The names among the bits, in their order of strength; none where the attribute is not set. */
export function encryptionTypesOf(value: number | undefined): EncryptionType[] {
  return encryptionTypeNames.filter((name) => ((value ?? 0) & bits[name]) !== 0);
}

/** Whether a value has DES bits, which `encryptionTypeBits` would take away. */
export function hasDes(value: number | undefined): boolean {
  return ((value ?? 0) & 0x03) !== 0;
}
