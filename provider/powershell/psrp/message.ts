import { ProviderError } from "../../error";
import { peerError } from "./state-error";

/** The message types (MS-PSRP 2.2.1). */
export const messageTypes = {
  sessionCapability: 0x00010002,
  initRunspacePool: 0x00010004,
  publicKey: 0x00010005,
  encryptedSessionKey: 0x00010006,
  publicKeyRequest: 0x00010007,
  connectRunspacePool: 0x00010008,
  setMaxRunspaces: 0x00021002,
  setMinRunspaces: 0x00021003,
  runspaceAvailability: 0x00021004,
  runspacePoolState: 0x00021005,
  createPipeline: 0x00021006,
  getAvailableRunspaces: 0x00021007,
  userEvent: 0x00021008,
  applicationPrivateData: 0x00021009,
  getCommandMetadata: 0x0002100a,
  runspacePoolInitData: 0x0002100b,
  resetRunspaceState: 0x0002100c,
  runspacePoolHostCall: 0x00021100,
  runspacePoolHostResponse: 0x00021101,
  pipelineInput: 0x00041002,
  endOfPipelineInput: 0x00041003,
  pipelineOutput: 0x00041004,
  errorRecord: 0x00041005,
  pipelineState: 0x00041006,
  debugRecord: 0x00041007,
  verboseRecord: 0x00041008,
  warningRecord: 0x00041009,
  progressRecord: 0x00041010,
  informationRecord: 0x00041011,
  pipelineHostCall: 0x00041100,
  pipelineHostResponse: 0x00041101,
} as const;

export type MessageType = keyof typeof messageTypes;

/** Who a message is for: the header's destination. */
export type Destination = "client" | "server";

/** One message (MS-PSRP 2.2.1). */
export interface Message {
  readonly destination: Destination;
  readonly type: MessageType;
  /** GUID of the pool; zeros in some of a server's messages. */
  readonly poolId: string;
  /** GUID of the pipeline, or `null` for the pool. */
  readonly pipelineId: string | null;
  /** One CLIXML element, or "" where the type has no data. */
  readonly data: string;
}

const headerSize = 40;
const noGuid = "00000000-0000-0000-0000-000000000000";
/** Drops the byte order mark that Windows' servers write. */
const utf8 = new TextDecoder("utf-8", { fatal: true });
const typesByNumber = new Map<number, MessageType>(
  Object.entries(messageTypes).map(([name, number]) => [number, name as MessageType]),
);

/** The message's bytes: header little endian, then UTF-8. */
export function encodeMessage(message: Message): Uint8Array {
  const bytes = Buffer.allocUnsafe(headerSize + Buffer.byteLength(message.data));
  bytes.writeUInt32LE(message.destination === "server" ? 2 : 1, 0);
  bytes.writeUInt32LE(messageTypes[message.type], 4);
  writeGuid(bytes, 8, message.poolId);
  writeGuid(bytes, 24, message.pipelineId ?? noGuid);
  bytes.write(message.data, headerSize);
  return bytes;
}

/** @throws ProviderError `protocol` for an unknown type, another's message, or text that is not UTF-8 */
export function decodeMessage(bytes: Uint8Array, self: Destination): Message {
  if (bytes.length < headerSize) throw peerError("a message is shorter than its header");
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.readUInt32LE(0) !== (self === "server" ? 2 : 1)) throw peerError(`a message is not for the ${self}`);
  const number = buffer.readUInt32LE(4);
  const type = typesByNumber.get(number);
  if (type === undefined) throw peerError(`a message has the unknown type 0x${number.toString(16)}`);
  const pipelineId = readGuid(buffer, 24);
  let data: string;
  try {
    data = utf8.decode(buffer.subarray(headerSize));
  } catch (cause) {
    throw new ProviderError("protocol", "The PowerShell peer broke the remoting protocol: a message is not UTF-8.", {
      cause,
    });
  }
  return {
    destination: self,
    type,
    poolId: readGuid(buffer, 8),
    pipelineId: pipelineId === noGuid ? null : pipelineId,
    data,
  };
}

// .NET's order: the first three groups are little endian.
function writeGuid(bytes: Buffer, offset: number, guid: string): void {
  const plain = Buffer.from(guid.replaceAll("-", ""), "hex");
  if (plain.length !== 16) throw new ProviderError("protocol", "An id of the remoting protocol is not a GUID.");
  swapGroups(plain).copy(bytes, offset);
}

function readGuid(bytes: Buffer, offset: number): string {
  const hex = swapGroups(Buffer.from(bytes.subarray(offset, offset + 16))).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function swapGroups(guid: Buffer): Buffer {
  guid.subarray(0, 4).reverse();
  guid.subarray(4, 6).reverse();
  guid.subarray(6, 8).reverse();
  return guid;
}
