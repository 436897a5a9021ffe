import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../../lab/command";
import { checkoutFolder, labFolder } from "../../lab/folders";
import { ForestByHand } from "../stack/forest-by-hand";
import { requireLab } from "../support/lab";
import { Stack, succeeded } from "../support/stack";
import { fault } from "./table";

/** We write no log and no file of our own: what is printed goes to whoever started us, and the state is Pulumi's. */
describe("a disk that is full", function () {
  this.timeout(180_000);

  fault(
    {
      name: "the disk is full for a report",
      how: "exchange-kerberos with its output on it",
      expected: "exit code 3, and what could not be written",
    },
    async () => {
      const full = openSync("/dev/full", "w");
      try {
        const main = [
          "-r",
          "ts-node/register/transpile-only",
          join(checkoutFolder, "cli", "main.ts"),
          "check",
          "--list",
        ];
        const child = spawn(process.execPath, main, { stdio: ["ignore", full, "pipe"] });
        let said = "";
        child.stderr?.on("data", (data) => {
          said += String(data);
        });
        const [code] = await once(child, "close");
        assert.equal(code, 3, said);
        assert.match(said, /^The output could not be written: ENOSPC/);
      } finally {
        closeSync(full);
      }
    },
  );

  fault(
    {
      name: "the disk is full for Pulumi's state",
      how: "its backend's folder, while an account is made",
      expected: "the next up makes the account, or names the one that is there and what to do",
    },
    async (context) => {
      requireLab(context);
      const forest = await ForestByHand.open();
      const unit = await forest.freshUnit("Disk");
      const backend = join(labFolder, "small-backend");
      mkdirSync(backend, { recursive: true });
      await mustRun("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", backend]);
      const filler = join(backend, "filler");
      let stack: Stack | undefined;
      try {
        const source = `new ek.AsaAccount("asa", { name: "DISK", organizationalUnit: ${JSON.stringify(unit)}, replication: false });`;
        stack = await Stack.create("disk", source, { environment: { PULUMI_BACKEND_URL: `file://${backend}` } });
        fill(filler);
        const failed = await stack.up();
        console.log(failed.status, failed.stdout, failed.stderr);
        console.log("ACCOUNT", (await forest.find("DISK$"))?.dn);
        rmSync(filler);
        const again = await stack.up();
        console.log(again.status, again.stdout, again.stderr);
      } finally {
        rmSync(filler, { force: true });
        await stack?.remove();
        await mustRun("umount", [backend]);
        await forest.removeUnit(unit);
        await forest.close();
      }
    },
  );
});

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (thrown) {
    assert.equal((thrown as NodeJS.ErrnoException).code, "ENOSPC");
  } finally {
    closeSync(file);
  }
}
