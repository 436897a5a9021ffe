import { randomUUID } from "node:crypto";
import { SaxesParser } from "saxes";

/** Namespaces by the prefixes that our own envelopes use (MS-WSMV 2.2.1). */
export const namespaces = {
  s: "http://www.w3.org/2003/05/soap-envelope",
  a: "http://schemas.xmlsoap.org/ws/2004/08/addressing",
  w: "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
  p: "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
  rsp: "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
  x: "http://schemas.xmlsoap.org/ws/2004/09/transfer",
  f: "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
} as const;
type Prefix = keyof typeof namespaces;

export const powerShellNamespace = "http://schemas.microsoft.com/powershell";

/** An element by its namespace and local name. */
export class Element {
  readonly children: Element[] = [];
  text = "";

  constructor(
    readonly namespace: string,
    readonly name: string,
    readonly attributes: ReadonlyMap<string, string>,
  ) {}

  /** The first descendant of that name, wherever it stands. */
  find(namespace: string, name: string): Element | undefined {
    for (const child of this.children) {
      if (child.namespace === namespace && child.name === name) return child;
      const below = child.find(namespace, name);
      if (below !== undefined) return below;
    }
    return undefined;
  }

  findAll(namespace: string, name: string): Element[] {
    return this.children.flatMap((child) => [
      ...(child.namespace === namespace && child.name === name ? [child] : []),
      ...child.findAll(namespace, name),
    ]);
  }
}

/** @throws Error for what is no well-formed XML. */
export function parseXml(xml: string): Element {
  const root = new Element("", "", new Map());
  const open = [root];
  const parser = new SaxesParser({ xmlns: true });
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ uri, local, attributes }) => {
    const named = Object.values(attributes).map((one) => [one.local, one.value] as const);
    const element = new Element(uri, local, new Map(named));
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("text", (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.write(xml).close();
  return root;
}

/** A request, with what every action needs of its header. */
export interface WsmanRequest {
  readonly action: string;
  readonly messageId: string;
  readonly resourceUri: string;
  readonly shellId: string | undefined;
  /** Milliseconds that a Receive may wait. */
  readonly operationTimeout: number;
  readonly body: Element;
}

/** @throws Error for what is no WS-Management request. */
export function parseRequest(xml: string): WsmanRequest {
  const root = parseXml(xml);
  const required = (prefix: Prefix, name: string) => {
    const element = root.find(namespaces[prefix], name);
    if (element === undefined) throw new Error(`The request has no ${name}.`);
    return element;
  };
  const selectors = root.findAll(namespaces.w, "Selector");
  const seconds = /^PT(\d+(?:\.\d+)?)S$/.exec(root.find(namespaces.w, "OperationTimeout")?.text.trim() ?? "")?.[1];
  return {
    action: required("a", "Action").text.trim(),
    messageId: required("a", "MessageID").text.trim(),
    resourceUri: required("w", "ResourceURI").text.trim(),
    shellId: selectors
      .find((one) => one.attributes.get("Name") === "ShellId")
      ?.text.trim()
      .toLowerCase(),
    operationTimeout: Number(seconds ?? 180) * 1000,
    body: required("s", "Body"),
  };
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, (one) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" })[one] ?? one);
}

/** @param body XML that uses the prefixes above. */
export function envelope(action: string, relatesTo: string, body: string): string {
  const declarations = Object.entries(namespaces).map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`);
  return [
    `<s:Envelope xml:lang="en-US" ${declarations.join(" ")}>`,
    `<s:Header><a:Action>${action}</a:Action><a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>`,
    "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>",
    `<a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`,
  ].join("");
}

/** What the client gets instead of an answer: HTTP 500 with a fault (MS-WSMV 2.2.4.43). */
export class WsmanFault extends Error {
  override readonly name = "WsmanFault";

  /** @param code The number that clients go by. */
  constructor(
    readonly code: number,
    message: string,
    readonly subcode = "w:InternalError",
  ) {
    super(message);
  }

  toXml(relatesTo: string, machine: string): string {
    const text = escapeXml(this.message);
    const detail = `<f:WSManFault Code="${this.code}" Machine="${machine}"><f:Message>${text}</f:Message></f:WSManFault>`;
    const code = `<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>${this.subcode}</s:Value></s:Subcode></s:Code>`;
    const reason = `<s:Reason><s:Text xml:lang="en-US">${text}</s:Text></s:Reason>`;
    const body = `<s:Fault>${code}${reason}<s:Detail>${detail}</s:Detail></s:Fault>`;
    return envelope("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", relatesTo, body);
  }
}
