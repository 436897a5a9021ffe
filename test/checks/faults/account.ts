import { corp, dc1 } from "../../../lab/domain-controller";
import { fqdn } from "../../resources/asa-deployment/world";
import { backdateDomain, filetime, lag, otherAccount, pastLdap, removeOther } from "../breaking";
import type { Healthy } from "../healthy";
import type { Fault } from "./fault";

const other = "OTHERHOLDER";

const passwordOf = async (healthy: Healthy, daysAgo: number) => {
  await pastLdap(dc1, { dn: healthy.distinguishedName, attribute: "pwdLastSet", values: [filetime(daysAgo)] });
};

export const account: readonly Fault[] = [
  {
    what: "an account that was deleted",
    check: "account-exists",
    outcome: "fail",
    remedy: /^Make it again and deploy it; if another account is meant, take this one off/,
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
    seen: /^it is in Domain Admins, Administrators, and every Exchange server/,
    remedy: /no more than Domain Computers\.$/,
    make: (healthy) =>
      healthy.modify("add", "member", [healthy.distinguishedName], `CN=Domain Admins,CN=Users,${corp.baseDn}`),
    mend: (healthy) =>
      healthy.modify("delete", "member", [healthy.distinguishedName], `CN=Domain Admins,CN=Users,${corp.baseDn}`),
  },
  {
    what: "a user of the same name",
    check: "account-unique-name",
    outcome: "warn",
    seen: /^CN=OTHERHOLDER,\S+ .*is called T\d+: whoever leaves out the \$/,
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
