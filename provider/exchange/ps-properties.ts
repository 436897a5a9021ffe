import { PsList, PsObject, PsScalar, type PsValue } from "../powershell/psrp";

/** A property's value, whatever the serialization level made of the object. */
export function property(value: PsValue, name: string): PsValue | undefined {
  return value instanceof PsObject ? value.property(name) : undefined;
}

/** The text of a value as PowerShell shows it; `undefined` for none. */
export function textOf(value: PsValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof PsObject) return value.text ?? (value.base === undefined ? undefined : textOf(value.base));
  return String(value);
}

export function textProperty(value: PsValue, name: string): string | undefined {
  return textOf(property(value, name));
}

export function flagProperty(value: PsValue, name: string): boolean {
  return textProperty(value, name)?.toLowerCase() === "true";
}

/** The items of a list; one value alone is a list of one, as PowerShell has it. */
export function itemsOf(value: PsValue | undefined): readonly PsValue[] {
  if (value === undefined || value === null) return [];
  return value instanceof PsList ? value.items : [value];
}

/** An instant as ISO 8601; `undefined` where the value is none. Exchange's `…UTC` properties are UTC without saying so. */
export function instantOf(value: PsValue | undefined): string | undefined {
  const scalar = value instanceof PsObject ? value.base : value;
  return scalar instanceof PsScalar && scalar.type === "DateTime" ? scalar.toDate("Z").toISOString() : undefined;
}
