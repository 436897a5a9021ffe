import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** 20 MB on the wire: as 2,000 long strings, and as 20,000 objects of ten properties, which is what cmdlets give. */
const source = `
function Get-Text { $text = 'x' * 10000; for ($i = 0; $i -lt 2000; $i++) { $text } }
function Get-Object {
  for ($i = 0; $i -lt 20000; $i++) {
    $object = [ordered]@{ Number = $i }
    foreach ($name in 1..9) { $object["Property$name"] = 'the value of a property, as long as a distinguished name is' }
    [pscustomobject]$object
  }
}
`;

/** How many values each function gives. */
const counts = { "Get-Text": 2_000, "Get-Object": 20_000 } as const;
export type Bulk = keyof typeof counts;
export const bulks: readonly Bulk[] = ["Get-Text", "Get-Object"];

/** Writes the module. @returns its path, for `Import-Module` */
export async function writeBulkModule(folder: string): Promise<string> {
  const path = join(folder, "Bulk.psm1");
  await writeFile(path, source);
  return path;
}

/** @throws Error where a client did not get everything. */
export function expectAll(name: Bulk, found: number): void {
  if (found !== counts[name]) throw new Error(`${name} gave ${found} values, not ${counts[name]}.`);
}
