import { ProviderError } from "../../error";
import type { PsValue } from "../../powershell/psrp";
import { itemsOf, property, textOf, textProperty } from "../ps-properties";
import { output, type RemoteShell } from "../remote-shell";
import { type LineSink, longestLine } from "./line-reader";
import type { LogFileFound, LogSource } from "./log-source";

/** Lines that come at a time: some megabytes, so that neither side holds a whole log. */
const linesAtATime = 4000;
const quote = '"';
/** Exchange ends its lines by two bytes. */
const lineEnd = 2;

/** `…\\V15\\Logging\\HttpProxy` of the server that the shell runs on, which is where Exchange puts them. */
export async function serverLogFolder(shell: RemoteShell, signal?: AbortSignal): Promise<string> {
  const variable = { name: "Get-Item", parameters: { LiteralPath: "Env:ExchangeInstallPath" } };
  const [found = null] = await output(shell, [variable], { what: "find where Exchange is installed", signal });
  const folder = textProperty(found, "Value");
  if (folder === undefined) {
    throw new ProviderError("not-exchange", `${shell.host} does not say where Exchange is installed.`, {
      hint: "Name the folder of the logs, or another server.",
    });
  }
  const separator = folder.includes("\\") ? "\\" : "/";
  return [folder.replace(/[\\/]+$/, ""), "Logging", "HttpProxy"].join(separator);
}

/** Logs on a server, through a full-language shell there. */
export function serverLogs(shell: RemoteShell): LogSource {
  return {
    host: shell.host,

    async list(path) {
      const files = {
        name: "Get-ChildItem",
        parameters: { LiteralPath: path, Filter: "*.log", Recurse: true, File: true },
      };
      const needed = { name: "Select-Object", parameters: { Property: ["FullName", "Length"] } };
      const found = await output(shell, [files, needed], { what: `look for logs in ${path}` });
      return found.map(fileOf).sort((one, other) => (one.path < other.path ? -1 : 1));
    },

    async read(path, sink, { signal, onBytes }) {
      for (let block = 0; sink.wanted; block++) {
        const lines = await blockOf(shell, path, block, signal);
        if (lines.length === 0) return;
        onBytes?.(lines.reduce((bytes, line) => bytes + hand(line, sink), 0));
      }
    },
  };
}

function fileOf(found: PsValue): LogFileFound {
  return { path: textProperty(found, "FullName") ?? "", size: Number(textOf(property(found, "Length"))) };
}

/** Some lines of a file, by number of their block; none behind its end. */
async function blockOf(
  shell: RemoteShell,
  path: string,
  block: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const read = { name: "Get-Content", parameters: { LiteralPath: path, Encoding: "UTF8", ReadCount: linesAtATime } };
  const one = { name: "Select-Object", parameters: { Skip: block, First: 1 } };
  const [lines] = await output(shell, [read, one], { what: `read ${path}`, signal });
  return itemsOf(lines).map((line) => textOf(line) ?? "");
}

/** As the reader of files does: bytes, and whether there are quotes among them. Returns how many bytes it was in the file. */
function hand(line: string, sink: LineSink): number {
  const bytes = Buffer.from(line, "utf8");
  if (bytes.length > longestLine) sink.overlong(bytes, 0, bytes.length);
  else sink.line(bytes, 0, bytes.length, line.includes(quote));
  return bytes.length + lineEnd;
}
