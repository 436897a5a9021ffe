import { someOf } from "../provider/checks/finding";
import type { NamespacePlan } from "../provider/checks/plan";
import { ProviderError } from "../provider/error";

/** What the article calls the account. */
const defaultAccount = "EXCH2016ASA";

/**
 * A Pulumi program for what was found: all values are JSON texts, so that no name can become code. An account that servers
 * hold already is adopted, with its password.
 * @param organizationalUnit where the account is to be. Default: the domain's own place for computers.
 * @throws ProviderError `refused` where an account is not known, and may be there: a second one would take its place.
 */
export function planProgram({ account, silent, sites }: NamespacePlan, organizationalUnit?: string): string {
  if (silent.length > 0) {
    throw new ProviderError(
      "refused",
      `Which account the servers hold is not known: ${someOf(silent, 3)} did not answer.`,
      {
        hint: "Try again when they do, or name the account (--account).",
      },
    );
  }
  const [, held] = account?.split("\\") ?? [];
  const accountType = held === undefined || held.endsWith("$") ? "computer" : "user";
  const lines = [
    'import * as ek from "pulumi-exchange-kerberos";',
    "",
    'export const exchange = new ek.ExchangeKerberos("exchange", {',
    ...(held === undefined ? [] : ["  adopt: true,"]),
    "  account: {",
    `    name: ${JSON.stringify(held?.replace(/\$$/, "") ?? defaultAccount)},`,
    `    accountType: "${accountType}",`,
    ...(organizationalUnit === undefined ? [] : [`    organizationalUnit: ${JSON.stringify(organizationalUnit)},`]),
    "  },",
    '  // "script" is the way that Microsoft supports; it needs a shell on an Exchange server (setting managementHost).',
    '  method: "script",',
    "  sites: [",
    ...sites.filter(({ hostNames }) => hostNames.length > 0).flatMap(siteLines),
    "  ],",
    "});",
  ];
  return `${lines.join("\n")}\n`;
}

function siteLines({ site, servers, hostNames }: NamespacePlan["sites"][number]): string[] {
  const list = (name: string, values: readonly string[]) => [
    `      ${name}: [`,
    ...values.map((value) => `        ${JSON.stringify(value)},`),
    "      ],",
  ];
  return [
    "    {",
    `      name: ${JSON.stringify(site)},`,
    ...list("servers", servers),
    ...list("hostNames", hostNames),
    "    },",
  ];
}
