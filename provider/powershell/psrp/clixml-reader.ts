import { decodeBase64 } from "./base64";
import { unescapeText } from "./clixml-text";
import { PsScalar, scalarTypes } from "./scalar";
import type { SecretCipher } from "./secret-cipher";
import { SecureString } from "./secure-string";
import {
  type ListKind,
  PsCredential,
  PsDictionary,
  PsList,
  PsObject,
  type PsObjectParts,
  type PsValue,
} from "./values";
import { type ElementBudget, malformed, readXml, type XmlElement, type XmlLimits } from "./xml-tree";

export interface DeserializeOptions extends XmlLimits {
  /** Opens secure strings. Without one, a value that holds a secret is refused. */
  readonly cipher?: SecretCipher | undefined;
  /** Default: one of its own. */
  readonly budget?: ElementBudget | undefined;
}

/**
 * The value of one CLIXML element (MS-PSRP 2.2.5). Strict: no DTD, no entities but XML's own five, nothing unknown skipped.
 *
 * @throws ProviderError `protocol` for what is not CLIXML, goes over a limit, or holds a secret that cannot be opened
 */
export function deserialize(xml: string, options: DeserializeOptions = {}): PsValue {
  return new Reader(options.cipher).value(readXml(xml, options, options.budget));
}

const lists = new Map<string, ListKind>([
  ["LST", "list"],
  ["QUE", "queue"],
  ["STK", "stack"],
  ["IE", "enumerable"],
]);

/** The parts of one `Obj`, sorted. */
interface Parts {
  typeNames: readonly string[] | undefined;
  text: string | undefined;
  content: XmlElement | undefined;
  adapted: readonly XmlElement[];
  extended: readonly XmlElement[];
}

class Reader {
  readonly #objects = new Map<string, PsObject>();
  readonly #typeNames = new Map<string, readonly string[]>();
  readonly #cipher: SecretCipher | undefined;

  constructor(cipher: SecretCipher | undefined) {
    this.#cipher = cipher;
  }

  value(element: XmlElement): PsValue {
    if (element.name === "Obj") return this.#object(element);
    if (element.name === "Ref") {
      const known = this.#objects.get(element.reference ?? "");
      if (known === undefined) throw malformed("it refers to an object that did not come before");
      return known;
    }
    if (element.name === "PR") return this.#progressRecord(element, new PsObject({ typeNames: [progressRecordType] }));
    return this.#primitive(element);
  }

  #primitive(element: XmlElement): PsValue {
    if (element.children.length > 0) throw malformed(`a ${known(element)} holds elements`);
    const { text } = element;
    switch (element.name) {
      case "S":
        return unescapeText(text);
      case "I32":
        return Number(integer(text, 32));
      case "I64":
        return integer(text, 64);
      case "B":
        if (text !== "true" && text !== "false") throw malformed("a Boolean is neither true nor false");
        return text === "true";
      case "Nil":
        return null;
      case "BA":
        return bytes(text);
      case "SS":
        if (this.#cipher === undefined)
          throw malformed("it holds a secure string before the session key was exchanged");
        return this.#cipher.decrypt(bytes(text));
    }
    const type = scalarTypes.get(element.name);
    if (type === undefined) throw malformed("it holds an element that is not CLIXML");
    return new PsScalar(type, unescapeText(text));
  }

  /** MS-PSRP 2.2.5.1.25. The one of the primitives that holds elements; its parts are named as in a progress message. */
  #progressRecord(element: XmlElement, record: PsObject): PsObject {
    for (const part of structural(element).children) {
      // What was under way is there only where it is known, and then without a name of its own.
      const name = progressParts.get(part.name) ?? "CurrentOperation";
      const value = progressParts.has(part.name) ? unescapeText(leaf(part)) : this.#primitive(part);
      if (record.extended.has(name)) throw malformed("a progress record has two of the same");
      record.extended.set(name, numericParts.has(name) ? Number(integer(String(value), 32)) : value);
    }
    return record;
  }

  #object(element: XmlElement): PsObject {
    const parts = this.#parts(element);
    const { typeNames, text, content } = parts;
    const given: PsObjectParts = { typeNames: typeNames ?? [], text };
    // The object is known by its number before its children are read: they may refer to it.
    const kind = lists.get(content?.name ?? "");
    if (content !== undefined && kind !== undefined) {
      const list = this.#register(element, new PsList([], kind, given));
      structural(content);
      for (const item of content.children) list.items.push(this.value(item));
      return this.#properties(list, parts);
    }
    if (content?.name === "DCT") {
      const dictionary = this.#register(element, new PsDictionary([], given));
      structural(content);
      for (const entry of content.children) dictionary.entries.push(this.#entry(entry));
      return this.#properties(dictionary, parts);
    }
    const object = this.#credential(element, parts, given) ?? this.#register(element, new PsObject(given));
    if (content?.name === "PR") {
      object.typeNames = typeNames ?? [progressRecordType];
      this.#progressRecord(content, object);
    } else if (content !== undefined) object.base = this.#primitive(content);
    return this.#properties(object, parts);
  }

  /** A PSCredential, where it has both of its parts in the plain; anything else with that name stays an ordinary object. */
  #credential(element: XmlElement, parts: Parts, given: PsObjectParts): PsCredential | undefined {
    const first = parts.typeNames?.[0]?.replace(/^Deserialized\./, "");
    if (first !== PsCredential.typeName) return undefined;
    const find = (label: string, name: string) => parts.adapted.find((it) => it.label === label && it.name === name);
    const userName = find("UserName", "S");
    const password = find("Password", "SS");
    if (userName === undefined || password === undefined) return undefined;
    const secret = this.#primitive(password);
    if (!(secret instanceof SecureString)) return undefined;
    const adapted = parts.adapted.filter((it) => it !== userName && it !== password);
    const credential = this.#register(element, new PsCredential(String(this.#primitive(userName)), secret, given));
    parts.adapted = adapted;
    return credential;
  }

  #register<T extends PsObject>(element: XmlElement, object: T): T {
    if (element.reference === undefined) return object;
    if (this.#objects.has(element.reference)) throw malformed("two objects have the same number");
    this.#objects.set(element.reference, object);
    return object;
  }

  #properties<T extends PsObject>(object: T, parts: Parts): T {
    for (const [into, from] of [
      [object.adapted, parts.adapted],
      [object.extended, parts.extended],
    ] as const) {
      for (const property of from) {
        if (property.label === undefined) throw malformed("a property has no name");
        into.set(
          unescapeText(property.label),
          property.name === "MS" ? this.#memberSet(property) : this.value(property),
        );
      }
    }
    return object;
  }

  /** A member that holds members, such as `PSStandardMembers` where somebody added it to an object. */
  #memberSet(element: XmlElement): PsObject {
    const extended = structural(element).children;
    return this.#properties(new PsObject({}), { ...noParts, extended });
  }

  #entry(entry: XmlElement): [PsValue, PsValue] {
    const [key, value, more] = entry.children;
    if (entry.name !== "En" || key?.label !== "Key" || value?.label !== "Value" || more !== undefined) {
      throw malformed("a dictionary's entry is not a key and a value");
    }
    structural(entry);
    return [this.value(key), this.value(value)];
  }

  #parts(element: XmlElement): Parts {
    structural(element);
    const parts: Parts = { ...noParts };
    const seen = new Set<string>();
    for (const child of element.children) {
      const role = roles.get(child.name) ?? "content";
      if (seen.has(role)) throw malformed(`an object has two of ${role}`);
      seen.add(role);
      if (role === "typeNames") parts.typeNames = this.#names(child);
      else if (role === "text") parts.text = unescapeText(leaf(child));
      else if (role === "content") parts.content = child;
      else parts[role] = structural(child).children;
    }
    return parts;
  }

  #names(element: XmlElement): readonly string[] {
    const reference = element.reference ?? "";
    if (element.name === "TNRef") {
      const names = this.#typeNames.get(reference);
      if (names === undefined) throw malformed("it refers to type names that did not come before");
      return names;
    }
    const names = structural(element).children.map((child) => {
      if (child.name !== "T") throw malformed("a list of type names holds something else");
      return unescapeText(leaf(child));
    });
    this.#typeNames.set(reference, names);
    return names;
  }
}

const noParts: Parts = { typeNames: undefined, text: undefined, content: undefined, adapted: [], extended: [] };

const progressRecordType = "System.Management.Automation.ProgressRecord";
const progressParts = new Map([
  ["AV", "Activity"],
  ["AI", "ActivityId"],
  ["PI", "ParentActivityId"],
  ["PC", "PercentComplete"],
  ["T", "Type"],
  ["SR", "SecondsRemaining"],
  ["SD", "StatusDescription"],
]);
const numericParts = new Set(["ActivityId", "ParentActivityId", "PercentComplete", "SecondsRemaining"]);

const roles = new Map<string, "typeNames" | "text" | "adapted" | "extended">([
  ["TN", "typeNames"],
  ["TNRef", "typeNames"],
  ["ToString", "text"],
  ["Props", "adapted"],
  ["MS", "extended"],
]);

function structural(element: XmlElement): XmlElement {
  if (element.text !== "" && element.text.trim() !== "") throw malformed(`a ${known(element)} holds text`);
  return element;
}

function leaf(element: XmlElement): string {
  if (element.children.length > 0) throw malformed(`a ${known(element)} holds elements`);
  return element.text;
}

/** The element's name, where it is one of ours: a peer's own words stay out of messages. */
function known(element: XmlElement): string {
  return /^[A-Z][A-Za-z0-9]{0,9}$/.test(element.name) ? element.name : "strange element";
}

function integer(text: string, bits: 32 | 64): bigint {
  if (!/^-?\d{1,20}$/.test(text)) throw malformed("an integer has other characters than digits");
  const value = BigInt(text);
  if (BigInt.asIntN(bits, value) !== value) throw malformed(`an integer does not fit ${bits} bits`);
  return value;
}

function bytes(text: string): Uint8Array {
  const data = decodeBase64(text.trim());
  if (data === undefined) throw malformed("binary data is not base64");
  return new Uint8Array(data);
}
