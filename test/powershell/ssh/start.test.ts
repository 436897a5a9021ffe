import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, Server, type ServerChannel, type Session } from "ssh2";
import type { ErrorCode } from "../../../provider/error";
import { openSshSession, SecureString, type SshOptions } from "../../../provider/powershell";
import { fingerprint } from "../../../provider/powershell/ssh";
import { newKey } from "./openssh-server";

type Shell = "subsystem" | "windows-powershell";
/** Answers what PowerShell is asked for by, subsystem or command. */
type Answer = (accept: () => ServerChannel, reject: () => void) => void;

interface Failure {
  /** What the server does. */
  readonly behave: (connection: Connection, socket: Socket) => void;
  readonly code?: ErrorCode;
  readonly says: RegExp | Record<Shell, RegExp>;
  readonly connectDeadline?: number;
}

const closed = /127\.0\.0\.1 let us in, and closed before PowerShell was started/;
const notStarted = {
  subsystem: /does not start the subsystem "powershell"\. .*Subsystem powershell …/,
  "windows-powershell": /does not start the command powershell\.exe\. .*force another command/,
};

const asked = (connection: Connection, answer: Answer) =>
  connection.on("session", (accept: () => Session) => accept().on("subsystem", answer).on("exec", answer));
const ending = (end: (channel: ServerChannel) => void) => (connection: Connection) =>
  asked(connection, (accept) => {
    const channel = accept();
    channel.stderr.write("no licence\n");
    end(channel);
    channel.end();
  });

const failures: Record<string, Failure> = {
  "closes while we log on": {
    behave: (connection) =>
      connection.removeAllListeners("authentication").on("authentication", () => connection.end()),
    says: /The SSH connection with 127\.0\.0\.1 failed: The connection was closed\./,
  },
  "lets us in and closes at once": {
    behave: (connection) => connection.on("ready", () => connection.end()),
    says: closed,
  },
  "lets us in and closes when a channel is asked for": {
    behave: (connection) => connection.on("session", () => connection.end()),
    says: closed,
  },
  "lets us in and closes when PowerShell is asked for": {
    behave: (connection) => asked(connection, () => connection.end()),
    says: closed,
  },
  "has no channel for us": {
    behave: (connection) => connection.on("session", (_accept, reject) => reject()),
    code: "access-denied",
    says: notStarted,
  },
  "has no PowerShell for us": {
    behave: (connection) => asked(connection, (_accept, reject) => reject()),
    code: "access-denied",
    says: notStarted,
  },
  "never starts anything": {
    behave: (connection) => asked(connection, () => {}),
    code: "timeout",
    says: /did not start PowerShell in time/,
    connectDeadline: 1_500,
  },
  "has a channel that closes": { behave: ending(() => {}), says: /ended, or SSH lost it\. It said: "no licence"\./ },
  "has a PowerShell that ends": {
    behave: ending((channel) => channel.exit(3)),
    says: /ended \(exit code 3\), or SSH lost it\. It said: "no licence"\./,
  },
  "has a PowerShell that is killed": {
    behave: ending((channel) => channel.exit("KILL")),
    says: /ended \(signal SIGKILL\), or SSH lost it\. It said: "no licence"\./,
  },
  "loses the connection": {
    behave: (connection, socket) =>
      asked(connection, (accept) => accept().once("data", () => socket.resetAndDestroy())),
    says: /ended, or SSH lost it\. (read|write) E[A-Z]+\./,
  },
};

describe("a session over SSH is not opened, and its connection let go, where the server", function () {
  this.timeout(10_000);
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ssh-start-"));
    await newKey(join(folder, "key"), "ed25519");
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [what, { behave, code = "protocol", says, connectDeadline }] of Object.entries(failures)) {
    for (const shell of ["subsystem", "windows-powershell"] as const) {
      it(`${what} (${shell})`, async () => {
        const hostKeys = [readFileSync(join(folder, "key"))];
        const listener = createServer((socket) => {
          new Server({ hostKeys }, (connection) => {
            connection.on("authentication", (context) => context.accept()).on("error", () => {});
            behave(connection, socket);
          }).injectSocket(socket);
        });
        await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
        const connected = once(listener, "connection") as Promise<[Socket]>;
        const blob = Buffer.from(readFileSync(join(folder, "key.pub"), "utf8").split(" ")[1] ?? "", "base64");
        const options: SshOptions = {
          host: "127.0.0.1",
          port: (listener.address() as AddressInfo).port,
          user: "shelly",
          password: new SecureString("Open-s3same"),
          fingerprint: fingerprint(blob),
          shell,
          connectDeadline,
        };
        try {
          const message = says instanceof RegExp ? says : says[shell];
          await assert.rejects(openSshSession(options), { name: "ProviderError", code, message });
          const [socket] = await connected;
          if (!socket.closed) await once(socket, "close");
        } finally {
          listener.close();
        }
      });
    }
  }
});
