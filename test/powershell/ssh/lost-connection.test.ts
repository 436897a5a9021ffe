import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, Server, type ServerChannel, type Session } from "ssh2";
import { openSshSession, SecureString, type SshOptions } from "../../../provider/powershell";
import { fingerprint } from "../../../provider/powershell/ssh";
import { newKey } from "./openssh-server";

type Accept<T> = () => T;

describe("a session over SSH whose server lets us in and closes", function () {
  this.timeout(10_000);
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ssh-lost-"));
    await newKey(join(folder, "key"), "ed25519");
  });
  after(() => rmSync(folder, { recursive: true }));

  const moments: Record<string, (connection: Connection) => void> = {
    "at once": (connection) => connection.on("ready", () => connection.end()),
    "when a channel is asked for": (connection) => connection.on("session", () => connection.end()),
    "when PowerShell is asked for": (connection) =>
      connection.on("session", (accept: Accept<Session>) => {
        const end = (_accept: Accept<ServerChannel>) => connection.end();
        accept().on("subsystem", end).on("exec", end);
      }),
  };
  for (const [when, behave] of Object.entries(moments)) {
    for (const shell of ["subsystem", "windows-powershell"] as const) {
      it(`${when} (${shell}) is told from one that does not start PowerShell`, async () => {
        const server = new Server({ hostKeys: [readFileSync(join(folder, "key"))] }, (connection) => {
          connection.on("authentication", (context) => context.accept()).on("error", () => {});
          behave(connection);
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const blob = Buffer.from(readFileSync(join(folder, "key.pub"), "utf8").split(" ")[1] ?? "", "base64");
        const options: SshOptions = {
          host: "127.0.0.1",
          port: (server.address() as AddressInfo).port,
          user: "shelly",
          password: new SecureString("Open-s3same"),
          fingerprint: fingerprint(blob),
          shell,
        };
        try {
          await assert.rejects(openSshSession(options), {
            name: "ProviderError",
            code: "protocol",
            message: /127\.0\.0\.1 let us in, and closed before PowerShell was started/,
          });
        } finally {
          server.close();
        }
      });
    }
  }
});
