import {
  PsCredential,
  PsDictionary,
  type PsInput,
  PsList,
  PsObject,
  PsScalar,
  type PsValue,
  psEnum,
  SecureString,
} from "../../../provider/powershell/psrp";
import { CredentialValue, EnumValue, ObjectValue, textOf, UriValue, type Value } from "../cmdlets/value";

/**
 * How deep the values of an object travel. A plain session gives the object's own properties and the text of whatever is
 * inside them; `serializationLevel=Full` gives the whole tree, and bytes of Exchange's own that others ignore.
 */
export type Depth = "plain" | "full";

/** A cmdlet's value as it goes over the wire. */
export function toWire(value: Value, depth: Depth): PsInput {
  if (!(value instanceof ObjectValue)) return inner(value, depth);
  const properties = Object.entries(value.properties).map(
    ([name, property]) => [name, inner(property, depth)] as const,
  );
  return new PsObject({
    typeNames: value.typeNames,
    text: value.text,
    adapted: new Map(properties),
    ...(depth === "full" ? { extended: { SerializationData: new Uint8Array([0, 1, 0, 0, 0]) } } : {}),
  });
}

function inner(value: Value, depth: Depth): PsInput {
  if (value instanceof UriValue) return new PsScalar("Uri", value.text);
  if (value instanceof CredentialValue) return new PsCredential(value.userName, new SecureString(value.password));
  if (value instanceof EnumValue) {
    return depth === "full" ? psEnum(value.typeName, value.number, value.text) : value.text;
  }
  if (value instanceof ObjectValue) return depth === "full" ? toWire(value, depth) : value.text;
  if (isList(value)) return new PsList(value.map((item) => inner(item, depth)));
  return value;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** An argument as it came over the wire. */
export function fromWire(value: PsValue): Value {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number") {
    return value;
  }
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof SecureString) return "System.Security.SecureString";
  if (value instanceof PsCredential) return new CredentialValue(value.userName, value.password.reveal());
  if (value instanceof PsList) return value.items.map(fromWire);
  if (value instanceof PsScalar) return value.text;
  if (value instanceof PsDictionary) return textOfObject(value);
  // A switch's own type, and enumerations, carry a primitive.
  const present = value.property("IsPresent");
  if (typeof present === "boolean") return present;
  if (value.base !== undefined && value.text === undefined) return fromWire(value.base);
  const identity = value.property("Identity");
  return identity === undefined || identity === null ? textOfObject(value) : textOf(fromWire(identity));
}

function textOfObject(value: PsObject): string {
  return value.text ?? value.typeName;
}
