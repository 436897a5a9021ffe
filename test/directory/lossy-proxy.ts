import { once } from "node:events";
import net from "node:net";
import { type DomainController, hostName } from "../../lab/domain-controller";
import { nameServer } from "./name-server";

/**
 * What becomes of the next piece that a client sends: lost, or delivered while its answer is lost, changed in one bit, or
 * delivered twice.
 */
export type Fault = "lose-request" | "lose-answer" | "change-answer" | "repeat-answer";

/** Passes bytes to another host; loses a piece, and with it the connection, when told to. */
export class LossyProxy {
  connections = 0;
  /** All that went through, both ways. */
  readonly seen: Buffer[] = [];
  fault: Fault | undefined;
  /** How a connection is lost: closed in good order, or reset. */
  loss: "closed" | "reset" = "closed";
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
      if (this.loss === "reset") near.resetAndDestroy();
      else near.destroy();
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
    let meddling: Fault | undefined;
    far.on("data", (piece) => {
      this.seen.push(piece);
      if (meddling === "lose-answer") return end();
      if (meddling === "change-answer") piece[piece.length - 1] = (piece.at(-1) ?? 0) ^ 1;
      near.write(meddling === "repeat-answer" ? Buffer.concat([piece, piece]) : piece);
      meddling = undefined;
      return undefined;
    });
    near.on("data", (piece) => {
      this.seen.push(piece);
      const { fault } = this;
      this.fault = undefined;
      if (fault === "lose-request") return end();
      meddling = fault;
      return far.write(piece);
    });
  }
}

/** A line to a domain controller that loses what it is told to: its own name leads there, for which its certificate holds. */
export async function lossyLine(dc: DomainController) {
  const port = 636;
  const proxy = await new LossyProxy({ host: dc.address, port }).listen({ host: "127.0.0.1", port });
  const dns = await nameServer([{ type: "A", name: hostName(dc), data: "127.0.0.1" }]);
  return {
    proxy,
    settings: { domainController: hostName(dc), dnsServers: [dns.address] },
    close() {
      proxy.close();
      dns.close();
    },
  };
}
