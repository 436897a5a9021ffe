import { configurationText } from "../cmdlets/alternate-account-object";
import type { DirectoryAccount } from "../model/account-directory";
import { dateText } from "../model/culture";
import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";

/** Columns as wide as their widest cell, a rule under the headings. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => (row[at] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join(" ")
      .trimEnd();
  return ["", line(headings), line(headings.map((heading) => "-".repeat(heading.length))), ...rows.map(line), ""].join(
    "\n",
  );
}

export function serverTable(servers: readonly ExchangeServer[]): string {
  return table(
    ["Name", "PSComputerName"],
    servers.map((server) => [server.state.name, server.fqdn]),
  );
}

/** The names only: a password shows as the type of what holds it. */
export function credentialTable(userNames: readonly string[]): string {
  return table(
    ["UserName", "Password"],
    userNames.map((name) => [name, "System.Security.SecureString"]),
  );
}

export function accountTable(
  accounts: readonly { name: string; account: DirectoryAccount }[],
  on: ExchangeServer,
): string {
  const { culture, timeZone } = on.state;
  return table(
    ["StructuralObjectClass", "QualifiedUserName", "Last Pwd Update", "SPNs"],
    accounts.map(({ name, account }) => [
      account.objectClass,
      name,
      account.passwordLastSet === undefined ? "" : dateText(account.passwordLastSet, culture, timeZone),
      account.servicePrincipalNames.join(", "),
    ]),
  );
}

/** Each server's configuration as its own session shows it, grouped by Client Access array. */
export function configurationTables(organization: Organization, servers: readonly ExchangeServer[]): string {
  const groups = new Map<string, ExchangeServer[]>();
  for (const server of servers) {
    const array = organization.arraysOf(server).join(", ");
    groups.set(array, [...(groups.get(array) ?? []), server]);
  }
  return [...groups]
    .map(([array, members]) => {
      const rows = members.flatMap((server) => {
        const [first = "", ...others] = configurationText(server.credentials.all, server).split("\r\n");
        return [[server.state.name, first], ...others.map((line) => ["", line])];
      });
      return `\n   Array: {${array}}\n${table(["Identity", "AlternateServiceAccountConfiguration"], rows)}`;
    })
    .join("\n");
}

/** The script's own stamp, the same in every culture: `01/12/2016 10:17:47`. */
export function stamp(moment: Date, timeZone: string): string {
  const [date = "", time = ""] = dateText(moment, "sv-SE", timeZone).split(" ");
  const [year, month, day] = date.split("-");
  return `${month}/${day}/${year} ${time}`;
}
