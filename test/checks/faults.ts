import { corp, dc1, users, usersDc } from "../../lab/domain-controller";
import { addresses } from "../../lab/network-namespace";
import type { Outcome } from "../../provider/checks/check";
import type { Selection } from "../../provider/checks/world";
import { tell } from "../exchange-lab/support/clients";
import { fqdn } from "../resources/asa-deployment/world";
import {
  backdateDomain,
  filetime,
  graveOf,
  lag,
  otherAccount,
  pastLdap,
  record,
  removeOther,
  trustNamespaces,
} from "./breaking";
import type { Healthy } from "./healthy";

/** One thing that goes wrong, and what is to be said of it. */
export interface Fault {
  readonly what: string;
  readonly check: string;
  readonly outcome: Outcome;
  /** Default: the account. */
  readonly object?: string;
  /** Words of what was seen. */
  readonly seen?: RegExp;
  /** What is advised, where it matters. */
  readonly remedy?: RegExp;
  readonly selection?: Selection;
  make(healthy: Healthy): void | Promise<void>;
  /** Default: none, for what `Healthy.deploy` puts right. */
  mend?(healthy: Healthy): void | Promise<void>;
}

const mail = `mail.${corp.dnsName}`;
const autodiscover = `autodiscover.${corp.dnsName}`;
const cas2 = fqdn("cas-2");
const other = "OTHERHOLDER";
const trustDn = `CN=${users.dnsName},CN=System,${corp.baseDn}`;
const day = 86_400_000;

const dns: Fault[] = [
  {
    what: "a name without a record",
    check: "dns-address-record",
    outcome: "fail",
    object: mail,
    make: () => record("delete", "mail", "A", addresses.balancer),
    mend: () => record("add", "mail", "A", addresses.balancer),
  },
  {
    what: "a CNAME to a name that has no SPN",
    check: "dns-address-record",
    outcome: "fail",
    object: mail,
    seen: /alias.*lb\./,
    make: async () => {
      await record("delete", "mail", "A", addresses.balancer);
      await record("add", "lb", "A", addresses.balancer);
      await record("add", "mail", "CNAME", `lb.${corp.dnsName}`);
    },
    mend: async () => {
      await record("delete", "mail", "CNAME", `lb.${corp.dnsName}`);
      await record("delete", "lb", "A", addresses.balancer);
      await record("add", "mail", "A", addresses.balancer);
    },
  },
  {
    what: "a CNAME to another of the names",
    check: "dns-address-record",
    outcome: "warn",
    object: mail,
    make: async () => {
      await record("delete", "mail", "A", addresses.balancer);
      await record("add", "mail", "CNAME", autodiscover);
    },
    mend: async () => {
      await record("delete", "mail", "CNAME", autodiscover);
      await record("add", "mail", "A", addresses.balancer);
    },
  },
  {
    what: "a record that has not come to every domain controller",
    check: "dns-same-answer",
    outcome: "fail",
    object: mail,
    make: async () => {
      await lag(true);
      await record("add", "mail", "A", addresses.secondBalancer);
    },
    mend: async () => {
      await record("delete", "mail", "A", addresses.secondBalancer);
      await lag(false);
    },
  },
];

const account: Fault[] = [
  {
    what: "an account that was deleted",
    check: "account-exists",
    outcome: "fail",
    make: async (healthy) => {
      await healthy.world.forest.admin.del(healthy.distinguishedName);
    },
    mend: (healthy) => healthy.makeAccount(),
  },
  {
    what: "no account anywhere",
    check: "account-exists",
    outcome: "fail",
    object: corp.dnsName,
    // What answers to the names is then somebody else's.
    selection: { skip: ["spn-other-holder"] },
    make: (healthy) => {
      for (const server of healthy.world.organization.servers) server.credentials.replace([]);
    },
  },
  {
    what: "a user account",
    check: "account-kind",
    outcome: "warn",
    make: async (healthy) => {
      await healthy.world.forest.admin.del(healthy.distinguishedName);
      await healthy.makeAccount("user");
    },
    mend: async (healthy) => {
      await healthy.world.forest.admin.del(healthy.distinguishedName);
      await healthy.makeAccount();
    },
  },
  {
    what: "the account of a real computer",
    check: "account-kind",
    outcome: "fail",
    make: (healthy) => healthy.modify("replace", "dNSHostName", [`pc-1.${corp.dnsName}`]),
    // Samba 4.17 does not take a dNSHostName away.
    mend: async (healthy) => {
      await healthy.world.forest.admin.del(healthy.distinguishedName);
      await healthy.makeAccount();
    },
  },
  {
    what: "a disabled account",
    check: "account-usable",
    outcome: "fail",
    make: (healthy) => healthy.modify("replace", "userAccountControl", [String(0x1002)]),
    mend: (healthy) => healthy.modify("replace", "userAccountControl", [String(0x1000)]),
  },
  {
    what: "an account that has expired",
    check: "account-usable",
    outcome: "fail",
    seen: /expired/,
    make: (healthy) => healthy.modify("replace", "accountExpires", [filetime(3)]),
    mend: (healthy) => healthy.modify("replace", "accountExpires", ["0"]),
  },
  {
    what: "a password that must be changed first",
    check: "account-usable",
    outcome: "fail",
    seen: /password has expired/,
    make: (healthy) => healthy.modify("replace", "pwdLastSet", ["0"]),
    mend: (healthy) => healthy.modify("replace", "pwdLastSet", ["-1"]),
  },
  {
    what: "no encryption types",
    check: "account-encryption-types",
    outcome: "warn",
    make: (healthy) => healthy.modify("replace", "msDS-SupportedEncryptionTypes", []),
    mend: (healthy) => healthy.modify("replace", "msDS-SupportedEncryptionTypes", ["28"]),
  },
  {
    what: "encryption types of 0, which is not set",
    check: "account-encryption-types",
    outcome: "warn",
    seen: /is not set, so it depends on/,
    make: (healthy) => healthy.modify("replace", "msDS-SupportedEncryptionTypes", ["0"]),
    mend: (healthy) => healthy.modify("replace", "msDS-SupportedEncryptionTypes", ["28"]),
  },
  {
    what: "RC4 alone",
    check: "account-encryption-types",
    outcome: "fail",
    make: (healthy) => healthy.modify("replace", "msDS-SupportedEncryptionTypes", ["4"]),
    mend: (healthy) => healthy.modify("replace", "msDS-SupportedEncryptionTypes", ["28"]),
  },
  {
    what: "DES alone",
    check: "account-encryption-types",
    outcome: "fail",
    seen: /DES/,
    make: (healthy) => healthy.modify("replace", "userAccountControl", [String(0x201000)]),
    mend: (healthy) => healthy.modify("replace", "userAccountControl", [String(0x1000)]),
  },
  {
    what: "a password of the time before AES",
    check: "account-aes-keys",
    outcome: "fail",
    make: async (healthy) => {
      await backdateDomain(10);
      await passwordOf(healthy, 20);
    },
    mend: (healthy) => healthy.modify("replace", "pwdLastSet", ["-1"]),
  },
  {
    what: "an account that nobody seems to use",
    check: "account-clean-up",
    outcome: "warn",
    make: async (healthy) => {
      await backdateDomain(3000);
      await passwordOf(healthy, 100);
    },
    mend: (healthy) => healthy.modify("replace", "pwdLastSet", ["-1"]),
  },
  {
    what: "an old password",
    check: "account-password-age",
    outcome: "warn",
    selection: { maxPasswordAgeDays: 30 },
    make: async (healthy) => {
      await backdateDomain(3000);
      await passwordOf(healthy, 40);
    },
    mend: (healthy) => healthy.modify("replace", "pwdLastSet", ["-1"]),
  },
  {
    what: "a privileged account",
    check: "account-groups",
    outcome: "warn",
    seen: /Domain Admins/,
    make: (healthy) =>
      healthy.modify("add", "member", [healthy.distinguishedName], `CN=Domain Admins,CN=Users,${corp.baseDn}`),
    mend: (healthy) =>
      healthy.modify("delete", "member", [healthy.distinguishedName], `CN=Domain Admins,CN=Users,${corp.baseDn}`),
  },
  {
    what: "a user of the same name",
    check: "account-unique-name",
    outcome: "warn",
    make: (healthy) =>
      otherAccount(healthy, other, {
        objectClass: "user",
        sAMAccountName: healthy.accountName,
        userAccountControl: "514",
      }),
    mend: (healthy) => removeOther(healthy, other),
  },
  {
    what: "a password that has not come to every domain controller",
    check: "account-replicated",
    outcome: "fail",
    seen: /another version/,
    make: async (healthy) => {
      await lag(true);
      await healthy.setPassword();
    },
    mend: () => lag(false),
  },
  {
    what: "an account that has not come to every domain controller",
    check: "account-replicated",
    outcome: "fail",
    seen: /does not have the account/,
    make: async (healthy) => {
      await lag(true);
      await healthy.world.forest.admin.del(healthy.distinguishedName);
      await healthy.makeAccount();
    },
    mend: () => lag(false),
  },
  {
    what: "Exchange 2010 with the same account",
    check: "account-exchange-2010",
    outcome: "fail",
    object: fqdn("cas-old"),
    make: (healthy) => {
      healthy.world.organization.addServer("cas-old", { product: "2010" });
      healthy.world.addByHand("cas-old", healthy.qualifiedName, healthy.secret);
    },
    mend: (healthy) => healthy.dropServer("cas-old"),
  },
];

const passwordOf = async (healthy: Healthy, daysAgo: number) => {
  await pastLdap(dc1, { dn: healthy.distinguishedName, attribute: "pwdLastSet", values: [filetime(daysAgo)] });
};

const spn: Fault[] = [
  {
    what: "a name without SPN",
    check: "spn-on-account",
    outcome: "fail",
    object: mail,
    make: (healthy) => healthy.modify("delete", "servicePrincipalName", [`http/${mail}`]),
    mend: (healthy) => healthy.modify("add", "servicePrincipalName", [`http/${mail}`]),
  },
  ...(
    [
      ["an SPN on another account", { servicePrincipalName: `http/${mail}` }, /OTHERHOLDER/],
      [
        "an SPN on a disabled account",
        { servicePrincipalName: `http/${mail}`, userAccountControl: "4098" },
        /disabled/,
      ],
    ] as const
  ).map(
    ([what, more, seen]): Fault => ({
      what,
      check: "spn-other-holder",
      outcome: "fail",
      object: mail,
      seen,
      make: async (healthy) => {
        await healthy.modify("delete", "servicePrincipalName", [`http/${mail}`]);
        await otherAccount(healthy, other, more);
      },
      mend: async (healthy) => {
        await removeOther(healthy, other);
        await healthy.modify("add", "servicePrincipalName", [`http/${mail}`]);
      },
    }),
  ),
  {
    what: "a computer whose HOST stands for an SPN that the account does not have",
    check: "spn-other-holder",
    outcome: "fail",
    object: autodiscover,
    seen: /OTHERHOLDER.* stands for .* clients get tickets for it/,
    remedy: new RegExp(`^Leave the HOST SPN.* WinRM included: setspn -S http/${autodiscover} ${corp.netbiosName}\\\\`),
    make: async (healthy) => {
      await healthy.modify("delete", "servicePrincipalName", [`http/${autodiscover}`]);
      await otherAccount(healthy, other, { servicePrincipalName: `HOST/${autodiscover}` });
    },
    mend: async (healthy) => {
      await removeOther(healthy, other);
      await healthy.modify("add", "servicePrincipalName", [`http/${autodiscover}`]);
    },
  },
  {
    what: "a computer whose HOST stands for the account's SPN",
    check: "spn-other-holder",
    outcome: "warn",
    object: autodiscover,
    seen: /OTHERHOLDER.* stands for .* get the account's tickets all the same/,
    remedy: /^Leave the HOST SPN/,
    make: async (healthy) => {
      // The other way round the directory refuses the HOST name.
      await healthy.modify("delete", "servicePrincipalName", [`http/${autodiscover}`]);
      await otherAccount(healthy, other, { servicePrincipalName: `HOST/${autodiscover}` });
      await healthy.modify("add", "servicePrincipalName", [`http/${autodiscover}`]);
    },
    mend: (healthy) => removeOther(healthy, other),
  },
  {
    what: "an SPN in the Recycle Bin",
    check: "spn-deleted-holder",
    outcome: "warn",
    object: mail,
    make: async (healthy) => {
      await otherAccount(healthy, other, {});
      await removeOther(healthy, other);
      // Samba has no Recycle Bin by default: what it would keep is put on the tombstone.
      await healthy.modify("delete", "servicePrincipalName", [`http/${mail}`]);
      await pastLdap(dc1, {
        dn: await graveOf(healthy, other),
        attribute: "servicePrincipalName",
        values: [`http/${mail}`],
      });
      await healthy.modify("add", "servicePrincipalName", [`http/${mail}`]);
    },
    mend: async (healthy) => {
      await pastLdap(dc1, { dn: await graveOf(healthy, other), attribute: "servicePrincipalName", values: [] });
    },
  },
  {
    what: "an SPN that nobody needs",
    check: "spn-stale",
    outcome: "warn",
    make: (healthy) => healthy.modify("add", "servicePrincipalName", [`http/old.${corp.dnsName}`]),
    mend: (healthy) => healthy.modify("delete", "servicePrincipalName", [`http/old.${corp.dnsName}`]),
  },
  {
    what: "a computer of the users' own forest whose HOST stands for the SPN",
    check: "spn-user-forest",
    outcome: "fail",
    object: mail,
    seen: /HOST\/mail/i,
    remedy: /^Leave the HOST SPN/,
    make: (healthy) => inUsersForest(healthy, `HOST/${mail}`),
    mend: (healthy) => healthy.inUsersForest((client) => client.del(`CN=${other},CN=Computers,${users.baseDn}`)),
  },
  {
    what: "the SPN in the users' own forest",
    check: "spn-user-forest",
    outcome: "fail",
    object: mail,
    make: (healthy) => inUsersForest(healthy, `http/${mail}`),
    mend: (healthy) => healthy.inUsersForest((client) => client.del(`CN=${other},CN=Computers,${users.baseDn}`)),
  },
];

function inUsersForest(healthy: Healthy, servicePrincipalName: string): Promise<void> {
  return healthy.inUsersForest((client) =>
    client.add(`CN=${other},CN=Computers,${users.baseDn}`, {
      objectClass: "computer",
      sAMAccountName: `${other}$`,
      userAccountControl: "4096",
      servicePrincipalName,
    }),
  );
}

const trust: Fault[] = [
  {
    what: "a trust that does not go from forest to forest",
    check: "trust-kind",
    outcome: "fail",
    object: users.dnsName,
    seen: /external/,
    make: () => trustAttribute("trustAttributes", "0"),
    mend: () => trustAttribute("trustAttributes", "8"),
  },
  {
    what: "a trust in the other direction",
    check: "trust-kind",
    outcome: "fail",
    object: users.dnsName,
    seen: /other way/,
    make: () => trustAttribute("trustDirection", "1"),
    mend: () => trustAttribute("trustDirection", "3"),
  },
  {
    what: "selective authentication",
    check: "trust-kind",
    outcome: "warn",
    object: users.dnsName,
    make: () => trustAttribute("trustAttributes", "24"),
    mend: () => trustAttribute("trustAttributes", "8"),
  },
  {
    what: "a trust with RC4 alone",
    check: "trust-encryption",
    outcome: "fail",
    object: users.dnsName,
    make: () => trustAttribute("msDS-SupportedEncryptionTypes", "4"),
    mend: () => trustAttribute("msDS-SupportedEncryptionTypes", "24"),
  },
  {
    what: "a trust without encryption types",
    check: "trust-encryption",
    outcome: "warn",
    object: users.dnsName,
    make: () => trustAttribute("msDS-SupportedEncryptionTypes"),
    mend: () => trustAttribute("msDS-SupportedEncryptionTypes", "24"),
  },
  {
    what: "a name that the users' forest does not route here",
    check: "trust-routing",
    outcome: "fail",
    object: mail,
    make: async () => void (await trustNamespaces(usersDc, [corp.dnsName, `--add-tln-ex=${mail}`])),
    mend: async () => void (await trustNamespaces(usersDc, [corp.dnsName, `--delete-tln-ex=${mail}`])),
  },
];

function trustAttribute(attribute: string, ...values: string[]): Promise<void> {
  return pastLdap(dc1, { dn: trustDn, attribute, values });
}

const server: Fault[] = [
  {
    what: "a server that does not answer",
    check: "server-reachable",
    outcome: "fail",
    object: cas2,
    make: (healthy) => healthy.world.stop("cas-2"),
    mend: (healthy) => healthy.world.start("cas-2"),
  },
  {
    what: "a load-balanced name among the servers",
    check: "server-reachable",
    outcome: "fail",
    object: mail,
    seen: /not an Exchange server/,
    selection: { servers: [fqdn("cas-1"), cas2, mail] },
    make: () => {},
  },
  {
    what: "Exchange 2010 among the servers",
    check: "server-version",
    outcome: "warn",
    object: fqdn("cas-old"),
    selection: { servers: [fqdn("cas-1"), cas2, fqdn("cas-old")] },
    make: (healthy) => void healthy.world.organization.addServer("cas-old", { product: "2010" }),
    mend: (healthy) => healthy.dropServer("cas-old"),
  },
  {
    what: "a server with another name",
    check: "server-names",
    outcome: "warn",
    object: cas2,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.switched.WebServices.internalUrl =
        `https://${autodiscover}/EWS/Exchange.asmx`;
    },
    mend: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.switched.WebServices.internalUrl =
        `https://${mail}/EWS/Exchange.asmx`;
    },
  },
  {
    what: "a server without the credential",
    check: "server-credential",
    outcome: "fail",
    object: cas2,
    make: (healthy) => healthy.server("cas-2").credentials.replace([]),
  },
  {
    what: "a server with another account",
    check: "server-credential",
    outcome: "fail",
    object: cas2,
    seen: /OLDASA/,
    make: (healthy) => healthy.world.addByHand("cas-2", `${corp.netbiosName}\\OLDASA$`, "old"),
  },
  {
    what: "a server with a password of before",
    check: "server-generation",
    outcome: "fail",
    object: cas2,
    make: (healthy) => healthy.credentialsOf("cas-2", -2 * day),
  },
  {
    what: "a server that tells the time as a text",
    check: "server-generation",
    outcome: "unknown",
    object: cas2,
    selection: { servers: [cas2] },
    make: (healthy) => {
      healthy.world.organization.state.configurationShape = "text";
    },
    mend: (healthy) => {
      healthy.world.organization.state.configurationShape = "ask";
    },
  },
  {
    what: "a server that cannot read older tickets",
    check: "server-previous",
    outcome: "warn",
    object: cas2,
    make: (healthy) => healthy.credentialsOf("cas-1", 0, -day),
  },
  {
    what: "a Service Host that stands still",
    check: "server-service-host",
    outcome: "fail",
    object: cas2,
    make: (healthy) => healthy.server("cas-2").setService("MSExchangeServiceHost", "Stopped"),
    mend: (healthy) => healthy.server("cas-2").setService("MSExchangeServiceHost", "Running"),
  },
  {
    what: "a Service Host of which nobody speaks",
    check: "server-service-host",
    outcome: "unknown",
    object: cas2,
    make: (healthy) => {
      delete healthy.server("cas-2").state.services.MSExchangeServiceHost;
    },
    mend: (healthy) => healthy.server("cas-2").setService("MSExchangeServiceHost", "Running"),
  },
  ...(
    [
      [600_000, "fail"],
      [-200_000, "warn"],
    ] as const
  ).map(
    ([milliseconds, outcome]): Fault => ({
      what: `a clock that is ${milliseconds / 1000} seconds off`,
      check: "server-clock",
      outcome,
      object: cas2,
      make: async () => void (await tell({ request: "set-clock", server: "cas-2", milliseconds })),
      mend: async () => void (await tell({ request: "set-clock", server: "cas-2", milliseconds: 0 })),
    }),
  ),
  {
    what: "Outlook Anywhere with NTLM",
    check: "server-outlook-anywhere",
    outcome: "fail",
    object: cas2,
    seen: /Ntlm/,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.outlookAnywhere.internalClientAuthenticationMethod = "Ntlm";
    },
  },
  {
    what: "Outlook Anywhere whose IIS does not take Negotiate",
    check: "server-outlook-anywhere",
    outcome: "fail",
    object: cas2,
    seen: /IIS/,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.outlookAnywhere.iisAuthenticationMethods = ["Ntlm"];
    },
  },
  {
    what: "MAPI over HTTP without Negotiate",
    check: "server-mapi",
    outcome: "fail",
    object: cas2,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.mapi.iisAuthenticationMethods = ["Ntlm", "OAuth"];
    },
  },
  {
    what: "MAPI over HTTP without OAuth",
    check: "server-mapi-oauth",
    outcome: "warn",
    object: cas2,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.mapi.iisAuthenticationMethods = ["Ntlm", "Negotiate"];
    },
  },
  {
    what: "SSL offloading with Extended Protection",
    check: "server-ssl-offloading",
    outcome: "fail",
    object: cas2,
    make: (healthy) => {
      for (const one of healthy.world.organization.servers) {
        one.state.virtualDirectories.outlookAnywhere.extendedProtection.tokenChecking = "Allow";
      }
      healthy.server("cas-2").state.virtualDirectories.outlookAnywhere.sslOffloading = true;
    },
  },
  {
    what: "Extended Protection on one server only",
    check: "server-extended-protection",
    outcome: "warn",
    object: cas2,
    make: (healthy) => {
      healthy.server("cas-2").state.virtualDirectories.mapi.extendedProtection.tokenChecking = "Require";
    },
  },
];

export const faults: readonly Fault[] = [...dns, ...account, ...spn, ...trust, ...server];

/** What the other domain controller has to hear of: it is asked for passwords and for host names. */
export function replicated({ check }: Fault): "domain" | "dns" | undefined {
  if (check.startsWith("dns-")) return "dns";
  const passwords = /^account-(exists|kind|usable|aes-keys|clean-up|password-age|replicated)$/;
  return passwords.test(check) ? "domain" : undefined;
}

/** Faults of replication itself. */
export function isLag({ check }: Fault): boolean {
  return check === "dns-same-answer" || check === "account-replicated";
}
