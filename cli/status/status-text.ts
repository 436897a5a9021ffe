import { dayOf, someOf } from "../../provider/checks/finding";
import { harmless, table } from "../table";
import { faint, outcomeWord, strong } from "../terminal";
import { type Estate, type ServerStatus, troubles, withoutAccount } from "./estate";

/** More servers than this are not listed one by one where all is well. */
const listed = 12;
/** So many objects are named with a trouble; the others are counted. */
const named = 4;

/** The estate as tables for a terminal; as many lines as there is to say, not as there are servers. */
export function statusText(estate: Estate): string {
  const blocks = [
    `${strong(harmless(estate.domain))} ${faint(estate.at)}`,
    accountLines(estate),
    nameTable(estate),
    serverTable(estate.servers),
    troubleLines(estate),
    summary(estate),
  ];
  return blocks.filter((block) => block !== "").join("\n\n");
}

function accountLines(estate: Estate): string {
  const { account } = estate;
  if (account === undefined) {
    const { outcome, said } = withoutAccount(estate);
    return `${outcomeWord(outcome)}  No alternate service account: ${said.join(" ")}.`;
  }
  const { passwordAgeDays: age, rollDue, daysToRoll = 0, keyVersion } = account;
  const roll =
    rollDue === undefined
      ? "its password was never set"
      : `password ${age} days old, roll ${daysToRoll < 0 ? `was due ${dayOf(rollDue)}` : `due ${dayOf(rollDue)} (in ${daysToRoll} days)`}`;
  const types = account.encryptionTypes.join(", ") || "encryption types not set";
  const facts = [account.enabled ? "enabled" : "disabled", types, `key version ${keyVersion ?? "unknown"}`, roll];
  return `${outcomeWord(account.outcome)}  ${strong(harmless(account.qualifiedName))}  ${facts.join(" · ")}`;
}

function nameTable({ names }: Estate): string {
  const rows = names.map(({ hostName, name, servicePrincipalName, spn, sites, servers }) => [
    outcomeWord(name.outcome).trimEnd(),
    harmless(hostName),
    outcomeWord(spn.outcome).trimEnd(),
    harmless(servicePrincipalName),
    harmless(sites.join(", ")),
    servers.length === 0 ? "" : String(servers.length),
  ]);
  if (rows.length === 0) return "";
  return table(["", "NAME", "", "SPN", "SITES", { title: "SERVERS", align: "right" }], rows);
}

function serverTable(servers: readonly ServerStatus[]): string {
  if (servers.length === 0) return "";
  const together = servers.length > listed;
  const shown = together ? servers.filter(({ outcome }) => outcome !== "pass") : servers;
  const rows = shown.slice(0, 4 * listed).map(serverRow);
  const lines = rows.length === 0 ? [] : [table(serverColumns, rows)];
  if (shown.length > rows.length) lines.push(`… and ${shown.length - rows.length} more that are not well`);
  if (together) {
    const well = Map.groupBy(
      servers.filter(({ outcome }) => outcome === "pass"),
      ({ site }) => site,
    );
    for (const [site, group] of well) {
      lines.push(`${outcomeWord("pass")}  ${harmless(site) || "no site"}: ${group.length} servers, ${range(group)}`);
    }
  }
  return lines.join("\n");
}

const serverColumns = ["", "SERVER", "SITE", "EXCHANGE", "CREDENTIAL", "SINCE"];

function serverRow({ outcome, fqdn, site, product, version, alternateAccount, problem }: ServerStatus): string[] {
  const newest = alternateAccount?.credentials[0];
  const account = problem === undefined ? (newest?.account ?? "none") : "did not answer";
  const cells = [fqdn, site, `${product} (${version})`, account, newest?.added ?? ""];
  return [outcomeWord(outcome).trimEnd(), ...cells.map(harmless)];
}

function range(servers: readonly ServerStatus[]): string {
  const names = servers.map(({ name }) => harmless(name));
  return names.length <= named ? names.join(", ") : `${names[0]} … ${names.at(-1)}`;
}

function troubleLines({ results }: Estate): string {
  return troubles(results)
    .map(({ results: [first], objects }) => {
      const some = someOf(objects.map(harmless), named);
      const remedy = first.remedy === undefined ? "" : `\n         ${harmless(first.remedy)}`;
      return `${outcomeWord(first.outcome)}  ${strong(some)}: ${harmless(first.seen)} ${faint(`[${harmless(first.check)}]`)}${remedy}`;
    })
    .join("\n");
}

function summary({ counts, names, servers }: Estate): string {
  const said = (["pass", "warn", "fail", "unknown"] as const).map((outcome) => `${counts[outcome]} ${outcome}`);
  return `${names.length} names, ${servers.length} servers · checks: ${said.join(", ")}`;
}
