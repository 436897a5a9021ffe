/** An item of an enumeration: its name, and the number that goes over the wire with it. */
export class EnumValue {
  constructor(
    readonly typeName: string,
    readonly text: string,
    readonly number: number,
  ) {}
}

/** A URI, which arrives as one. */
export class UriValue {
  constructor(readonly text: string) {}
}

/** A name and a password (PSCredential). Never printed. */
export class CredentialValue {
  constructor(
    readonly userName: string,
    readonly password: string,
  ) {}

  toString(): string {
    return "System.Management.Automation.PSCredential";
  }

  toJSON(): string {
    return this.toString();
  }
}

/** An object as .NET shows it: its types from special to general, its text, its properties. */
export class ObjectValue {
  constructor(
    readonly typeNames: readonly string[],
    readonly text: string,
    readonly properties: Readonly<Record<string, Value>>,
  ) {}
}

/** What a cmdlet takes and gives, before anything knows how it will travel. */
export type Value =
  | null
  | string
  | boolean
  | number
  | Date
  | Uint8Array
  | EnumValue
  | UriValue
  | CredentialValue
  | ObjectValue
  | readonly Value[];

/** The text that PowerShell would show for a value, e.g. when it becomes an identity. */
export function textOf(value: Value): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return "System.Byte[]";
  if (Array.isArray(value)) return value.map(textOf).join(" ");
  if (typeof value === "object" && "text" in value) return value.text;
  return String(value);
}
