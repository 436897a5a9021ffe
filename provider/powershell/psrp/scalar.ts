import { ProviderError } from "../../error";

/** .NET's primitives that JavaScript has no value for, by their CLIXML element (MS-PSRP 2.2.5.1). */
const elements = {
  Char: "C",
  DateTime: "DT",
  TimeSpan: "TS",
  Byte: "By",
  SByte: "SB",
  UInt16: "U16",
  Int16: "I16",
  UInt32: "U32",
  UInt64: "U64",
  Single: "Sg",
  Double: "Db",
  Decimal: "D",
  Guid: "G",
  Uri: "URI",
  Version: "Version",
  XmlDocument: "XD",
  ScriptBlock: "SBK",
} as const;

export type ScalarType = keyof typeof elements;

const integers: Partial<Record<ScalarType, readonly [bigint, bigint]>> = {
  Char: [0n, 0xffffn],
  Byte: [0n, 0xffn],
  SByte: [-0x80n, 0x7fn],
  UInt16: [0n, 0xffffn],
  Int16: [-0x8000n, 0x7fffn],
  UInt32: [0n, 0xffff_ffffn],
  UInt64: [0n, 0xffff_ffff_ffff_ffffn],
};

const forms: Partial<Record<ScalarType, RegExp>> = {
  DateTime: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,7})?(Z|[+-]\d{2}:\d{2})?$/,
  TimeSpan: /^-?P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,7})?S)?)?$/,
  Single: /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?INF|-?Infinity)$/,
  Double: /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?INF|-?Infinity)$/,
  Decimal: /^-?\d{1,29}(\.\d{1,29})?$/,
  Guid: /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
  Version: /^\d{1,10}(\.\d{1,10}){1,3}$/,
};

/**
 * A primitive value with its .NET type, kept as the exact text that stands on the wire: a Decimal's digits,
 * a DateTime's 100 ns ticks and offset (or none), a Double's exponent. A Char's text is its UTF-16 number.
 */
export class PsScalar {
  /** @throws ProviderError `protocol` where the text is no value of the type */
  constructor(
    readonly type: ScalarType,
    readonly text: string,
  ) {
    const range = integers[type];
    if (range !== undefined) {
      if (!/^-?\d{1,20}$/.test(text) || BigInt(text) < range[0] || BigInt(text) > range[1]) throw notA(type);
    } else if (forms[type]?.test(text) === false) throw notA(type);
  }

  /** A JavaScript date as a DateTime in UTC. */
  static date(date: Date): PsScalar {
    if (Number.isNaN(date.getTime())) throw notA("DateTime");
    return new PsScalar("DateTime", date.toISOString());
  }

  /** A number as a Double, whole or not. */
  static double(value: number): PsScalar {
    return new PsScalar("Double", Object.is(value, -0) ? "-0" : String(value).replace("Infinity", "INF"));
  }

  /**
   * The time of a DateTime to the millisecond. @param unspecified the offset where the text has none, such as `Z`
   * @throws ProviderError `protocol` for other types, and for a DateTime without offset when none is given
   */
  toDate(unspecified?: string): Date {
    const offset = /(Z|[+-]\d{2}:\d{2})$/.test(this.text) ? "" : unspecified;
    if (this.type !== "DateTime" || offset === undefined)
      throw new ProviderError("protocol", `This ${this.type} names no instant.`);
    return new Date(`${this.text}${offset}`);
  }

  /** The text; for a Char the character itself. */
  toString(): string {
    return this.type === "Char" ? String.fromCharCode(Number(this.text)) : this.text;
  }
}

/** CLIXML's element of each scalar type. */
export const scalarElements: Readonly<Record<ScalarType, string>> = elements;

/** The scalar type of each CLIXML element. */
export const scalarTypes: ReadonlyMap<string, ScalarType> = new Map(
  Object.entries(elements).map(([type, element]) => [element, type as ScalarType]),
);

function notA(type: ScalarType): ProviderError {
  // The text stays out of the message: nobody knows what a server put there.
  return new ProviderError("protocol", `A value is not a PowerShell ${type}.`);
}
