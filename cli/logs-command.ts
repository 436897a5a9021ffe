import { setFlagsFromString } from "node:v8";
import { Command, InvalidArgumentError } from "commander";
import { type HttpProxyLogReport, type LogPlace, readHttpProxyLogs } from "../provider/exchange/http-proxy-log";
import { logsText, negotiateNote } from "./logs-text";
import { collect } from "./selection";
import { endProgress, progress } from "./terminal";
import { type ConnectionOptions, withConnectionOptions } from "./world-options";

interface Options extends ConnectionOptions {
  readonly users: number;
  readonly server?: readonly string[];
  readonly json?: boolean;
}

const count = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It is no number.");
  return Number(text);
};

/** `exchange-kerberos logs`: what HttpProxy logs tell of how clients log on. Settings are needed only for logs on servers. */
export function logsCommand(): Command {
  const command = new Command("logs").description(
    "Count in HttpProxy logs by which way clients log on: Negotiate, NTLM, Basic, OAuth.",
  );
  return withConnectionOptions(command)
    .argument("[paths...]", "log files, or folders: every *.log in them is read")
    .option(
      "--server <server>",
      "read them there, through a shell as for the script (managementTransport); may be given more than once",
      collect,
    )
    .option("--users <count>", "how many of the users who sent most NTLM to name", count, 20)
    .option("--json", "write the report as JSON")
    .addHelpText(
      "after",
      `
The logs are on each server in %ExchangeInstallPath%\\Logging\\HttpProxy, in a folder for each protocol. With --server that is
where they are looked for, unless paths are given.

Examples:
  $ exchange-kerberos logs '\\\\cas-1\\c$\\Program Files\\Microsoft\\Exchange Server\\V15\\Logging\\HttpProxy\\Mapi'
  $ exchange-kerberos logs logs/cas-1 logs/cas-2 --json | jq '.ntlm.users'
  $ exchange-kerberos logs --server cas-1.corp.tailspintoys.com --server cas-2.corp.tailspintoys.com`,
    )
    .action(async (paths: string[], options: Options) => {
      if (paths.length === 0 && options.server === undefined) command.error("error: name files, folders or --server");
      spareMemory();
      const report = await (options.server === undefined
        ? read(paths, options)
        : readOn(options.server, paths, options));
      console.log(options.json ? JSON.stringify({ ...report, note: negotiateNote }, undefined, 2) : logsText(report));
    });
}

function read(places: readonly (string | LogPlace)[], { users }: Options): Promise<HttpProxyLogReport> {
  let shown = -1;
  const onProgress = (done: number, total: number) => {
    const percent = Math.min(100, Math.floor((done * 100) / total));
    if (percent === shown) return;
    shown = percent;
    progress(`Reading ${percent} %`);
  };
  return readHttpProxyLogs(places, { users, onProgress }).finally(endProgress);
}

/** All that connects is loaded here: who reads files needs none of it. */
function readOn(servers: readonly string[], paths: readonly string[], options: Options): Promise<HttpProxyLogReport> {
  const { inConnection } = require("./world") as typeof import("./world");
  const { serverLogFolder, serverLogs } =
    require("../provider/exchange/http-proxy-log/server-logs") as typeof import("../provider/exchange/http-proxy-log/server-logs");
  return inConnection(options, async ({ exchange }) => {
    const places = servers.map(async (server): Promise<LogPlace[]> => {
      const shell = exchange.serverShell(server);
      const source = serverLogs(shell);
      return (paths.length > 0 ? paths : [await serverLogFolder(shell)]).map((path) => ({ source, path }));
    });
    return read((await Promise.all(places)).flat(), options);
  });
}

/** On a mail server memory counts for more than seconds: without V8's second compiler and its copies of code, 8 MB less are needed. */
function spareMemory(): void {
  setFlagsFromString("--no-opt");
  setFlagsFromString("--no-maglev-inlining");
}
