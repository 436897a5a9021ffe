import { readFile } from "node:fs/promises";
import { ProviderError } from "./error";
import type { Settings } from "./settings";

/**
 * The certificate authorities that the settings name, PEM; `undefined` for those of Node.
 * @throws ProviderError `settings-invalid` where the file cannot be read.
 */
export async function trustedAuthorities({ caFile }: Settings): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  try {
    return await readFile(caFile, "utf8");
  } catch (cause) {
    throw new ProviderError("settings-invalid", `caFile: ${caFile} cannot be read.`, {
      hint: "It is a PEM file with the authorities that sign the servers' certificates.",
      cause,
    });
  }
}
