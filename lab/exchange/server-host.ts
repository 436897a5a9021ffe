import type { Host } from "./control/controls";

/** Something that listens on a server's address. */
export interface Endpoint {
  start(): Promise<void>;
  stop(): Promise<void>;
  settled?(): Promise<void>;
}

/** One server's endpoints, which come and go together. */
export class ServerHost implements Host {
  constructor(private readonly endpoints: readonly Endpoint[]) {}

  async start(): Promise<void> {
    for (const endpoint of this.endpoints) await endpoint.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.endpoints.map((endpoint) => endpoint.stop()));
  }

  async settled(): Promise<void> {
    await Promise.all(this.endpoints.map((endpoint) => endpoint.settled?.()));
  }
}
