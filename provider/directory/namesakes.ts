import { escapeFilter } from "ldapts";
import type { Account } from "./accounts";
import { text } from "./attributes";
import type { Directory } from "./directory";
import { sameDistinguishedName } from "./distinguished-name";

/** Another object that could be taken for the account. */
export interface Namesake {
  readonly distinguishedName: string;
  readonly samAccountName: string;
  /** Made by replication when two domain controllers had got the same name: one of them was renamed. */
  readonly conflict: boolean;
}

/**
 * Objects of the forest whose sAMAccountName is the account's, with or without the `$` of computers, and what replication
 * renamed because it had the same place. Active Directory keeps names unique in a domain only, and `$` apart.
 */
export async function namesakes(directory: Directory, account: Account): Promise<Namesake[]> {
  const catalog = await directory.globalCatalog();
  const bare = account.samAccountName.replace(/\$$/, "");
  const found = await catalog.search(`look for namesakes of ${account.samAccountName}`, "", {
    scope: "sub",
    filter: `(|${escapeFilter`(sAMAccountName=${bare})(sAMAccountName=${`${bare}$`})(cn=${`${bare}\nCNF:`}`}*))`,
    attributes: ["sAMAccountName"],
    paged: true,
  });
  return found
    .filter(({ dn }) => !sameDistinguishedName(dn, account.distinguishedName))
    .map((entry) => ({
      distinguishedName: entry.dn,
      samAccountName: text(entry, "sAMAccountName") ?? "",
      conflict: /\\0ACNF:/i.test(entry.dn),
    }));
}
