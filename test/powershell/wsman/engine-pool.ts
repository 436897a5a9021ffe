import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { PoolEnd, PoolListener } from "../../../lab/exchange/wsman/remote-shell";
import { deserialize, encodePacket, OutOfProcessReader, PsObject, poolGuid } from "../../../provider/powershell/psrp";
import { Reassembler } from "../../../provider/powershell/psrp/fragment";
import { decodeMessage } from "../../../provider/powershell/psrp/message";

/** PSInvocationState: stopped, completed, failed (MS-PSRP 2.2.3.5). */
const lastStates: readonly unknown[] = [3, 4, 5];

/** The real engine behind the lab's endpoint: passes bytes through, and looks into them only for a pipeline's last word. */
export class EnginePool implements PoolEnd {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly reader = new OutOfProcessReader();
  private readonly streams = new Map<string, Reassembler>();
  /** Data that waits until the engine has taken note of its pipeline. */
  private readonly waiting = new Map<string, Uint8Array[]>();

  constructor(
    engine: string,
    private readonly listener: PoolListener,
  ) {
    this.child = spawn(engine, ["-s", "-NoLogo", "-NoProfile"], { stdio: "pipe" });
    this.child.stdin.on("error", () => {});
    this.child.on("close", () => this.listener.expired());
    this.child.stdout.on("data", (bytes: Buffer) => {
      for (const packet of this.reader.receive(bytes)) {
        if (packet.type === "data") this.pass(packet.id, packet.data);
        else if (packet.type === "commandAck") this.begin(packet.id);
      }
    });
  }

  receive(data: Uint8Array, pipelineId: string | null): void {
    const id = pipelineId ?? poolGuid;
    const waiting = this.waiting.get(id);
    if (waiting !== undefined) waiting.push(data);
    else if (pipelineId !== null && !this.streams.has(id)) {
      this.waiting.set(id, [data]);
      this.streams.set(id, new Reassembler());
      this.write({ type: "command", id });
    } else this.write({ type: "data", stream: "default", id, data });
  }

  stop(pipelineId: string): void {
    this.write({ type: "signal", id: pipelineId });
  }

  closePipeline(pipelineId: string): void {
    if (this.streams.delete(pipelineId)) this.write({ type: "close", id: pipelineId });
  }

  close(): void {
    this.child.kill("SIGKILL");
  }

  private begin(id: string): void {
    for (const data of this.waiting.get(id) ?? []) this.write({ type: "data", stream: "default", id, data });
    this.waiting.delete(id);
  }

  private pass(id: string, data: Uint8Array): void {
    const pipelineId = id === poolGuid ? null : id;
    this.listener.send([{ pipelineId, stream: "default", data }]);
    for (const bytes of this.streams.get(id)?.receive(data) ?? []) {
      const message = decodeMessage(bytes, "client");
      if (message.type !== "pipelineState") continue;
      const state = deserialize(message.data);
      if (state instanceof PsObject && lastStates.includes(state.extended.get("PipelineState")))
        this.listener.finished(id);
    }
  }

  private write(packet: Parameters<typeof encodePacket>[0]): void {
    this.child.stdin.write(encodePacket(packet));
  }
}
