import { once } from "node:events";
import net from "node:net";

/** What becomes of the next piece that a client sends: lost, or delivered while its answer is lost. */
export type Fault = "lose-request" | "lose-answer";

/** Passes bytes to another host; loses a piece, and with it the connection, when told to. */
export class LossyProxy {
  connections = 0;
  fault: Fault | undefined;
  private readonly sockets = new Set<net.Socket>();
  private readonly server: net.Server;

  constructor(private readonly target: { host: string; port: number }) {
    this.server = net.createServer((near) => this.join(near));
  }

  async listen(at: { host: string; port: number }): Promise<this> {
    this.server.listen(at);
    await once(this.server, "listening");
    return this;
  }

  /** The host is gone: nothing is open any more, and nothing more is taken. */
  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private join(near: net.Socket): void {
    this.connections += 1;
    const far = net.connect(this.target);
    const end = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        this.sockets.delete(socket);
        end();
      });
    }
    let mute = false;
    far.on("data", (piece) => (mute ? end() : near.write(piece)));
    near.on("data", (piece) => {
      const { fault } = this;
      this.fault = undefined;
      if (fault === "lose-request") return end();
      mute = fault === "lose-answer";
      return far.write(piece);
    });
  }
}
