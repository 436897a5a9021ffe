import type { Account } from "./accounts";
import { bytes, text } from "./attributes";
import type { Directory } from "./directory";
import { byGuid, sidText } from "./identifiers";

/** Groups of a domain by the last part of their SID (MS-DTYP 2.4.2.4); their names differ from language to language. */
const domainGroups: Readonly<Record<string, string>> = {
  "498": "Enterprise Read-only Domain Controllers",
  "512": "Domain Admins",
  "516": "Domain Controllers",
  "517": "Cert Publishers",
  "518": "Schema Admins",
  "519": "Enterprise Admins",
  "520": "Group Policy Creator Owners",
  "521": "Read-only Domain Controllers",
  "526": "Key Admins",
  "527": "Enterprise Key Admins",
};

const builtinGroups: Readonly<Record<string, string>> = {
  "S-1-5-32-544": "Administrators",
  "S-1-5-32-548": "Account Operators",
  "S-1-5-32-549": "Server Operators",
  "S-1-5-32-550": "Print Operators",
  "S-1-5-32-551": "Backup Operators",
  "S-1-5-32-552": "Replicator",
};

function privilegedName(sid: string): string | undefined {
  return builtinGroups[sid] ?? (sid.startsWith("S-1-5-21-") ? domainGroups[sid.split("-").at(-1) ?? ""] : undefined);
}

/**
 * The privileged groups that an account is in, directly, through other groups or as its primary group, by their
 * present names; `undefined` where our user may not see its groups. An alternate service account needs none (article,
 * "Account group").
 */
export async function privilegedGroups(directory: Directory, account: Account): Promise<string[] | undefined> {
  const dc = await directory.domainController();
  // tokenGroups is made by the domain controller, nested groups and the primary group included.
  const [entry] = await dc.search(`read the groups of ${account.distinguishedName}`, byGuid(account.guid), {
    scope: "base",
    attributes: ["tokenGroups"],
    explicitBufferAttributes: ["tokenGroups"],
  });
  const sids = (entry ? bytes(entry, "tokenGroups") : []).map(sidText);
  // Its primary group is always among them.
  if (sids.length === 0) return undefined;
  const privileged = sids.flatMap((sid) => {
    const standardName = privilegedName(sid);
    return standardName === undefined ? [] : [{ sid, standardName }];
  });
  return Promise.all(
    privileged.map(async ({ sid, standardName }) => {
      const [group] = await dc.search(`read the group ${standardName}`, `<SID=${sid}>`, {
        scope: "base",
        attributes: ["sAMAccountName"],
      });
      return (group && text(group, "sAMAccountName")) ?? standardName;
    }),
  );
}
