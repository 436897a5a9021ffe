import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { PoolEnd, PoolListener } from "../../../lab/exchange/wsman/remote-shell";
import {
  deserialize,
  encodePacket,
  type OutOfProcessPacket,
  OutOfProcessReader,
  PsObject,
  poolGuid,
} from "../../../provider/powershell/psrp";
import { Reassembler } from "../../../provider/powershell/psrp/fragment";
import { decodeMessage } from "../../../provider/powershell/psrp/message";

/** PSInvocationState: stopped, completed, failed (MS-PSRP 2.2.3.5). */
const lastStates: readonly unknown[] = [3, 4, 5];

/** The real engine behind the lab's endpoint: passes bytes through, and looks into them only for a pipeline's last word. */
export class EnginePool implements PoolEnd {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly reader = new OutOfProcessReader();
  private readonly streams = new Map<string, Reassembler>();
  /** What goes to the engine, by pool or pipeline: the next only when it has acknowledged the one before. */
  private readonly outgoing = new Map<string, OutOfProcessPacket[]>();

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
        else this.acknowledged(packet.id);
      }
    });
  }

  receive(data: Uint8Array, pipelineId: string | null): void {
    const id = pipelineId ?? poolGuid;
    if (pipelineId !== null && !this.streams.has(id)) {
      this.streams.set(id, new Reassembler());
      this.write({ type: "command", id });
    }
    this.write({ type: "data", stream: "default", id, data });
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

  private acknowledged(id: string): void {
    const queue = this.outgoing.get(id) ?? [];
    queue.shift();
    const [next] = queue;
    if (next === undefined) this.outgoing.delete(id);
    else this.child.stdin.write(encodePacket(next));
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

  private write(packet: OutOfProcessPacket): void {
    const queue = this.outgoing.get(packet.id);
    if (queue !== undefined) queue.push(packet);
    else {
      this.outgoing.set(packet.id, [packet]);
      this.child.stdin.write(encodePacket(packet));
    }
  }
}
