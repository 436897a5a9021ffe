import { SaxesParser } from "saxes";
import { ProviderError } from "../../error";

/** How much a peer may make us hold for one message. */
export interface XmlLimits {
  /** Elements inside elements. Default 256. */
  readonly maxDepth?: number | undefined;
  /** Characters of the whole text. Default 64 Mi. */
  readonly maxLength?: number | undefined;
  /** Elements in all. Default 2,000,000. */
  readonly maxElements?: number | undefined;
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

// XML 1.0 has no place for these two, and PowerShell writes them all the same, as references or as they are.
const nonCharacters = /&#x(fff[ef]);|[\ufffe\uffff]/gi;

// The parser's own table is a plain object, in which &constructor; is a function.
const entities = Object.assign(Object.create(null), { amp: "&", gt: ">", lt: "<", quot: '"', apos: "'" });

/**
 * One XML element and its descendants. No DTD, no processing instruction, no CDATA, no comment, no entity but XML's own five:
 * PowerShell writes none of them.
 *
 * @throws ProviderError `protocol`; its sentence quotes nothing of the text, which may hold secrets
 */
export function readXml(xml: string, limits: XmlLimits = {}): XmlElement {
  const { maxDepth = 256, maxLength = 64 * 1024 * 1024, maxElements = 2_000_000 } = limits;
  if (xml.length > maxLength) throw malformed(`it is longer than ${maxLength} characters`);
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  const parser = new SaxesParser({ position: false, xmlns: false });
  Object.setPrototypeOf(parser.ENTITIES, entities);
  parser.on("error", () => {
    throw malformed("it is not well-formed");
  });
  for (const forbidden of ["doctype", "processinginstruction", "cdata", "comment"] as const) {
    parser.on(forbidden, () => {
      throw malformed(`it holds a ${forbidden}`);
    });
  }
  parser.on("opentag", ({ name, attributes }) => {
    elements++;
    if (elements > maxElements) throw malformed(`it has more than ${maxElements} elements`);
    if (open.length >= maxDepth) throw malformed(`it nests deeper than ${maxDepth} elements`);
    const element: XmlElement = { name, label: attributes.N, reference: attributes.RefId, children: [], text: "" };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on("text", (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.write(xml.replace(nonCharacters, (unit, code?: string) => `_x${code ?? unit.charCodeAt(0).toString(16)}_`));
  parser.close();
  if (root === undefined) throw malformed("it is empty");
  return root;
}

/** @param why a clause, such as "an integer is out of range" */
export function malformed(why: string): ProviderError {
  return new ProviderError("protocol", `The PowerShell peer sent a value that cannot be read: ${why}.`);
}
