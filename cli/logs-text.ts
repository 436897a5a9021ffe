import type { HttpProxyLogReport, Requests, Traffic } from "../provider/exchange/http-proxy-log";
import { harmless, table } from "./table";
import { faint, strong } from "./terminal";

/** Said with every report: what people believe of these logs is more than they tell. */
export const negotiateNote =
  "Negotiate in these logs does not prove Kerberos: clients use NTLM under that name, too. Prove it with tickets: " +
  "exchange-kerberos check --only proof, or klist on a client (a ticket for HTTP/ and the name).";

const schemes = ["Negotiate", "NTLM", "Basic", "OAuth"] as const;
/** `1,234,567`. Not by `toLocaleString`: its tables take 8 MB, and this command is to be small. */
const number = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
const minute = (time: string) => time.slice(0, 16).replace("T", " ");

/** The report for people. Times are UTC, as in the logs. */
export function logsText(report: HttpProxyLogReport): string {
  const { files, bytes, requests, ntlm, broken, skipped, traffic } = report;
  const size = bytes < 1e6 ? `${number(bytes)} bytes` : `${number(Math.round(bytes / 1e6))} MB`;
  const first = traffic.map((one) => one.first).sort()[0] ?? "";
  const last =
    traffic
      .map((one) => one.last)
      .sort()
      .at(-1) ?? "";
  const period = requests === 0 ? "" : `, from ${minute(first)} to ${minute(last)} UTC`;
  const blocks = [`${number(requests)} requests in ${number(files)} files (${size})${period}`];
  if (traffic.length > 0) blocks.push(trafficTable(traffic));
  if (ntlm.requests > 0) blocks.push(ntlmTable(report));
  if (requests > 0) blocks.push(negotiateNote);
  if (broken.lines > 0) {
    const shown = broken.first.map(
      ({ file, line, why, text }) => `  ${harmless(file)}:${line}: ${why}: ${faint(harmless(text))}`,
    );
    const more = broken.lines - broken.first.length;
    const rest = more > 0 ? [`  and ${number(more)} more`] : [];
    blocks.push([strong(`${number(broken.lines)} lines could not be read`), ...shown, ...rest].join("\n"));
  }
  if (skipped.length > 0) {
    const shown = skipped.map(({ file, why }) => `  ${harmless(file)}: ${why}`);
    blocks.push([strong("No HttpProxy logs"), ...shown].join("\n"));
  }
  return blocks.join("\n\n");
}

function trafficTable(traffic: readonly Traffic[]): string {
  const columns = [
    "SERVER",
    "PROTOCOL",
    ...["REQUESTS", ...schemes, "OTHER", "NO LOGON"].map((title) => ({ title, align: "right" as const })),
    "NEGOTIATE SINCE",
    "LAST NTLM",
  ];
  const rows = traffic.map(({ server, protocol, requests, schemes: by }) => {
    const known = [...schemes, "none"].reduce((sum, scheme) => sum + (by[scheme]?.requests ?? 0), 0);
    return [
      harmless(server) || "(not in the log)",
      harmless(protocol) || "(not in the log)",
      number(requests),
      ...schemes.map((scheme) => share(by[scheme], requests)),
      requests === known ? "" : number(requests - known),
      by.none === undefined ? "" : number(by.none.requests),
      by.Negotiate === undefined ? "never" : minute(by.Negotiate.first),
      by.NTLM === undefined ? "" : minute(by.NTLM.last),
    ];
  });
  return table(columns, rows);
}

function share(part: Requests | undefined, whole: number): string {
  if (part === undefined) return "";
  const percent = (part.requests * 100) / whole;
  return `${number(part.requests)} (${percent > 0 && percent < 1 ? "<1" : Math.round(percent)} %)`;
}

function ntlmTable({ ntlm }: HttpProxyLogReport): string {
  const rows = ntlm.users.map(({ user, requests, first, last }) => [
    harmless(user) || "(no name in the log)",
    number(requests),
    minute(first),
    minute(last),
  ]);
  const others = ntlm.requests - ntlm.users.reduce((sum, { requests }) => sum + requests, 0);
  if (others > 0) rows.push(["all others", number(others), "", ""]);
  const title = strong("Who sent most NTLM");
  const columns = ["USER", { title: "REQUESTS", align: "right" as const }, "FIRST (UTC)", "LAST (UTC)"];
  return `${title}\n${table(columns, rows)}`;
}
