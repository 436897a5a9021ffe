import { chmodSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { RunspacePoolServer } from "../../provider/powershell/psrp";
import { fragmentHeaderSize } from "../../provider/powershell/psrp/fragment";
import type { MessageType } from "../../provider/powershell/psrp/message";
import { encodePacket, OutOfProcessReader, poolGuid } from "../../provider/powershell/psrp/out-of-process";
import { messageBytes } from "./psrp-message";

/** When a server shows its true face: at the first word, at a command, or where a session key is wanted. */
export type Moment = "opening" | "command" | "key";

/** A client as a hostile server has it before it. */
export class Victim {
  /** The command's, once there is one. */
  pipelineId: string | null = null;

  constructor(
    readonly socket: Socket,
    readonly poolId: () => string,
  ) {}

  /** One line with data in it. */
  line(data: Uint8Array, id = this.pipelineId ?? poolGuid): Buffer {
    return Buffer.from(encodePacket({ type: "data", stream: "default", id, data }));
  }

  /** A whole message, true to its form, that says whatever. */
  message(type: MessageType, data: string, pipelineId = this.pipelineId): Buffer {
    return this.line(messageBytes(this.poolId(), type, data, pipelineId), pipelineId ?? poolGuid);
  }

  /** A message with another destination and type in its head (MS-PSRP 2.2.1). */
  misnamed(destination: number, type: number): Buffer {
    const bytes = messageBytes(this.poolId(), "runspacePoolState", "", null);
    bytes.writeUInt32LE(destination, fragmentHeaderSize);
    bytes.writeUInt32LE(type, fragmentHeaderSize + 4);
    return this.line(bytes);
  }

  /** A fragment by its head (MS-PSRP 2.2.4), which may lie. */
  fragment(object: bigint, number: bigint, flags: number, piece: Uint8Array, length = piece.length): Buffer {
    const head = Buffer.alloc(fragmentHeaderSize);
    head.writeBigUInt64BE(object, 0);
    head.writeBigUInt64BE(number, 8);
    head.writeUInt8(flags, 16);
    head.writeUInt32BE(length, 17);
    return this.line(Buffer.concat([head, piece]));
  }
}

/** What it does then; nobody does anything else after that. */
export interface Behaviour {
  readonly at: Moment;
  readonly act: (victim: Victim) => void;
}

/** PowerShell over a pair of streams, behind a program that is nothing but the way to it: as a child, or as sshd's subsystem. */
export class HostilePowerShell {
  behaviour: Behaviour = { at: "opening", act: () => {} };
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly program: string,
  ) {}

  static async open(folder: string): Promise<HostilePowerShell> {
    const program = join(folder, "pwsh");
    const address = join(folder, "pwsh.socket");
    const way = `const s = require("net").connect(${JSON.stringify(address)}); process.stdin.pipe(s).pipe(process.stdout); s.on("close", () => process.exit());`;
    writeFileSync(`${program}.js`, way);
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${program}.js'\n`);
    chmodSync(program, 0o755);
    const hostile = new HostilePowerShell(
      createServer((socket) => hostile.serve(socket)),
      program,
    );
    await new Promise<void>((resolve) => hostile.server.listen(address, resolve));
    return hostile;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  /** As PowerShell does it, until its moment comes. */
  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => {}).on("close", () => this.sockets.delete(socket));
    const reader = new OutOfProcessReader();
    const pool = new RunspacePoolServer();
    const victim = new Victim(socket, () => pool.id);
    const say = (packet: Parameters<typeof encodePacket>[0]) => socket.write(encodePacket(packet));
    let over = false;
    const turn = (moment: Moment): boolean => {
      over ||= this.behaviour.at === moment;
      if (over) this.behaviour.act(victim);
      return over;
    };
    socket.on("data", (bytes) => {
      for (const packet of over ? [] : reader.receive(bytes)) {
        if (over) return;
        if (packet.type === "command" || packet.type === "close") say({ type: `${packet.type}Ack`, id: packet.id });
        if (packet.type !== "data") continue;
        const { id, data } = packet;
        const opened = pool.state === "Opened";
        say({ type: "dataAck", id });
        const events = pool.receive(data, id === poolGuid ? null : id);
        if (!opened && turn("opening")) return;
        if (opened && id === poolGuid && turn("key")) return;
        for (const event of events) {
          if (event.type !== "createPipeline") continue;
          victim.pipelineId = event.pipelineId;
          if (turn("command")) return;
          pool.start(event.pipelineId);
          pool.writeOutput(event.pipelineId, "hello");
          pool.complete(event.pipelineId);
        }
        for (const piece of pool.dataToSend())
          say({ type: "data", stream: "default", id: piece.pipelineId ?? poolGuid, data: piece.data });
      }
    });
  }
}
