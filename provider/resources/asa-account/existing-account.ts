import type { Account, AccountType } from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { encryptionTypesOf } from "../../directory/encryption-types";
import { privilegedGroups } from "../../directory/privileged-groups";

const article = "an alternate service account is a computer account or a user account";

/** Why an account that is there cannot be taken over; `undefined` where it can. */
export function adoptionRefusal(account: Account, accountType: AccountType): string | undefined {
  const { distinguishedName: dn, objectClass } = account;
  switch (objectClass) {
    case "msDS-GroupManagedServiceAccount":
      return (
        `${dn} is a group managed service account. Domain controllers make its password, so no server of Exchange can be ` +
        `given one, and Microsoft does not support it here: ${article}.`
      );
    case "msDS-ManagedServiceAccount":
      return (
        `${dn} is a managed service account, which belongs to a single computer that makes its password; the servers of ` +
        `Exchange have to share one: ${article}.`
      );
    case "computer":
    case "user":
      break;
    default:
      return `${dn} is of the class ${objectClass}; ${article}.`;
  }
  if (account.isDomainController) return `${dn} is a domain controller. Choose an account of its own for Exchange.`;
  if (account.isTrust) return `${dn} is the account of a trust. Choose an account of its own for Exchange.`;
  if (account.dnsHostName !== undefined) {
    return (
      `${dn} is the account of a real computer, ${account.dnsHostName}, which a new password would cut off from the domain. Make an ` +
      `account of its own for Exchange; if there is no such computer, clear the attribute dNSHostName.`
    );
  }
  if (objectClass !== accountType) {
    return `${dn} is a ${objectClass}, and accountType says ${accountType}. Its AES keys depend on it: set accountType to "${objectClass}".`;
  }
  return undefined;
}

/** What a person should know about an account before, and after, it becomes the alternate service account. */
export async function adoptionWarnings(directory: Directory, account: Account): Promise<string[]> {
  const { distinguishedName: dn } = account;
  const groups = await privilegedGroups(directory, account);
  return [
    ...(groups === undefined
      ? [`warning: which groups ${dn} is in may not be seen by this user: make sure that none of them is privileged.`]
      : []),
    ...(groups !== undefined && groups.length > 0
      ? [
          `warning: ${dn} is in ${groups.join(", ")}. Every Exchange server knows its password; it needs no more than ` +
            `Domain ${account.objectClass === "computer" ? "Computers" : "Users"}: take it out.`,
        ]
      : []),
    ...(encryptionTypesOf(account.encryptionTypeBits).length === 0
      ? [`warning: ${dn} has had no encryption types. If its password is older than the domain's AES support, roll it.`]
      : []),
  ];
}
