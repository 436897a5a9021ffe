import { Control, escapeFilter } from "ldapts";
import { texts } from "./attributes";
import type { Directory } from "./directory";
import { sameSpn } from "./service-principal-name";

/** LDAP_SERVER_SHOW_DELETED_OID (MS-ADTS 3.1.1.3.4.1.14). */
const showDeleted = "1.2.840.113556.1.4.417";

/** A deleted object that would bring a service principal name back with it. */
export interface DeletedHolder {
  readonly distinguishedName: string;
  /** Those of the names asked for that it has. */
  readonly servicePrincipalNames: readonly string[];
}

/** `CN=Deleted Objects` of a domain by its well-known GUID (MS-ADTS 6.1.1.4). */
const deletedObjects = "18E2EA80684F11D2B9AA00C04F79F805";

/**
 * Whether our user may look at what was deleted: who may not finds nothing, and gets no error. By default administrators alone may.
 */
export async function seesDeletedObjects(directory: Directory): Promise<boolean> {
  const [dc, { domain }] = await Promise.all([directory.domainController(), directory.forest()]);
  const [container] = await dc.search(
    "look whether deleted objects can be seen",
    `<WKGUID=${deletedObjects},${domain}>`,
    { scope: "base", attributes: ["isDeleted"] },
    [new Control(showDeleted, { critical: true })],
  );
  // Its name may show where what it has does not.
  return container !== undefined && texts(container, "isDeleted").length > 0;
}

/** Deleted objects of the domain with any of these names. Only the Recycle Bin keeps names of what was deleted. */
export async function deletedSpnHolders(directory: Directory, spns: readonly string[]): Promise<DeletedHolder[]> {
  if (spns.length === 0) return [];
  const [dc, { domain }] = await Promise.all([directory.domainController(), directory.forest()]);
  const terms = spns.map((spn) => escapeFilter`(servicePrincipalName=${spn})`).join("");
  const found = await dc.search(
    "look for deleted holders of service principal names",
    domain,
    { scope: "sub", filter: `(&(isDeleted=TRUE)(|${terms}))`, attributes: ["servicePrincipalName"] },
    [new Control(showDeleted, { critical: true })],
  );
  return found.map((entry) => ({
    distinguishedName: entry.dn,
    servicePrincipalNames: texts(entry, "servicePrincipalName").filter((value) =>
      spns.some((spn) => sameSpn(spn, value)),
    ),
  }));
}
