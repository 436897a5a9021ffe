import { CredentialValue, textOf, type Value } from "./value";

/** The parameters that a call gave, by their full names, already converted to their types. */
export class BoundParameters {
  constructor(
    private readonly values: ReadonlyMap<string, Value>,
    readonly set: string | undefined,
  ) {}

  has(name: string): boolean {
    return this.values.has(name);
  }

  hasAny(...names: readonly string[]): boolean {
    return names.some((name) => this.values.has(name));
  }

  text(name: string): string | undefined {
    const value = this.values.get(name);
    return value === undefined || value === null ? undefined : textOf(value);
  }

  /** A switch or a boolean; false when it was not given. */
  flag(name: string): boolean {
    return this.values.get(name) === true;
  }

  boolean(name: string): boolean | undefined {
    const value = this.values.get(name);
    return typeof value === "boolean" ? value : undefined;
  }

  /** A list; empty when null was given, undefined when nothing was. */
  texts(name: string): string[] | undefined {
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    return Array.isArray(value) ? value.map(textOf) : [];
  }

  /** One of an enumeration's items; undefined when it was not given. */
  choice<Item extends string>(name: string, of: readonly Item[]): Item | undefined {
    const given = this.text(name);
    return of.find((item) => item === given);
  }

  /** Items of an enumeration in the order given, each once; undefined when none were given. */
  choices<Item extends string>(name: string, of: readonly Item[]): Item[] | undefined {
    const given = this.texts(name);
    return given && [...new Set(given)].flatMap((text) => of.find((item) => item === text) ?? []);
  }

  credentials(name: string): CredentialValue[] {
    const value = this.values.get(name);
    return Array.isArray(value) ? value.filter((item) => item instanceof CredentialValue) : [];
  }

  /** The same call for another object of the pipeline. */
  with(name: string, value: Value): BoundParameters {
    return new BoundParameters(new Map(this.values).set(name, value), this.set);
  }
}
