import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
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
      how: "its backend's folder, when an up has begun",
      expected: "the next up makes the account, or names the one that was made and what to do with it",
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
        // Enough for Pulumi to begin, and not for what it writes later.
        fill(filler, 12_288);
        const { status, stdout, stderr } = await stack.up();
        assert.notEqual(status, 0, stdout);
        assert.match(stdout + stderr, /no space left on device/);
        rmSync(filler);
        // Pulumi's own lock, of which only a part may be written: `pulumi cancel` cannot read it either.
        rmSync(join(backend, ".pulumi", "locks"), { recursive: true, force: true });
        const again = await stack.up();
        if (again.status !== 0) {
          // It was made, and Pulumi could not write that down.
          const { dn } = (await forest.find("DISK$")) ?? assert.fail(again.stdout);
          assert.ok(again.stdout.includes(`is taken by ${dn}`), again.stdout);
          assert.match(again.stdout, /delete it and run pulumi up again/);
          await forest.client.del(dn);
          succeeded(await stack.up());
        }
        assert.ok((await forest.find("DISK$")) !== undefined);
        succeeded(await stack.destroy());
        assert.equal(await forest.find("DISK$"), undefined);
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

/** Fills a disk but for so many bytes. */
function fill(path: string, left: number): void {
  const file = openSync(path, "w");
  let size = 0;
  try {
    for (;;) size += writeSync(file, Buffer.alloc(4096));
  } catch (thrown) {
    assert.equal((thrown as NodeJS.ErrnoException).code, "ENOSPC");
    ftruncateSync(file, size - left);
  } finally {
    closeSync(file);
  }
}
