import { corp, dc1, users } from "../../../lab/domain-controller";
import { graveOf, otherAccount, pastLdap, removeOther } from "../breaking";
import type { Healthy } from "../healthy";
import { autodiscover, type Fault, mail } from "./fault";

const other = "OTHERHOLDER";

export const spn: readonly Fault[] = [
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
      ["an SPN on another account", { servicePrincipalName: `http/${mail}` }, /^CN=OTHERHOLDER,.*,DC=com has http/],
      [
        "an SPN on a disabled account",
        { servicePrincipalName: `http/${mail}`, userAccountControl: "4098" },
        /^CN=OTHERHOLDER,.*,DC=com, which is disabled, has http/,
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
    what: "an SPN on an account whose name has quotes, which PowerShell must not take for its own",
    check: "spn-other-holder",
    outcome: "fail",
    object: mail,
    remedy: /^Set-ADObject 'CN=O''Brien’’s,.*' -Remove @\{servicePrincipalName='http\/mail\.[\w.]+'\}$/,
    make: async (healthy) => {
      await healthy.modify("delete", "servicePrincipalName", [`http/${mail}`]);
      await otherAccount(healthy, "O'Brien’s", { sAMAccountName: `${other}$`, servicePrincipalName: `http/${mail}` });
    },
    mend: async (healthy) => {
      await removeOther(healthy, "O'Brien’s");
      await healthy.modify("add", "servicePrincipalName", [`http/${mail}`]);
    },
  },
  {
    what: "an account that answers by its own HOST, which must stay until it has the SPN",
    check: "spn-on-account",
    outcome: "warn",
    object: mail,
    remedy: new RegExp(`^setspn -S http/${mail} \\S+, and then: setspn -D HOST/${mail} `),
    make: async (healthy) => {
      await healthy.modify("delete", "servicePrincipalName", [`http/${mail}`]);
      await healthy.modify("add", "servicePrincipalName", [`HOST/${mail}`]);
    },
    mend: async (healthy) => {
      await healthy.modify("delete", "servicePrincipalName", [`HOST/${mail}`]);
      await healthy.modify("add", "servicePrincipalName", [`http/${mail}`]);
    },
  },
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
    seen: /^the Recycle Bin has CN=OTHERHOLDER DEL:/,
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
    remedy: new RegExp(`^setspn -D http/old.${corp.dnsName} \\S+\\$$`),
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
    remedy: /^Set-ADObject 'CN=OTHERHOLDER,CN=Computers,.*' -Remove @\{servicePrincipalName='http\/mail\./,
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
