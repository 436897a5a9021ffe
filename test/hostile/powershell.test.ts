import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenSshServer } from "../powershell/ssh/openssh-server";
import { requireLab } from "../support/lab";
import { MeasuredClient } from "./measured-client";
import { cases, megabyte } from "./powershell-cases";
import type { Order, Target } from "./powershell-client";
import { HostilePowerShell } from "./powershell-server";
import { pipelineState } from "./psrp-message";

const address = "10.99.0.91";

describe("PowerShell servers of ill will", function () {
  this.timeout(60_000);
  let server: HostilePowerShell;
  let sshd: OpenSshServer;
  let folder: string;

  const targets: Readonly<Record<"stdio" | "ssh", () => Promise<Target>>> = {
    stdio: async () => ({ transport: "stdio", program: server.program }),
    ssh: async () => {
      const fingerprint = await sshd.fingerprint("ed25519");
      return { transport: "ssh", host: address, keyFile: sshd.clientKey, fingerprint };
    },
  };

  before(async function () {
    requireLab(this);
    folder = mkdtempSync(join(tmpdir(), "hostile-"));
    server = await HostilePowerShell.open(folder);
    sshd = await OpenSshServer.start(address, server.program, "Secret-1");
  });
  after(async () => {
    server?.close();
    await sshd?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const [transport, find] of Object.entries(targets)) {
    describe(`over ${transport}`, () => {
      let target: Target;
      let client: MeasuredClient<Order>;

      before(async () => {
        target = await find();
        client = await MeasuredClient.start("powershell-client.ts", 480, 512);
        server.behaviour = {
          at: "command",
          act: (victim) => {
            const output = victim.message("pipelineOutput", `<S>${megabyte}</S>`);
            victim.socket.write(Buffer.concat([output, output, victim.message("pipelineState", pipelineState(4))]));
          },
        };
        await client.welcome({ target, patience: 10_000 });
      });
      after(() => client?.stop());

      for (const { what, at = "opening", act, code, words } of cases) {
        it(`are answered with the right error at ${what}`, async () => {
          server.behaviour = { at, act };
          const patience = code === "timeout" ? 2_000 : 25_000;
          await client.expect({ target, patience, secret: at === "key" }, code, words);
        });
      }
    });
  }
});
