import { strict as assert } from "node:assert";
import { ProviderError } from "../../../provider/error";
import {
  type ClientEvent,
  type Limits,
  RunspacePoolClient,
  RunspacePoolServer,
  type ServerEvent,
  serialize,
} from "../../../provider/powershell/psrp";
import { fragments } from "../../../provider/powershell/psrp/fragment";
import { type Destination, encodeMessage, type MessageType } from "../../../provider/powershell/psrp/message";
import { sessionCapability } from "../../../provider/powershell/psrp/pool-message";

/** What is thrown has to be an error of the protocol with such words. */
export const refused = (pattern: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof ProviderError && thrown.code === "protocol", String(thrown));
  assert.match(thrown.message, pattern);
  return true;
};

/** Both ends in one process, their bytes cut into pieces of this size. */
export function joined(pieceSize = Number.POSITIVE_INFINITY, fragmentSize = 32768) {
  const client = new RunspacePoolClient();
  const server = new RunspacePoolServer();
  const events: { client: ClientEvent[]; server: ServerEvent[] } = { client: [], server: [] };
  const carry = () => {
    for (const [from, to, into] of [
      [client, server, events.server],
      [server, client, events.client],
    ] as const) {
      for (const { data, pipelineId } of from.dataToSend(fragmentSize)) {
        assert.ok(data.length <= fragmentSize, `a piece of ${data.length} bytes`);
        for (let at = 0; at < data.length; at += Math.min(pieceSize, data.length)) {
          (into as unknown[]).push(...to.receive(data.subarray(at, at + pieceSize), pipelineId));
        }
      }
    }
  };
  client.open();
  carry();
  return { client, server, events, carry };
}

export const poolId = "11111111-2222-3333-4444-555555555555";
export const one = "66666666-7777-8888-9999-aaaaaaaaaaaa";
export const other = "66666666-7777-8888-9999-bbbbbbbbbbbb";
export const pipeline = [{ name: "It" }] as const;
/** An object with one Int32. */
export const number = (name: string, value: number) => `<Obj RefId="0"><MS><I32 N="${name}">${value}</I32></MS></Obj>`;
export const capability = serialize(sessionCapability());
let lastObject = 1_000_000n;
/** One message in one fragment, whatever it says. */
export function message(
  to: Destination,
  type: MessageType,
  data: string,
  pipelineId: string | null = null,
  pool = poolId,
) {
  const bytes = encodeMessage({ destination: to, type, poolId: pool, pipelineId, data });
  return Buffer.concat([...fragments(++lastObject, bytes, () => bytes.length + 100)]);
}

export function fragment(object: bigint, index: bigint, flags: number, size = 0): Buffer {
  const head = Buffer.alloc(21 + size);
  head.writeBigUInt64BE(object, 0);
  head.writeBigUInt64BE(index, 8);
  head.writeUInt8(flags, 16);
  head.writeUInt32BE(size, 17);
  return head;
}

/** A client with a pool that is open. */
export function opened(limits?: Limits): RunspacePoolClient {
  const client = new RunspacePoolClient({ id: poolId, limits });
  client.open();
  client.dataToSend();
  client.receive(message("client", "sessionCapability", capability));
  client.receive(message("client", "runspacePoolState", number("RunspaceState", 2)));
  return client;
}

export function openedServer(): RunspacePoolServer {
  const server = new RunspacePoolServer();
  const client = new RunspacePoolClient({ id: poolId });
  client.open();
  for (const { data } of client.dataToSend()) server.receive(data);
  server.dataToSend();
  return server;
}

/** What CREATE_PIPELINE is in bytes. */
export function creation(id: string, input = false): Uint8Array {
  const client = opened();
  client.createPipeline(pipeline, { id, input });
  return Buffer.concat(client.dataToSend().map(({ data }) => data));
}
