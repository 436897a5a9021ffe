import { type CheckResult, heading, type Outcome } from "../../provider/checks/check";
import type { CheckReport } from "../../provider/checks/report";

export const domain = "corp.tailspintoys.com";
export const account = "TAILSPIN\\EXCH2016ASA$";
export const at = "2026-11-24T08:00:00.000Z";

export interface Fault {
  readonly check: string;
  readonly object: string;
  readonly outcome: Exclude<Outcome, "pass">;
  readonly seen?: string;
  readonly remedy?: string;
}

export interface EstateSize {
  readonly names: number;
  readonly servers: number;
  readonly sites: number;
}

const standardNames = ["mail", "autodiscover", "mailsdc", "autodiscoversdc"];
export const hostName = (index: number) => `${standardNames[index] ?? `mail-${index + 1}`}.${domain}`;
export const serverName = (index: number) => `cas-${index + 1}.${domain}`;

/** What the checks say of an estate where all is well but for these faults. */
export function checkReport({ names, servers, sites }: EstateSize, faults: readonly Fault[] = []): CheckReport {
  const hostNames = Array.from({ length: names }, (_, index) => hostName(index));
  const siteOf = (index: number) => `ADSite${1 + Math.floor((index * sites) / servers)}`;
  const serverNames = Array.from({ length: servers }, (_, index) => serverName(index));
  const silent = new Set(faults.filter(({ check }) => check === "server-reachable").map(({ object }) => object));
  const checked: [string, string, readonly string[]][] = [
    ["dns-address-record", "Every name has an address record of its own", hostNames],
    ["account-exists", "The account exists", [account]],
    ["account-password-age", "The password is young enough", [account]],
    ["server-reachable", "Every server's PowerShell endpoint answers", serverNames],
    ["server-credential", "Every server has the account's credential", serverNames.filter((name) => !silent.has(name))],
    ["server-mapi", "MAPI over HTTP offers Negotiate", serverNames.filter((name) => !silent.has(name))],
    ["spn-on-account", "Every name's SPN is on the account", hostNames],
    ["spn-other-holder", "No other account of the forest has the SPN", hostNames],
  ];
  const faultOf = (check: string, object: string) =>
    faults.find((fault) => fault.check === check && fault.object === object);
  const results = checked.flatMap(([check, name, objects]) =>
    objects.map((object): CheckResult => {
      const fault = faultOf(check, object);
      const common = { check, name, heading: heading.verifyClients, object };
      if (fault === undefined) return { ...common, outcome: "pass", seen: "as it should be." };
      const { outcome, seen = "not as it should be.", remedy = "Put it right." } = fault;
      return { ...common, outcome, seen, remedy };
    }),
  );
  const elsewhere = faults
    .filter((fault) => !results.some(({ check, object }) => check === fault.check && object === fault.object))
    .map((fault) => ({ seen: "wrong.", ...fault, name: fault.check, heading: heading.crossForest }));
  return {
    at,
    domain,
    problem: undefined,
    account: {
      qualifiedName: account,
      distinguishedName: `CN=EXCH2016ASA,OU=Exchange,DC=corp,DC=tailspintoys,DC=com`,
      enabled: true,
      encryptionTypes: ["rc4", "aes128", "aes256"],
      keyVersion: 7,
      passwordLastSet: "2026-11-04T07:30:00.000Z",
      servicePrincipalNames: hostNames.map((name) => `http/${name}`),
    },
    names: hostNames.map((name, index) => ({
      hostName: name,
      servicePrincipalName: `http/${name}`,
      sites: [`ADSite${1 + (index % sites)}`],
      servers: serverNames.filter((_, server) => siteOf(server) === `ADSite${1 + (index % sites)}`),
      holders: ["CN=EXCH2016ASA,OU=Exchange,DC=corp,DC=tailspintoys,DC=com"],
    })),
    servers: serverNames.map((fqdn, index) => ({
      name: fqdn.split(".")[0]?.toUpperCase() ?? "",
      fqdn,
      product: "2019",
      version: "15.2.1748.10",
      site: siteOf(index),
      clientAccess: true,
      mailbox: true,
      alternateAccount: silent.has(fqdn)
        ? undefined
        : {
            credentials: faultOf("server-credential", fqdn) ? [] : [{ account, added: "2026-11-04T07:29:31.000Z" }],
            comparable: true,
          },
      problem: silent.has(fqdn) ? `${fqdn} does not answer.` : undefined,
    })),
    results: [...results, ...elsewhere],
  };
}
