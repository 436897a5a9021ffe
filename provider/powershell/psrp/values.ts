import { ProviderError } from "../../error";
import { PsScalar } from "./scalar";
import { SecureString } from "./secure-string";

/**
 * What a server sends, nothing lost (MS-PSRP 2.2.5).
 *
 * JavaScript's own values stand for the types that they are the natural form of, and only those:
 * `string` String, `number` Int32, `bigint` Int64, `boolean` Boolean, `Uint8Array` Byte[], `null`.
 * Every other primitive is a {@link PsScalar} that keeps its type and its exact text.
 */
export type PsValue = string | number | bigint | boolean | null | Uint8Array | PsScalar | SecureString | PsObject;

/**
 * What may be sent: everything that can be received, and JavaScript's arrays (`Object[]`), Maps (`Hashtable`) and Dates (`DateTime`, UTC).
 *
 * A `number` becomes Int32 where it is an integer in range, Int64 where it is a larger safe integer, else Double. A `bigint` becomes Int64, or UInt64 above its range.
 * A plain object is refused: nobody can tell whether a Hashtable or a property bag is meant.
 */
export type PsInput = PsValue | Date | readonly PsInput[] | ReadonlyMap<PsInput, PsInput>;

/** Properties by name, in order. */
export type Properties = Readonly<Record<string, PsInput>> | ReadonlyMap<string, PsInput>;

/** What makes up a {@link PsObject}. */
export interface PsObjectParts {
  /** The type and its base types, most derived first. A server that passes on a foreign object writes `Deserialized.` before each. */
  readonly typeNames?: readonly string[] | undefined;
  /** What the object's ToString gave on the server. */
  readonly text?: string | undefined;
  /** The primitive inside: an enum's number, or a primitive that carries properties. */
  readonly base?: PsValue | undefined;
  /** Properties of the .NET object (`Props`). */
  readonly adapted?: Properties | undefined;
  /** Properties that PowerShell added (`MS`): note properties and the like. */
  readonly extended?: Properties | undefined;
}

/**
 * An object of the server (MS-PSRP 2.2.5.2): type names, text, properties. An enum and a property bag are such objects.
 *
 * Two places that hold the same object hold the same instance, and an object may contain itself.
 */
export class PsObject {
  typeNames: readonly string[];
  text: string | undefined;
  base: PsValue | undefined;
  readonly adapted: Map<string, PsValue>;
  readonly extended: Map<string, PsValue>;

  constructor(parts: PsObjectParts = {}) {
    this.typeNames = parts.typeNames ?? [];
    this.text = parts.text;
    this.base = parts.base;
    this.adapted = properties(parts.adapted);
    this.extended = properties(parts.extended);
  }

  /** The most derived type name without `Deserialized.`, or "" where the server gave none. */
  get typeName(): string {
    return (this.typeNames[0] ?? "").replace(/^Deserialized\./, "");
  }

  /** A property by name, as PowerShell finds it: any case, extended before adapted. `undefined` where there is none. */
  property(name: string): PsValue | undefined {
    const extended = lookUp(this.extended, name);
    return extended === undefined ? lookUp(this.adapted, name) : extended;
  }

  toString(): string {
    return this.text ?? this.typeName;
  }
}

/** The sort of a sequence: array or list, queue, stack (top first), or a bare enumerable (MS-PSRP 2.2.5.2.6). */
export type ListKind = "list" | "queue" | "stack" | "enumerable";

/** Values in a row: an array, list, queue, stack or enumerable. `typeNames` says which class it was. */
export class PsList extends PsObject {
  readonly items: PsValue[];

  constructor(
    items: readonly PsInput[],
    readonly kind: ListKind = "list",
    parts: PsObjectParts = {},
  ) {
    super({ ...parts, typeNames: parts.typeNames ?? listTypes[kind] });
    this.items = items.map((item) => psValue(item));
  }
}

/** A Hashtable or another dictionary, in the order in which its entries came. Keys may be of any type. */
export class PsDictionary extends PsObject {
  readonly entries: [key: PsValue, value: PsValue][];

  constructor(entries: Iterable<readonly [key: PsInput, value: PsInput]>, parts: PsObjectParts = {}) {
    super({ ...parts, typeNames: parts.typeNames ?? ["System.Collections.Hashtable", "System.Object"] });
    this.entries = Array.from(entries, ([key, value]) => [psValue(key), psValue(value)]);
  }
}

/** A PSCredential. Sending one needs a session key (MS-PSRP 3.1.5.4.3 to 3.1.5.4.5). */
export class PsCredential extends PsObject {
  static readonly typeName = "System.Management.Automation.PSCredential";

  /**
   * @param userName in the form that the receiving command wants, such as `DOMAIN\name`
   * @param password wiped by whoever made it, not by this class
   */
  constructor(
    readonly userName: string,
    readonly password: SecureString,
    parts: Omit<PsObjectParts, "adapted"> = {},
  ) {
    super({
      typeNames: [PsCredential.typeName, "System.Object"],
      text: PsCredential.typeName,
      ...parts,
      adapted: new Map<string, PsInput>([
        ["UserName", userName],
        ["Password", password],
      ]),
    });
  }
}

/** An enum's value as an object. @param typeName such as `System.DayOfWeek` */
export function psEnum(typeName: string, value: number, text: string): PsObject {
  return new PsObject({
    typeNames: [typeName, "System.Enum", "System.ValueType", "System.Object"],
    text,
    base: value,
  });
}

const listTypes: Record<ListKind, readonly string[]> = {
  list: ["System.Object[]", "System.Array", "System.Object"],
  queue: ["System.Collections.Queue", "System.Object"],
  stack: ["System.Collections.Stack", "System.Object"],
  enumerable: ["System.Object[]", "System.Array", "System.Object"],
};

function properties(given: Properties | undefined): Map<string, PsValue> {
  const entries = given instanceof Map ? given : Object.entries(given ?? {});
  return new Map(Array.from(entries as Iterable<[string, PsInput]>, ([name, value]) => [name, psValue(value)]));
}

function lookUp(among: ReadonlyMap<string, PsValue>, name: string): PsValue | undefined {
  const exact = among.get(name);
  if (exact !== undefined) return exact;
  const wanted = name.toLowerCase();
  for (const [key, value] of among) if (key.toLowerCase() === wanted) return value;
  return undefined;
}

/**
 * What is sent, in the form in which it would be received: arrays become {@link PsList}, Maps {@link PsDictionary}, Dates {@link PsScalar}.
 *
 * @throws ProviderError `protocol` for what is no {@link PsInput}, such as a plain object
 */
export function psValue(input: PsInput): PsValue {
  switch (typeof input) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return input;
    case "object": {
      if (input === null || input instanceof Uint8Array) return input;
      if (input instanceof PsObject || input instanceof PsScalar || input instanceof SecureString) return input;
      if (input instanceof Date) return PsScalar.date(input);
      if (Array.isArray(input)) return new PsList(input);
      if (input instanceof Map) return new PsDictionary(input);
    }
  }
  throw new ProviderError(
    "protocol",
    `A JavaScript ${typeof input} has no PowerShell form: give a Map for a Hashtable, a PsObject for properties.`,
  );
}
