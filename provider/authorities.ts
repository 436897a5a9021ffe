import { readFile } from "node:fs/promises";
import { ProviderError } from "./error";
import type { Settings } from "./settings";

/**
 * The certificate authorities that the settings name, PEM; `undefined` for those of Node.
 * @throws ProviderError `settings-invalid` where the file cannot be read, or has no certificate: Node takes an empty text for its own
 *   list, which is more than was to be trusted.
 */
export async function trustedAuthorities({ caFile }: Settings): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  const refuse = (why: string, cause?: unknown) =>
    new ProviderError("settings-invalid", `caFile: ${caFile} ${why}.`, {
      hint: "It is a PEM file (Base-64, as certutil -encode makes it, in UTF-8) with the authorities that sign the servers' certificates.",
      cause,
    });
  const text = await readFile(caFile, "utf8").catch((cause: unknown) => {
    throw refuse("cannot be read", cause);
  });
  // Editors of Windows put a mark before the first line.
  const pem = text.replace(/^\uFEFF/, "");
  if (!/^-----BEGIN ([A-Z0-9]+ )?CERTIFICATE-----/m.test(pem)) throw refuse("has no certificate");
  return pem;
}
