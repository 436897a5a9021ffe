import { type Entry, escapeFilter } from "ldapts";
import { type Account, readAccount } from "./accounts";
import { addValue, bytes, deleteValue, integer, texts } from "./attributes";
import { Lazy } from "./concurrency";
import type { Directory } from "./directory";
import { domainOf, sameDistinguishedName } from "./distinguished-name";
import { byGuid, guidText } from "./identifiers";
import type { LdapSession } from "./ldap-session";
import { sameSpn } from "./service-principal-name";

/** An account, in any domain of the forest, that answers to a service principal name. */
export interface SpnHolder {
  readonly guid: string;
  readonly distinguishedName: string;
  readonly enabled: boolean;
  /** The value it has: the name itself, or `HOST/…`, which stands for many classes. */
  readonly servicePrincipalName: string;
  readonly byAlias: boolean;
}

const mappings = new WeakMap<Directory, Lazy<ReadonlyMap<string, readonly string[]>>>();

/** `sPNMappings`: for each class that stands for others, those others. As a rule only `host`. */
function aliases(directory: Directory): Promise<ReadonlyMap<string, readonly string[]>> {
  let lazy = mappings.get(directory);
  if (lazy === undefined) {
    lazy = new Lazy(async () => {
      const [dc, { configuration }] = await Promise.all([directory.domainController(), directory.forest()]);
      const [entry] = await dc.search(
        "read the SPN mappings",
        `CN=Directory Service,CN=Windows NT,CN=Services,${configuration}`,
        { scope: "base", attributes: ["sPNMappings"] },
      );
      const lines = entry ? texts(entry, "sPNMappings") : [];
      return new Map(
        lines.map((line) => {
          const [alias = "", classes = ""] = line.toLowerCase().split("=");
          return [alias, classes.split(",")] as const;
        }),
      );
    });
    mappings.set(directory, lazy);
  }
  return lazy.get();
}

/** All names that mean the same service: `http/x` → `http/x`, `host/x`; `host/x` → itself and every class it stands for. */
async function equivalents(directory: Directory, spn: string): Promise<string[]> {
  const [serviceClass = "", ...rest] = spn.toLowerCase().split("/");
  const table = await aliases(directory);
  const standingIn = [...table].filter(([, classes]) => classes.includes(serviceClass)).map(([alias]) => alias);
  return [serviceClass, ...standingIn, ...(table.get(serviceClass) ?? [])].map((one) => [one, ...rest].join("/"));
}

/** As many values in one filter as every server takes without complaint. */
const valuesPerSearch = 150;

function holderOf(entry: Entry, spn: string, names: readonly string[]): SpnHolder | undefined {
  const values = texts(entry, "servicePrincipalName");
  const value = values.find((one) => sameSpn(one, spn)) ?? values.find((one) => names.includes(one.toLowerCase()));
  const [guid] = bytes(entry, "objectGUID");
  if (value === undefined || guid === undefined) return undefined;
  return {
    guid: guidText(guid),
    distinguishedName: entry.dn,
    enabled: ((integer(entry, "userAccountControl") ?? 0) & 0x2) === 0,
    servicePrincipalName: value,
    byAlias: !sameSpn(value, spn),
  };
}

async function searchValues(session: LdapSession, base: string, values: readonly string[]): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let from = 0; from < values.length; from += valuesPerSearch) {
    const terms = values
      .slice(from, from + valuesPerSearch)
      .map((value) => escapeFilter`(servicePrincipalName=${value})`);
    found.push(
      ...(await session.search("look for the holders of service principal names", base, {
        scope: "sub",
        filter: `(|${terms.join("")})`,
        attributes: ["objectGUID", "servicePrincipalName", "userAccountControl"],
        explicitBufferAttributes: ["objectGUID"],
        paged: true,
      })),
    );
  }
  return found;
}

async function searchForest(directory: Directory, values: readonly string[]): Promise<Entry[]> {
  const [dc, catalog, { domain }] = await Promise.all([
    directory.domainController(),
    directory.globalCatalog(),
    directory.forest(),
  ]);
  if (catalog.host === dc.host) return searchValues(catalog, "", values);
  // A catalog on another server may not have heard yet of what was just written here, or taken off.
  const [everywhere, here] = await Promise.all([searchValues(catalog, "", values), searchValues(dc, domain, values)]);
  return [...everywhere.filter(({ dn }) => !sameDistinguishedName(domainOf(dn), domain)), ...here];
}

/**
 * Who holds a service principal name, exactly or through an alias, anywhere in the forest, disabled accounts included.
 * Questions of the same moment are answered by one search.
 */
export async function spnHolders(directory: Directory, spn: string): Promise<readonly SpnHolder[]> {
  const batch = directory.batch<readonly SpnHolder[]>("spn-holders", async (spns) => {
    const names = new Map(
      await Promise.all(spns.map(async (one) => [one, await equivalents(directory, one)] as const)),
    );
    const entries = await searchForest(directory, [...new Set([...names.values()].flat())]);
    return new Map(
      spns.map((one) => {
        const holders = entries.flatMap((entry) => holderOf(entry, one, names.get(one) ?? []) ?? []);
        return [one, [...new Map(holders.map((holder) => [holder.guid, holder])).values()]];
      }),
    );
  });
  return (await batch.get(spn)) ?? [];
}

function right(distinguishedName: string): string {
  return `"Write servicePrincipalName" (the validated write is not enough) on ${distinguishedName}`;
}

async function hasSpn(directory: Directory, guid: string, spn: string): Promise<boolean> {
  const found = await readAccount(directory, guid);
  return found?.servicePrincipalNames.some((value) => sameSpn(value, spn)) ?? false;
}

type SpnOwner = Pick<Account, "guid" | "distinguishedName">;

/** Adds one value; the others are not touched, nor sent. */
export async function addSpn(directory: Directory, account: SpnOwner, spn: string): Promise<void> {
  const dc = await directory.domainController();
  await dc.modify(
    {
      what: `add ${spn} to ${account.distinguishedName}`,
      object: account.distinguishedName,
      right: right(account.distinguishedName),
    },
    byGuid(account.guid),
    [addValue("servicePrincipalName", spn)],
    () => hasSpn(directory, account.guid, spn),
  );
}

/** Removes one value. */
export async function removeSpn(directory: Directory, account: SpnOwner, spn: string): Promise<void> {
  const dc = await directory.domainController();
  await dc.modify(
    {
      what: `remove ${spn} from ${account.distinguishedName}`,
      object: account.distinguishedName,
      right: right(account.distinguishedName),
    },
    byGuid(account.guid),
    [deleteValue("servicePrincipalName", spn)],
    async () => !(await hasSpn(directory, account.guid, spn)),
  );
}
