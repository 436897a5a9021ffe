import { ProviderError } from "../../error";
import { escapeText } from "./clixml-text";
import { PsScalar, scalarElements } from "./scalar";
import type { SecretCipher } from "./secret-cipher";
import { PsDictionary, type PsInput, PsList, PsObject, type PsValue, psValue } from "./values";

export interface SerializeOptions {
  /** Seals secure strings. Without one, a value that holds a secret is refused. */
  readonly cipher?: SecretCipher | undefined;
  /**
   * Objects inside objects at most, a message's own included; deeper is refused. Default 48: of a deeper message PowerShell says nothing,
   * neither that it came nor that it did not, and a pipeline waits for it for ever.
   */
  readonly maxDepth?: number | undefined;
}

/**
 * A value as one CLIXML element (MS-PSRP 2.2.5). An object met again is written as a reference, so cycles are fine.
 *
 * @throws ProviderError `protocol` for a secret without cipher, for too deep a value, and for a number out of every integer's range
 */
export function serialize(value: PsInput, options: SerializeOptions = {}): string {
  return new Writer(options).element(psValue(value), undefined, 0);
}

const containers = { list: "LST", queue: "QUE", stack: "STK", enumerable: "IE" } as const;

class Writer {
  readonly #objects = new Map<PsObject, number>();
  readonly #types = new Map<string, number>();
  readonly #cipher: SecretCipher | undefined;
  readonly #maxDepth: number;

  constructor(options: SerializeOptions) {
    this.#cipher = options.cipher;
    this.#maxDepth = options.maxDepth ?? 48;
  }

  element(value: PsValue, name: string | undefined, depth: number): string {
    const attribute = name === undefined ? "" : ` N="${escapeText(name)}"`;
    if (value instanceof PsObject) return this.#object(value, attribute, depth);
    const [element, text] = this.#primitive(value);
    return text === undefined ? `<${element}${attribute} />` : `<${element}${attribute}>${text}</${element}>`;
  }

  #primitive(value: Exclude<PsValue, PsObject>): [element: string, text?: string] {
    if (value === null) return ["Nil"];
    if (typeof value === "string") return ["S", escapeText(value)];
    if (typeof value === "boolean") return ["B", String(value)];
    if (typeof value === "bigint") return integer(value);
    if (typeof value === "number") return number(value);
    if (value instanceof Uint8Array) return ["BA", Buffer.from(value).toString("base64")];
    if (value instanceof PsScalar) return [scalarElements[value.type], escapeText(value.text)];
    if (this.#cipher === undefined) {
      throw new ProviderError("protocol", "A secure string cannot be sent before the session key is exchanged.");
    }
    return ["SS", Buffer.from(this.#cipher.encrypt(value)).toString("base64")];
  }

  #object(object: PsObject, attribute: string, depth: number): string {
    const known = this.#objects.get(object);
    if (known !== undefined) return `<Ref${attribute} RefId="${known}" />`;
    if (depth >= this.#maxDepth) {
      throw new ProviderError("protocol", `A value nests deeper than ${this.#maxDepth} objects.`);
    }
    const id = this.#objects.size;
    this.#objects.set(object, id);
    let xml = `<Obj${attribute} RefId="${id}">${this.#typeNames(object.typeNames)}`;
    if (object.text !== undefined) xml += `<ToString>${escapeText(object.text)}</ToString>`;
    xml += this.#content(object, depth + 1);
    xml += this.#properties("Props", object.adapted, depth + 1);
    xml += this.#properties("MS", object.extended, depth + 1);
    return `${xml}</Obj>`;
  }

  #content(object: PsObject, depth: number): string {
    if (object instanceof PsList) {
      const element = containers[object.kind];
      return `<${element}>${object.items.map((item) => this.element(item, undefined, depth)).join("")}</${element}>`;
    }
    if (object instanceof PsDictionary) {
      const entries = object.entries.map(
        ([key, value]) => `<En>${this.element(key, "Key", depth)}${this.element(value, "Value", depth)}</En>`,
      );
      return `<DCT>${entries.join("")}</DCT>`;
    }
    return object.base === undefined ? "" : this.element(object.base, undefined, depth);
  }

  #properties(element: "Props" | "MS", properties: ReadonlyMap<string, PsValue>, depth: number): string {
    if (properties.size === 0) return "";
    let xml = `<${element}>`;
    for (const [name, value] of properties) xml += this.element(value, name, depth);
    return `${xml}</${element}>`;
  }

  #typeNames(names: readonly string[]): string {
    if (names.length === 0) return "";
    const key = names.join("\n");
    const known = this.#types.get(key);
    if (known !== undefined) return `<TNRef RefId="${known}" />`;
    const id = this.#types.size;
    this.#types.set(key, id);
    return `<TN RefId="${id}">${names.map((name) => `<T>${escapeText(name)}</T>`).join("")}</TN>`;
  }
}

function integer(value: bigint): [string, string] {
  if (BigInt.asIntN(64, value) === value) return ["I64", String(value)];
  if (BigInt.asUintN(64, value) === value) return ["U64", String(value)];
  throw new ProviderError("protocol", "An integer is out of the range of Int64 and UInt64.");
}

function number(value: number): [string, string] {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return ["Db", PsScalar.double(value).text];
  return [(value | 0) === value ? "I32" : "I64", String(value)];
}
