import { ProviderError } from "../error";
import { sidText } from "./identifiers";

/** Why a record of a forest trust does not count. `conflict`: another trust claims the same name. */
export type DisabledBecause = "new" | "administrator" | "conflict";

/** One record of `msDS-TrustForestTrustInfo`. DNS names are in lower case; a top-level name stands for all names below it too. */
export type ForestTrustRecord =
  | {
      readonly kind: "top-level-name";
      readonly dnsName: string;
      /** Not set: names at and below it are routed. */
      readonly disabled?: DisabledBecause;
    }
  /** A part of a top-level name that is not routed. */
  | { readonly kind: "exclusion"; readonly dnsName: string }
  | {
      readonly kind: "domain";
      readonly dnsName: string;
      readonly netbiosName: string;
      /** `S-1-5-21-…` */
      readonly sid: string | undefined;
      /** Not set: the domain's SID, DNS name and NetBIOS name are accepted. */
      readonly disabled?: DisabledBecause;
      /** Not set: its NetBIOS name is accepted. */
      readonly netbiosDisabled?: DisabledBecause;
    }
  /** Data for other programs (`ForestTrustBinaryInfo`, `ForestTrustScannerInfo`); no part in routing. */
  | { readonly kind: "other"; readonly recordType: number };

const recordType = { topLevelName: 0, exclusion: 1, domain: 2 } as const;

/** MS-LSAD 2.2.1.5. */
const topLevelNameFlag = { disabledNew: 0x1, disabledAdmin: 0x2, disabledConflict: 0x4 } as const;
const domainFlag = { sidAdmin: 0x1, sidConflict: 0x2, netbiosAdmin: 0x4, netbiosConflict: 0x8 } as const;

const onlyVersion = 1;
/** Flags, timestamp and type, which every record has. */
const leastRecord = 13;

/**
 * What a trusted domain object says about the other forest: which names belong to it (MS-ADTS 6.1.6.9.3).
 * @param object whose attribute it is, for the error.
 * @throws ProviderError `directory-failed` where the bytes are not such information; a record that was misread could
 * send tickets to the wrong forest.
 */
export function decodeForestTrustInfo(blob: Buffer, object: string): ForestTrustRecord[] {
  const outer = new Fields(blob, object);
  const version = outer.number("version");
  if (version !== onlyVersion) throw outer.malformed(`it has version ${version}, and ${onlyVersion} is the only one`);
  const count = outer.number("number of records");
  const records: ForestTrustRecord[] = [];
  for (let index = 0; index < count; index++) {
    const name = `record ${index + 1} of ${count}`;
    const fields = new Fields(outer.bytes(name), `${object}, ${name}`);
    if (fields.left < leastRecord) throw fields.malformed(`it has ${fields.left} bytes`);
    records.push(decodeRecord(fields));
  }
  if (outer.left > 0) throw outer.malformed(`${outer.left} bytes follow the last of ${count} records`);
  return records;
}

function decodeRecord(fields: Fields): ForestTrustRecord {
  const flags = fields.number("flags");
  // When the record was made. Windows and Samba write its halves in different order, and nobody needs it here.
  fields.skip(8, "timestamp");
  const type = fields.byte("type");
  switch (type) {
    case recordType.topLevelName: {
      const disabled = topLevelNameDisabled(flags);
      return { kind: "top-level-name", dnsName: fields.dnsName("name"), ...(disabled && { disabled }) };
    }
    case recordType.exclusion:
      return { kind: "exclusion", dnsName: fields.dnsName("name") };
    case recordType.domain: {
      const sid = fields.sid();
      const dnsName = fields.dnsName("DNS name");
      const netbiosName = fields.text("NetBIOS name");
      const disabled = disabledBy(flags, domainFlag.sidAdmin, domainFlag.sidConflict);
      const netbiosDisabled = disabledBy(flags, domainFlag.netbiosAdmin, domainFlag.netbiosConflict);
      return {
        kind: "domain",
        dnsName,
        netbiosName,
        sid,
        ...(disabled && { disabled }),
        ...(netbiosDisabled && { netbiosDisabled }),
      };
    }
    default:
      return { kind: "other", recordType: type };
  }
}

function topLevelNameDisabled(flags: number): DisabledBecause | undefined {
  if ((flags & topLevelNameFlag.disabledNew) !== 0) return "new";
  return disabledBy(flags, topLevelNameFlag.disabledAdmin, topLevelNameFlag.disabledConflict);
}

function disabledBy(flags: number, administrator: number, conflict: number): DisabledBecause | undefined {
  if ((flags & administrator) !== 0) return "administrator";
  return (flags & conflict) !== 0 ? "conflict" : undefined;
}

/** Little-endian fields, one after the other; never past the end. */
class Fields {
  private position = 0;

  constructor(
    private readonly blob: Buffer,
    private readonly object: string,
  ) {}

  get left(): number {
    return this.blob.length - this.position;
  }

  malformed(why: string): ProviderError {
    return new ProviderError("directory-failed", `${this.object}: msDS-TrustForestTrustInfo is malformed: ${why}.`, {
      hint: "Remove the trust's name suffixes and read them anew (validate the trust), or make the trust again.",
    });
  }

  skip(length: number, what: string): Buffer {
    if (length > this.left) throw this.malformed(`its ${what} needs ${length} bytes, and ${this.left} are left`);
    this.position += length;
    return this.blob.subarray(this.position - length, this.position);
  }

  byte(what: string): number {
    return this.skip(1, what).readUInt8();
  }

  number(what: string): number {
    return this.skip(4, what).readUInt32LE();
  }

  /** A length and as many bytes. */
  bytes(what: string): Buffer {
    return this.skip(this.number(`length of its ${what}`), what);
  }

  text(what: string): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes(what));
    } catch (cause) {
      if (cause instanceof ProviderError) throw cause;
      throw this.malformed(`its ${what} is not UTF-8`);
    }
  }

  dnsName(what: string): string {
    const name = this.text(what).toLowerCase().replace(/\.$/, "");
    // Printable, and no empty label: what goes into messages and commands for an administrator to paste.
    if (!/^[\p{L}\p{M}\p{N}_-]+(\.[\p{L}\p{M}\p{N}_-]+)*$/u.test(name))
      throw this.malformed(`its ${what} is no DNS name`);
    return name;
  }

  sid(): string | undefined {
    const sid = this.bytes("SID");
    if (sid.length === 0) return undefined;
    const subAuthorities = sid[1] ?? 0;
    if (sid.length !== 8 + 4 * subAuthorities) throw this.malformed("its SID has the wrong length");
    return sidText(sid);
  }
}
