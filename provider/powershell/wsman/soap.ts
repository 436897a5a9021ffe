import { SaxesParser } from "saxes";
import { ProviderError } from "../../error";

/** Namespaces by the prefixes that our own envelopes use (MS-WSMV 2.2.1). */
export const namespaces = {
  s: "http://www.w3.org/2003/05/soap-envelope",
  wsa: "http://schemas.xmlsoap.org/ws/2004/08/addressing",
  wsman: "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
  wsmv: "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
  rsp: "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
  wst: "http://schemas.xmlsoap.org/ws/2004/09/transfer",
  fault: "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
} as const;
type Prefix = keyof typeof namespaces;

export function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, (one) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" })[one] ?? one);
}

/** An element by namespace and local name: every server has prefixes of its own. */
export class SoapElement {
  readonly children: SoapElement[] = [];
  text = "";

  constructor(
    readonly namespace: string,
    readonly name: string,
    readonly attributes: ReadonlyMap<string, string>,
  ) {}

  /** The first descendant of that name, in the order of the text. */
  find(prefix: Prefix, name: string): SoapElement | undefined {
    return this.descendants(prefix, name).next().value ?? undefined;
  }

  *descendants(prefix: Prefix, name: string): Generator<SoapElement, undefined> {
    for (const child of this.children) {
      if (child.name === name && child.namespace === namespaces[prefix]) yield child;
      yield* child.descendants(prefix, name);
    }
  }

  /** All text below, as one. */
  get content(): string {
    return this.text + this.children.map((child) => child.content).join("");
  }
}

/**
 * Output is base64, most of an envelope's text, and the parser looks at each letter of it: it gets a mark instead. Between `>` and `<`
 * there is nothing in such letters that could be markup; the mark is of Unicode's private use, and no text that holds it is cut.
 */
const longBase64 = /(?<=>)[A-Za-z0-9+/=]{1024,}(?=<)/g;
const mark = "\uE000";
const marked = /\uE000(\d+)\uE000/g;

const maxDepth = 64;
const maxElements = 100_000;

/**
 * An envelope. No DTD, no processing instruction, no entity but XML's own five.
 * @throws ProviderError `protocol`; its sentence quotes nothing of the text, which may hold secrets
 */
export function readSoap(xml: string): SoapElement {
  const root = new SoapElement("", "", new Map());
  const open = [root];
  let elements = 0;
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on("error", () => {
    throw malformed("it is not well-formed XML");
  });
  for (const forbidden of ["doctype", "processinginstruction"] as const) {
    parser.on(forbidden, () => {
      throw malformed(`it holds a ${forbidden}`);
    });
  }
  parser.on("opentag", ({ uri, local, attributes }) => {
    elements += 1;
    if (elements > maxElements || open.length > maxDepth)
      throw malformed("it has too many elements, or nests too deep");
    const named = Object.values(attributes).map((one) => [one.local, one.value] as const);
    const element = new SoapElement(uri, local, new Map(named));
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  const base64: string[] = [];
  const short = xml.includes(mark) ? xml : xml.replace(longBase64, (text) => `${mark}${base64.push(text) - 1}${mark}`);
  for (const kind of ["text", "cdata"] as const) {
    parser.on(kind, (text) => {
      const element = open.at(-1);
      if (element === undefined) return;
      element.text += base64.length === 0 ? text : text.replace(marked, (_, index) => base64[Number(index)] ?? "");
    });
  }
  parser.on("closetag", () => {
    open.pop();
  });
  parser.write(short).close();
  if (root.find("s", "Envelope") === undefined) throw malformed("it is no SOAP envelope");
  return root;
}

/** @param why a clause, such as "it is no SOAP envelope" */
export function malformed(why: string): ProviderError {
  return new ProviderError("protocol", `The server's answer cannot be read: ${why}.`);
}
