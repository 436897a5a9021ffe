import { setFlagsFromString } from "node:v8";
import { Command, InvalidArgumentError } from "commander";
import { readHttpProxyLogs } from "../provider/exchange/http-proxy-log";
import { logsText, negotiateNote } from "./logs-text";
import { endProgress, progress } from "./terminal";

interface Options {
  readonly users: number;
  readonly json?: boolean;
}

const count = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It is no number.");
  return Number(text);
};

/** `exchange-kerberos logs`: what HttpProxy logs tell of how clients log on. Needs no settings. */
export function logsCommand(): Command {
  return new Command("logs")
    .description("Count in HttpProxy logs by which way clients log on: Negotiate, NTLM, Basic, OAuth.")
    .argument("<paths...>", "log files, or folders: every *.log in them is read")
    .option("--users <count>", "how many of the users who sent most NTLM to name", count, 20)
    .option("--json", "write the report as JSON")
    .addHelpText(
      "after",
      `
The logs are on each server in %ExchangeInstallPath%\\Logging\\HttpProxy, in a folder for each protocol.

Examples:
  $ exchange-kerberos logs '\\\\cas-1\\c$\\Program Files\\Microsoft\\Exchange Server\\V15\\Logging\\HttpProxy\\Mapi'
  $ exchange-kerberos logs logs/cas-1 logs/cas-2 --json | jq '.ntlm.users'`,
    )
    .action(async (paths: string[], options: Options) => {
      spareMemory();
      let shown = -1;
      const onProgress = (done: number, total: number) => {
        const percent = Math.floor((done * 100) / total);
        if (percent === shown) return;
        shown = percent;
        progress(`Reading ${percent} %`);
      };
      const report = await readHttpProxyLogs(paths, { users: options.users, onProgress }).finally(endProgress);
      console.log(options.json ? JSON.stringify({ ...report, note: negotiateNote }, undefined, 2) : logsText(report));
    });
}

/** On a mail server memory counts for more than seconds: without V8's second compiler and its copies of code, 8 MB less are needed. */
function spareMemory(): void {
  setFlagsFromString("--no-opt");
  setFlagsFromString("--no-maglev-inlining");
}
