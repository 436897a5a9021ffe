import { ProviderError } from "../../error";

/** How much a peer may make us hold for one message. */
export interface XmlLimits {
  /** Elements inside elements. Default 256. */
  readonly maxDepth?: number | undefined;
  /** Characters of the whole text. Default 64 Mi. */
  readonly maxLength?: number | undefined;
  /** Elements in all: of one text, or of all that a pipeline gives. Default 500,000. */
  readonly maxElements?: number | undefined;
}

/** Elements that may still come, where several texts share one limit. */
export class ElementBudget {
  readonly #most: number;
  #taken = 0;

  constructor({ maxElements = 500_000 }: XmlLimits = {}) {
    this.#most = maxElements;
  }

  /** @throws ProviderError `protocol` where there are too many */
  take(): void {
    this.#taken += 1;
    if (this.#taken > this.#most) throw malformed(`it has more than ${this.#most} elements`);
  }
}

/** An element with what CLIXML uses of it. Text is as the XML parser gives it, PowerShell's escapes still inside. */
export interface XmlElement {
  readonly name: string;
  /** The attribute `N`. */
  readonly label: string | undefined;
  /** The attribute `RefId`. */
  readonly reference: string | undefined;
  readonly children: XmlElement[];
  text: string;
}

/**
 * One XML element and its descendants. Strict XML, and less of it than there is: no DTD, no processing instruction, no CDATA,
 * no comment, no entity but XML's own five. PowerShell writes none of them, and what cannot be said cannot be misunderstood.
 * A general parser takes several times as long over a large output.
 *
 * @throws ProviderError `protocol`; its sentence quotes nothing of the text, which may hold secrets
 */
export function readXml(xml: string, limits: XmlLimits = {}, budget = new ElementBudget(limits)): XmlElement {
  const { maxDepth = 256, maxLength = 64 * 1024 * 1024 } = limits;
  if (xml.length > maxLength) throw malformed(`it is longer than ${maxLength} characters`);
  if (forbiddenCharacters.test(xml)) throw notWellFormed();
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  for (let at = 0; at < xml.length; ) {
    const markup = indexOrEnd(xml, "<", at);
    if (markup > at) addText(open.at(-1), xml.slice(at, markup));
    if (markup === xml.length) break;
    if (xml[markup + 1] === "/") {
      const name = matchAt(endTag, xml, markup)?.[1];
      if (name === undefined || open.pop()?.name !== name) throw notWellFormed();
      at = endTag.lastIndex;
      continue;
    }
    const tag = startTag(xml, markup);
    budget.take();
    if (open.length >= maxDepth) throw malformed(`it nests deeper than ${maxDepth} elements`);
    const parent = open.at(-1);
    if (parent !== undefined) parent.children.push(tag.element);
    else if (root === undefined) root = tag.element;
    else throw notWellFormed();
    if (!tag.isEmpty) open.push(tag.element);
    at = tag.end;
  }
  if (root === undefined) throw malformed("it is empty");
  if (open.length > 0) throw notWellFormed();
  return root;
}

/** XML's Char (2.2), but for the two non-characters: XML has no place for them, and PowerShell writes them all the same. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what this is about
const forbiddenCharacters = /[\0-\x08\v\f\x0e-\x1f\p{Cs}]/u;
const tagName = /[A-Za-z_:][\w.:-]*/y;
const attribute = /[ \t\r\n]+([A-Za-z_:][\w.:-]*)[ \t\r\n]*=[ \t\r\n]*(?:"([^"<]*)"|'([^'<]*)')/y;
const endTag = /<\/([A-Za-z_:][\w.:-]*)[ \t\r\n]*>/y;
const tagEnd = /[ \t\r\n]*(\/?)>/y;

/** The start tag at a `<`. */
function startTag(xml: string, start: number): { element: XmlElement; isEmpty: boolean; end: number } {
  const name = matchAt(tagName, xml, start + 1);
  if (name === null) throw notWellFormed();
  const attributes = new Map<string, string>();
  let at = tagName.lastIndex;
  for (let found = matchAt(attribute, xml, at); found !== null; found = matchAt(attribute, xml, at)) {
    const [, label = "", quoted, apostrophed = ""] = found;
    if (attributes.has(label)) throw notWellFormed();
    attributes.set(label, resolved((quoted ?? apostrophed).replace(/\r\n|[\t\r\n]/g, " ")));
    at = attribute.lastIndex;
  }
  const end = matchAt(tagEnd, xml, at);
  if (end === null) throw notWellFormed();
  return {
    element: { name: name[0], label: attributes.get("N"), reference: attributes.get("RefId"), children: [], text: "" },
    isEmpty: end[1] === "/",
    end: tagEnd.lastIndex,
  };
}

function addText(element: XmlElement | undefined, text: string): void {
  if (element !== undefined) {
    if (text.includes("]]>")) throw notWellFormed();
    element.text += resolved(text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text);
  } else if (/[^ \t\r\n]/.test(text)) throw notWellFormed();
}

const entities = new Map([
  ["amp", "&"],
  ["gt", ">"],
  ["lt", "<"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** Text with its references replaced: XML's own five, and characters by number. */
function resolved(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]+);|#([0-9]+);|(\w+);)?/g, (_, hexadecimal, decimal, name) => {
    const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
    const character = name === undefined ? characterOf(code) : entities.get(name);
    if (character === undefined) throw notWellFormed();
    return character;
  });
}

function characterOf(code: number): string | undefined {
  if (!(code <= 0x10ffff)) return undefined;
  const character = String.fromCodePoint(code);
  return forbiddenCharacters.test(character) ? undefined : character;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function indexOrEnd(text: string, sign: string, from: number): number {
  const found = text.indexOf(sign, from);
  return found < 0 ? text.length : found;
}

function notWellFormed(): ProviderError {
  return malformed("it is not well-formed XML, or more of it than values have");
}

/** @param why a clause, such as "an integer is out of range" */
export function malformed(why: string): ProviderError {
  return new ProviderError("protocol", `The PowerShell peer sent a value that cannot be read: ${why}.`);
}
