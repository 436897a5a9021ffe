import { PsList, PsObject, PsScalar, type PsValue } from "./clixml";
import { peerError } from "./state-error";

/** The properties of a message's value, read with their types: what a peer left out or filled wrongly is a protocol error that names it. */
export class PropertyBag {
  readonly #object: PsObject;

  constructor(value: PsValue | undefined, what: string) {
    if (!(value instanceof PsObject)) throw peerError(`a ${what} is no object`);
    this.#object = value;
  }

  get(name: string): PsValue | undefined {
    return this.#object.property(name);
  }

  /** A String; "" where it is missing or null. */
  text(name: string): string {
    const value = this.get(name) ?? "";
    if (value instanceof PsObject) return value.toString();
    if (typeof value !== "string") throw wrong(name);
    return value;
  }

  /** An Int32, also that of an enum. */
  number(name: string): number {
    const value = this.get(name);
    const number = value instanceof PsObject ? value.base : value;
    if (typeof number !== "number") throw wrong(name);
    return number;
  }

  /** An integer of any size, such as a call's id. */
  bigint(name: string): bigint {
    const value = this.get(name);
    if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))) return BigInt(value);
    throw wrong(name);
  }

  boolean(name: string): boolean {
    const value = this.get(name) ?? false;
    if (typeof value !== "boolean") throw wrong(name);
    return value;
  }

  version(name: string): string {
    const value = this.get(name);
    if (!(value instanceof PsScalar) || value.type !== "Version") throw wrong(name);
    return value.text;
  }

  /** The items of a list; none where it is missing or null. */
  list(name: string): readonly PsValue[] {
    const value = this.get(name) ?? null;
    if (value === null) return [];
    if (!(value instanceof PsList)) throw wrong(name);
    return value.items;
  }
}

function wrong(name: string): Error {
  return peerError(`the property ${name} of a message is missing or of another type`);
}
