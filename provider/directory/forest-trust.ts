import type { Entry, SearchOptions } from "ldapts";
import { ProviderError } from "../error";
import { bytes, integer, text, texts } from "./attributes";
import type { Directory } from "./directory";
import { decodeForestTrustInfo, type ForestTrustRecord } from "./forest-trust-info";
import { dnsNameOf } from "./identifiers";

/** `forest`: the only kind that routes by name suffixes. `realm`: a Kerberos realm that is no Active Directory. */
export type TrustKind = "forest" | "within-forest" | "external" | "realm" | "downlevel";

/** A trust as one of its two sides has it: an object of class trustedDomain. */
export interface Trust {
  readonly distinguishedName: string;
  /** DNS name of the domain that holds this object: the side that decides by it. */
  readonly holder: string;
  /** DNS name of the other side. */
  readonly partner: string;
  readonly partnerNetbiosName: string | undefined;
  readonly kind: TrustKind;
  /** The other side trusts us: our users get tickets for services over there. */
  readonly inbound: boolean;
  /** We trust the other side: its users get tickets for services here. */
  readonly outbound: boolean;
  /** `msDS-SupportedEncryptionTypes`; `undefined` where it is not set, or cannot be read (see `aes`). */
  readonly encryptionTypeBits: number | undefined;
  /**
   * Whether referral tickets over this trust are made with AES. `unset`: nobody chose; RC4 on domain controllers without the
   * updates of November 2022. `unknown`: the object was read from the Global Catalog, which does not have the attribute.
   */
  readonly aes: "yes" | "no" | "unset" | "unknown";
  /** Users from over there need "Allowed to authenticate" on each account here that they want a ticket for. */
  readonly selectiveAuthentication: boolean;
  /** The other forest's names; `undefined` where the trust has none. */
  readonly records: readonly ForestTrustRecord[] | undefined;
  /** Why `records` could not be read. */
  readonly malformed?: ProviderError;
}

/** Bits of `trustAttributes` (MS-ADTS 6.1.6.7.9). */
const attribute = { forestTransitive: 0x8, crossOrganization: 0x10, withinForest: 0x20 } as const;
/** Bits of `trustDirection` (MS-ADTS 6.1.6.7.12). */
const direction = { inbound: 0x1, outbound: 0x2 } as const;
/** Values of `trustType` (MS-ADTS 6.1.6.7.15). */
const trustType = { downlevel: 1, realm: 3 } as const;
const aesBits = 0x18;

const attributes = [
  "trustPartner",
  "flatName",
  "trustType",
  "trustDirection",
  "trustAttributes",
  "msDS-SupportedEncryptionTypes",
  "msDS-TrustForestTrustInfo",
];

/**
 * All trusts of the connection's domain and, where that is another domain, of the forest's first one: forest trusts are there.
 * A trust between forests has an object on each side. For a user of forest U who wants `http/mail.…` of forest R, the object
 * *in U* decides where the request goes (its records, and `inbound`), and the one in R whether it is taken (`outbound`).
 */
export async function readTrusts(directory: Directory): Promise<Trust[]> {
  const [dc, { domain, rootDomain }] = await Promise.all([directory.domainController(), directory.forest()]);
  const options = {
    scope: "one",
    filter: "(objectClass=trustedDomain)",
    attributes,
    explicitBufferAttributes: ["msDS-TrustForestTrustInfo"],
  } satisfies SearchOptions;
  const own = await dc.search(`read the trusts of ${domain}`, `CN=System,${domain}`, options);
  const trusts = own.map((entry) => trustOf(entry, domain, true));
  if (domain.toLowerCase() === rootDomain.toLowerCase()) return trusts;
  const catalog = await directory.globalCatalog();
  const root = await catalog.search(`read the trusts of ${rootDomain}`, `CN=System,${rootDomain}`, options);
  return [...trusts, ...root.map((entry) => trustOf(entry, rootDomain, false))];
}

function trustOf(entry: Entry, holder: string, hasAllAttributes: boolean): Trust {
  const bits = integer(entry, "msDS-SupportedEncryptionTypes");
  const towards = integer(entry, "trustDirection") ?? 0;
  const flags = integer(entry, "trustAttributes") ?? 0;
  const [blob] = bytes(entry, "msDS-TrustForestTrustInfo");
  return {
    distinguishedName: entry.dn,
    holder: dnsNameOf(holder),
    partner: (text(entry, "trustPartner") ?? "").toLowerCase(),
    partnerNetbiosName: text(entry, "flatName"),
    kind: kindOf(integer(entry, "trustType"), flags),
    inbound: (towards & direction.inbound) !== 0,
    outbound: (towards & direction.outbound) !== 0,
    encryptionTypeBits: bits,
    aes: hasAllAttributes ? aesOf(bits) : "unknown",
    selectiveAuthentication: (flags & attribute.crossOrganization) !== 0,
    ...recordsOf(blob, entry.dn),
  };
}

function kindOf(type: number | undefined, flags: number): TrustKind {
  if (type === trustType.downlevel) return "downlevel";
  if (type === trustType.realm) return "realm";
  if ((flags & attribute.withinForest) !== 0) return "within-forest";
  return (flags & attribute.forestTransitive) !== 0 ? "forest" : "external";
}

function aesOf(bits: number | undefined): Trust["aes"] {
  if (bits === undefined) return "unset";
  return (bits & aesBits) !== 0 ? "yes" : "no";
}

function recordsOf(blob: Buffer | undefined, object: string): Pick<Trust, "records" | "malformed"> {
  if (blob === undefined || blob.length === 0) return { records: undefined };
  try {
    return { records: decodeForestTrustInfo(blob, object) };
  } catch (thrown) {
    // One bad trust must not hide the others.
    return { records: undefined, malformed: ProviderError.from(thrown) };
  }
}

/** The DNS names that this forest claims towards others: its domains, and the UPN and SPN suffixes that an administrator added. */
export async function readForestSuffixes(directory: Directory): Promise<string[]> {
  const [dc, { configuration }] = await Promise.all([directory.domainController(), directory.forest()]);
  const partitions = `CN=Partitions,${configuration}`;
  const [[container], domains] = await Promise.all([
    dc.search("read the forest's suffixes", partitions, {
      scope: "base",
      attributes: ["uPNSuffixes", "msDS-SPNSuffixes"],
    }),
    dc.search("read the forest's domains", partitions, {
      scope: "one",
      // Bit 2 of systemFlags: the naming context is a domain.
      filter: "(&(objectClass=crossRef)(systemFlags:1.2.840.113556.1.4.803:=2))",
      attributes: ["dnsRoot"],
    }),
  ]);
  const suffixes = [
    ...domains.flatMap((entry) => texts(entry, "dnsRoot")),
    ...(container === undefined ? [] : [...texts(container, "uPNSuffixes"), ...texts(container, "msDS-SPNSuffixes")]),
  ];
  return [...new Set(suffixes.map((suffix) => suffix.toLowerCase()))];
}
