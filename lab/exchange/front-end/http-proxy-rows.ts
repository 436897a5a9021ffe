import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Rows of a server's HttpProxy logs of one protocol, by column name. */
export function httpProxyRows(serverFolder: string, protocol: string): Record<string, string>[] {
  const folder = join(serverFolder, "Logging", "HttpProxy", protocol);
  return readdirSync(folder).flatMap((file) => {
    const lines = readFileSync(join(folder, file), "utf8")
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/);
    const names = (lines.find((line) => line.startsWith("#Fields: ")) ?? "").slice("#Fields: ".length).split(",");
    const rows = lines.filter((line) => line !== "" && !line.startsWith("#"));
    return rows.map((row) => Object.fromEntries(row.split(",").map((value, at) => [names[at] ?? "", value])));
  });
}
