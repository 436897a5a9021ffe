import { someOf } from "../provider/checks/finding";
import type { Disagreement, HeldName, NameKind, NamespacePlan } from "../provider/checks/plan";
import { harmless, table } from "./table";
import { faint, strong } from "./terminal";

const kinds: Record<Exclude<NameKind, "needed">, string> = {
  "server-name": "a server's own name: the server answers for it itself",
  "external-only": "for clients outside, who have no domain controller to ask",
  "no-kerberos-service": "for browsers and phones only",
};

/** So many servers that disagree are listed; the others are counted. */
const listed = 20;

export function planText(plan: NamespacePlan): string {
  const needed = plan.names.filter(({ kind }) => kind === "needed");
  const others = plan.names.filter(({ kind }) => kind !== "needed");
  return [
    strong("Service principal names for the account, by site"),
    needed.length === 0 ? "none" : neededTable(needed),
    ...(others.length === 0 ? [] : ["", strong("Names that need none"), otherTable(others)]),
    ...disagreementLines(plan.disagreements),
    "",
    faint(`${needed.length} SPNs, ${plan.sites.length} sites, account ${harmless(accountOf(plan))}`),
  ].join("\n");
}

function accountOf({ account, silent }: NamespacePlan): string {
  return account ?? (silent.length === 0 ? "not made yet" : `not known, as ${someOf(silent, 3)} did not answer`);
}

function neededTable(names: readonly HeldName[]): string {
  const rows = names.map(({ servicePrincipalName, sites, services, servers, holders, balanced, hostName }) => [
    servicePrincipalName,
    sites.join(", "),
    `${servers.length}${balanced ? "" : " (not load-balanced)"}`,
    services.join(", "),
    holders.join("; ") || "nobody",
    hostName.includes(".") ? "" : "a short name",
  ]);
  const titles = ["SPN", "site", "servers", "services", "held by", "remark"];
  return table(titles, harmlessRows(rows));
}

function otherTable(names: readonly HeldName[]): string {
  const rows = names.map(({ hostName, kind, sites, holders }) => [
    hostName,
    sites.join(", "),
    kind === "needed" ? "" : kinds[kind],
    holders.join("; "),
  ]);
  const titles = ["name", "site", "why", "held by"];
  return table(titles, harmlessRows(rows));
}

function disagreementLines(disagreements: readonly Disagreement[]): string[] {
  if (disagreements.length === 0) return [];
  const rows = disagreements
    .slice(0, listed)
    .map(({ server, service, scope, name, others }) => [server, service, scope, name ?? "none", others ?? "none"]);
  const titles = ["server", "service", "clients", "has", "most servers of its site have"];
  const left = disagreements.length - rows.length;
  return [
    "",
    strong("Servers that disagree with the others of their site"),
    table(titles, harmlessRows(rows)),
    ...(left > 0 ? [`and ${left} more (--json lists all)`] : []),
  ];
}

/** Names come from servers and from the directory. */
function harmlessRows(rows: readonly (readonly string[])[]): string[][] {
  return rows.map((row) => row.map(harmless));
}
