import { fragments } from "../../provider/powershell/psrp/fragment";
import { encodeMessage, type MessageType } from "../../provider/powershell/psrp/message";

let lastObject = 1_000_000n;

/** A server's message in one fragment: true to its form, and it says whatever. */
export function messageBytes(poolId: string, type: MessageType, data: string, pipelineId: string | null): Buffer {
  lastObject += 1n;
  const message = encodeMessage({ destination: "client", type, poolId, pipelineId, data });
  return Buffer.concat([...fragments(lastObject, message, () => message.length + 1000)]);
}

/** RUNSPACEPOOL_STATE and PIPELINE_STATE by number (MS-PSRP 2.2.3.4, 2.2.3.5). */
export const runspacePoolState = (number: number, error = "") => state("RunspaceState", number, error);
export const pipelineState = (number: number, error = "") => state("PipelineState", number, error);

const state = (name: string, number: number, error: string) =>
  `<Obj RefId="0"><MS><I32 N="${name}">${number}</I32>${error}</MS></Obj>`;
