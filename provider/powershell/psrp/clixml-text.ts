/** What CLIXML text and property names must not hold as they are (MS-PSRP 2.2.5.3.2): controls, surrogates, non-characters, and what would read as an escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what this is about
const unsafe = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]|_(?=[xX])|[<>&"]/g;
const named: Record<string, string> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };
const escaped = /_[xX]([0-9a-fA-F]{4})_/g;

/** Text as it stands inside an element or an attribute: PowerShell's `_xHHHH_` escapes, then XML's. */
export function escapeText(text: string): string {
  return text.replace(
    unsafe,
    (unit) => named[unit] ?? `_x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`,
  );
}

/** Undoes PowerShell's escapes in text that the XML parser has read. */
export function unescapeText(text: string): string {
  if (!text.includes("_")) return text;
  return text.replace(escaped, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
