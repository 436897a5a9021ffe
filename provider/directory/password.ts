import { randomInt } from "node:crypto";

/** As long as what Windows gives a computer account. */
const length = 120;
const classes = ["abcdefghijkmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!#%*+-./:=?@_~"] as const;

function pick(alphabet: string): string {
  return alphabet.charAt(randomInt(alphabet.length));
}

/** A password for any policy: 120 characters of all four classes, over 700 bits of chance. Meant to be set and forgotten. */
export function randomPassword(): string {
  const all = classes.join("");
  const characters = [...classes, ...Array.from({ length: length - classes.length }, () => all)].map(pick);
  // The first four are of known classes: shuffle (Fisher and Yates).
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    const kept = characters[last] ?? "";
    characters[last] = characters[other] ?? "";
    characters[other] = kept;
  }
  return characters.join("");
}

/** A password as `unicodePwd` takes it: in quotation marks, UTF-16 little-endian (MS-ADTS 3.1.1.3.1.5). */
export function unicodePwd(password: string): Buffer {
  return Buffer.from(`"${password}"`, "utf16le");
}
