/** What Active Directory keeps as bytes, as the text that people and state files know. */

/** `objectGUID` bytes as `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`: the first three groups are little-endian (MS-DTYP 2.3.4.2). */
export function guidText(bytes: Buffer): string {
  const hex = Buffer.concat([
    Buffer.from(bytes.subarray(0, 4)).reverse(),
    Buffer.from(bytes.subarray(4, 6)).reverse(),
    Buffer.from(bytes.subarray(6, 8)).reverse(),
    bytes.subarray(8, 16),
  ]).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const guidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isGuid(text: string): boolean {
  return guidPattern.test(text);
}

/** A search base or object name that finds the object wherever it was moved (MS-ADTS 3.1.1.3.1.2.4). */
export function byGuid(guid: string): string {
  return `<GUID=${guid}>`;
}

/** `objectSid` bytes as `S-1-5-21-…` (MS-DTYP 2.4.2). */
export function sidText(bytes: Buffer): string {
  const subAuthorities = Array.from({ length: bytes.readUInt8(1) }, (_, index) => bytes.readUInt32LE(8 + 4 * index));
  return ["S", bytes.readUInt8(0), bytes.readUIntBE(2, 6), ...subAuthorities].join("-");
}

/** Milliseconds from 1601-01-01, where FILETIME begins, to 1970-01-01. */
const filetimeEpoch = 11_644_473_600_000n;

/** A FILETIME (100 ns since 1601) as ISO 8601; `undefined` for 0, which stands for "never", and for what is none. */
export function filetimeText(filetime: string): string | undefined {
  const ticks = /^-?\d{1,19}$/.test(filetime) ? BigInt(filetime) : 0n;
  return ticks <= 0n ? undefined : new Date(Number(ticks / 10_000n - filetimeEpoch)).toISOString();
}

/** A GeneralizedTime as Active Directory writes it, `20261124041500.0Z`, as ISO 8601; `undefined` for another text. */
export function generalizedTimeText(text: string): string | undefined {
  const [, date, time] = /^(\d{8})(\d{6})\.0Z$/.exec(text) ?? [];
  if (date === undefined || time === undefined) return undefined;
  return `${date.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}.000Z`;
}

/** `corp.tailspintoys.com` of `DC=corp,DC=tailspintoys,DC=com`. */
export function dnsNameOf(domain: string): string {
  return domain
    .split(",")
    .map((part) => part.replace(/^DC=/i, ""))
    .join(".")
    .toLowerCase();
}
