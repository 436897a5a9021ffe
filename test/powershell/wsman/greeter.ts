import type { PoolEnd, PoolListener } from "../../../lab/exchange/wsman/remote-shell";
import type { Pipeline } from "../../../provider/powershell/pipeline";
import { RunspacePoolServer } from "../../../provider/powershell/psrp";

export const hello: Pipeline = [{ name: "Say-Hello" }];

/** A pool whose every pipeline says "hello"; somebody may count them. */
export class Greeter implements PoolEnd {
  private readonly server = new RunspacePoolServer();

  constructor(
    private readonly listener: PoolListener,
    private readonly onCommand: () => void = () => {},
  ) {}

  receive(data: Uint8Array, pipelineId: string | null): void {
    for (const event of this.server.receive(data, pipelineId)) {
      if (event.type !== "createPipeline") continue;
      this.onCommand();
      this.server.start(event.pipelineId);
      this.server.writeOutput(event.pipelineId, "hello");
      this.server.complete(event.pipelineId);
      this.flush();
      this.listener.finished(event.pipelineId);
    }
    this.flush();
  }

  stop(): void {}

  closePipeline(pipelineId: string): void {
    this.server.endPipeline(pipelineId);
  }

  close(): void {}

  private flush(): void {
    const data = this.server.dataToSend(32_768);
    if (data.length > 0) this.listener.send(data);
  }
}
