import { randomUUID } from "node:crypto";
import { escapeXml, namespaces } from "./soap";

/** The actions of a remote shell (MS-WSMV 3.1.4). */
export const actions = {
  create: `${namespaces.wst}/Create`,
  delete: `${namespaces.wst}/Delete`,
  command: `${namespaces.rsp}/Command`,
  send: `${namespaces.rsp}/Send`,
  receive: `${namespaces.rsp}/Receive`,
  signal: `${namespaces.rsp}/Signal`,
} as const;

/** What a Signal asks for. The first is misspelt in PowerShell itself, client and server alike. */
export const signals = {
  stop: "powershell/signal/crtl_c",
  terminate: `${namespaces.rsp}/signal/terminate`,
} as const;

/** Done: the pipeline has said its last word (MS-WSMV 2.2.4.4). */
export const doneState = `${namespaces.rsp}/CommandState/Done`;

/** Bytes of one envelope at most: what the oldest servers take. */
export const maxEnvelopeSize = 153_600;

/** One request, without what every request of a shell has in common. */
export interface ShellRequest {
  readonly action: keyof typeof actions;
  /** XML of the SOAP body, with the prefixes of {@link namespaces}. */
  readonly body: string;
  readonly options?: Readonly<Record<string, string>> | undefined;
}

/** What every request of a shell has in common. */
export interface ShellAddress {
  /** The URL as typed: Exchange compares. */
  readonly url: string;
  readonly resourceUri: string;
  readonly sessionId: string;
  /** Seconds that the server may take before it says "nothing yet". */
  readonly operationTimeout: number;
  readonly shellId?: string | undefined;
}

export interface Envelope {
  readonly xml: string;
  /** What the answer must relate to. */
  readonly messageId: string;
}

const anonymous = `${namespaces.wsa}/role/anonymous`;
const declarations = Object.entries(namespaces)
  .map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`)
  .join(" ");

/** A SOAP envelope of MS-WSMV, with the headers that PowerShell's own client sends. */
export function envelope(address: ShellAddress, { action, body, options = {} }: ShellRequest): Envelope {
  const messageId = `uuid:${randomUUID().toUpperCase()}`;
  const must = 's:mustUnderstand="true"';
  const may = 's:mustUnderstand="false"';
  const set = Object.entries(options).map(
    ([name, value]) => `<wsman:Option Name="${escapeXml(name)}" MustComply="true">${escapeXml(value)}</wsman:Option>`,
  );
  const selector =
    address.shellId === undefined
      ? ""
      : `<wsman:SelectorSet><wsman:Selector Name="ShellId">${escapeXml(address.shellId)}</wsman:Selector></wsman:SelectorSet>`;
  const header = [
    `<wsa:Action ${must}>${actions[action]}</wsa:Action>`,
    `<wsmv:DataLocale ${may} xml:lang="en-US"/><wsman:Locale ${may} xml:lang="en-US"/>`,
    `<wsman:MaxEnvelopeSize ${must}>${maxEnvelopeSize}</wsman:MaxEnvelopeSize>`,
    `<wsa:MessageID>${messageId}</wsa:MessageID>`,
    `<wsman:OperationTimeout>PT${address.operationTimeout}S</wsman:OperationTimeout>`,
    `<wsa:ReplyTo><wsa:Address ${must}>${anonymous}</wsa:Address></wsa:ReplyTo>`,
    `<wsman:ResourceURI ${must}>${escapeXml(address.resourceUri)}</wsman:ResourceURI>`,
    `<wsmv:SessionId ${may}>uuid:${address.sessionId}</wsmv:SessionId>`,
    `<wsa:To>${escapeXml(address.url)}</wsa:To>`,
    set.length === 0 ? "" : `<wsman:OptionSet ${must}>${set.join("")}</wsman:OptionSet>`,
    selector,
  ].join("");
  return {
    messageId,
    xml: `<s:Envelope ${declarations}><s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`,
  };
}
