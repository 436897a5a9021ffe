import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { mock } from "node:test";
import { waitUntil } from "../../lab/command";
import { dc1, dc2, hostName } from "../../lab/domain-controller";
import { deleteAccount } from "../../provider/directory/accounts";
import type { Directory } from "../../provider/directory/directory";
import { LdapSession } from "../../provider/directory/ldap-session";
import { withRollLock } from "../../provider/directory/roll-lock";
import type { ProviderError } from "../../provider/error";
import { endOf, lockWorld, refused } from "./lock-world";
import { lossyLine } from "./lossy-proxy";

describe("the lock on a roll", function () {
  this.timeout(30_000);
  const world = lockWorld();
  const lifetime = 5 * 60_000;

  /** Something happens just before our write of that number goes out. */
  async function beforeWrite(number: number, act: () => unknown, work: () => Promise<unknown>): Promise<void> {
    const { modify } = LdapSession.prototype;
    let writes = 0;
    type Write = Parameters<typeof modify>;
    const writing = mock.method(LdapSession.prototype, "modify", async function (this: LdapSession, ...write: Write) {
      writes += 1;
      if (writes === number) await act();
      return modify.apply(this, write);
    });
    try {
      await work();
    } finally {
      writing.mock.restore();
    }
  }

  it("is held by one run at a time, through whichever domain controller, and given back", async () => {
    const elsewhere = world.forest.open({ domainController: hostName(dc2) });
    await withRollLock(world.directory, world.account, async ({ assertHeld }) => {
      assert.equal((await world.values()).length, 2);
      const other = world.forest.open();
      for (const one of [other, elsewhere]) {
        await refused(
          withRollLock(one, world.account, () => assert.fail("two at once")),
          new RegExp(
            `is being rolled by process ${process.pid} on ${hostname()}\\. Wait until it is done; .* until \\d{4}-`,
          ),
        );
      }
      await assertHeld();
      await Promise.all([assertHeld(), assertHeld()]);
    });
    assert.deepEqual(await world.values(), []);
    await withRollLock(elsewhere, world.account, async () => {});
    assert.deepEqual(await world.values(), []);
  });

  it("goes to one of many that ask in the same moment", async () => {
    let inside = 0;
    const asked = Array.from({ length: 8 }, () =>
      withRollLock(world.forest.open(), world.account, async ({ assertHeld }) => {
        inside += 1;
        assert.equal(inside, 1);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await assertHeld();
        inside -= 1;
        return "done";
      }).catch((error: ProviderError) => error.code),
    );
    const outcomes = await Promise.all(asked);
    assert.ok(outcomes.includes("done"));
    assert.ok(
      outcomes.every((outcome) => outcome === "done" || outcome === "refused"),
      outcomes.join(),
    );
    assert.deepEqual(await world.values(), []);
  });

  it("is given back when the work fails, and the work's error is what is said", async () => {
    await assert.rejects(
      withRollLock(world.directory, world.account, () => Promise.reject(new Error("the work"))),
      /^Error: the work$/,
    );
    assert.deepEqual(await world.values(), []);
  });

  it("is taken over from a process of this machine that is dead, by one of many", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await world.leftBehind((text) => text.replace(`process ${process.pid} `, `process ${child.pid} `));
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () =>
        withRollLock(world.forest.open(), world.account, async ({ assertHeld }) => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          await assertHeld();
          return "done";
        }).catch((error: ProviderError) => error.code),
      ),
    );
    assert.ok(outcomes.includes("done"), outcomes.join());
    assert.ok(
      outcomes.every((outcome) => outcome === "done" || outcome === "refused"),
      outcomes.join(),
    );
    assert.deepEqual(await world.values(), []);
  });

  it("is refused where another is quicker to take it over", async () => {
    await world.leftBehind((text) => text.replace(/until \S+,/, "until 2026-01-01T00:00:00.000Z,"));
    const abandoned = await world.values();
    const quicker = () =>
      world.set(abandoned.map((text) => text.replace(/by \S+,/, "by build-7,").replace("until 2026", "until 2126")));
    await beforeWrite(2, quicker, () => refused(world.work(), /by process \d+ on build-7/));
  });

  it("stays with a process elsewhere until its time is over", async () => {
    const elsewhere = (text: string) => text.replace(`by ${hostname()},`, "by build-7,");
    await world.leftBehind((text) => elsewhere(text).replace(`process ${process.pid} `, "process 999999 "));
    await refused(world.work(), /by process 999999 on build-7/);
    const past = new Date(Date.now() - 1000).toISOString();
    await world.set((await world.values()).map((text) => text.replace(/until \S+,/, `until ${past},`)));
    await world.work();
    assert.deepEqual(await world.values(), []);
  });
  it("stays with a process of another container of this host, and of another host of its name", async () => {
    const elsewhere: [part: RegExp, other: string][] = [
      [/pid:\[/, "pid:[9"],
      [/ of [0-9a-f]{8}-/, " of 00000000-"],
    ];
    for (const [part, other] of elsewhere) {
      await world.leftBehind((text) => text.replace(`process ${process.pid} `, "process 999999 ").replace(part, other));
      await refused(world.work(), /by process 999999 on /);
      await world.set([]);
    }
  });

  it("stays with a process that may not be asked whether it lives", async () => {
    await world.leftBehind((text) => text);
    const kill = mock.method(process, "kill", () => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    });
    try {
      await refused(world.work(), /is being rolled by/);
      assert.equal(kill.mock.callCount(), 1);
    } finally {
      kill.mock.restore();
      await world.set([]);
    }
  });

  it("is taken for five minutes, and again each minute for as long as the work goes on", async () => {
    let tick = () => {};
    const every = mock.method(globalThis, "setInterval", (work: () => void, time: number) => {
      if (time === 60_000) tick = work;
    });
    try {
      await withRollLock(world.directory, world.account, async () => {
        const first = endOf(await world.values());
        assert.ok(Math.abs(first - Date.now() - lifetime) < 30_000, `until ${new Date(first).toISOString()}`);
        tick();
        await waitUntil("it is renewed", async () => endOf(await world.values()) > first, 5_000);
        // The work may end just then.
        tick();
      });
    } finally {
      every.mock.restore();
    }
    assert.deepEqual(await world.values(), []);
  });

  it("leaves no timer behind, which would keep the process from its end", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    await world.work();
    const before = timers();
    await world.work();
    assert.ok(timers() <= before, `${timers()} of ${before}`);
  });

  it("goes by the clock of the PDC emulator", async () => {
    const { now } = Date;
    await world.leftBehind((text) => text.replace(`by ${hostname()},`, "by build-7,"));
    try {
      Date.now = () => now() + 3_600_000;
      await refused(world.work(), /on build-7/);
      await world.set([]);
      const held = await withRollLock(world.directory, world.account, () => world.values());
      assert.ok(endOf(held) < now() + lifetime + 30_000, held.join());
    } finally {
      Date.now = now;
      await world.set([]);
    }
  });

  it("is missed when it was lost, before anything more is written", async () => {
    await withRollLock(world.directory, world.account, async ({ assertHeld }) => {
      await assertHeld();
      const mine = await world.values();
      await world.set(mine.map((text) => text.replace(/run \S+$/, "run another")));
      await refused(assertHeld(), /is not ours any more/);
    });
    // What is another's is left alone.
    assert.equal((await world.values()).length, 2);
    await world.set([]);
  });

  describe("over a line that breaks", () => {
    let line: Awaited<ReturnType<typeof lossyLine>>;
    let ours: Directory;

    beforeEach(async () => {
      line = await lossyLine(dc1);
      ours = world.forest.open(line.settings);
    });
    afterEach(async () => {
      await ours.close();
      line.close();
    });

    it("is ours where only the answer was lost, and says so", () =>
      withRollLock(ours, world.account, async ({ assertHeld }) => {
        line.proxy.fault = "lose-answer";
        await assertHeld();
        await assertHeld();
        assert.equal(line.proxy.connections, 2);
      }));

    it("is not taken for ours where another has it, and our request was lost", async () => {
      await world.leftBehind((text) => text.replace(`by ${hostname()},`, "by build-7,"));
      const loses = () => {
        line.proxy.fault = "lose-request";
      };
      await beforeWrite(1, loses, () =>
        assert.rejects(
          withRollLock(ours, world.account, () => assert.fail("two at once")),
          { code: "directory-unclear", message: /trying to lock CN=.*It was not done when looked at/ },
        ),
      );
      assert.match((await world.values()).join(), /by build-7/);
    });
  });

  it("is not said to be another's where nobody could be asked", async () => {
    const ended = world.forest.open();
    await withRollLock(ended, world.account, async ({ assertHeld }) => {
      await ended.close();
      await assert.rejects(assertHeld(), (error: ProviderError) => {
        assert.equal(error.code, "cancelled");
        assert.match(
          error.message,
          /^Whether the lock on CN=.+ is still ours is not known, so nothing more is written/,
        );
        return true;
      });
    });
    await world.set([]);
  });

  it("is missed with its account", async () => {
    await withRollLock(world.directory, world.account, async ({ assertHeld }) => {
      await deleteAccount(world.forest.open(), world.account);
      await refused(assertHeld(), /is not ours any more/);
    });
  });

  it("is kept from others also where the value of an earlier run was left beside it", async () => {
    await world.leftBehind((text) => text.replace(/until \S+,/, "until 2026-01-01T00:00:00.000Z,"));
    await world.set((await world.values()).filter((text) => text.includes("process")));
    await withRollLock(world.directory, world.account, async ({ assertHeld }) => {
      const other = withRollLock(world.forest.open(), world.account, () => assert.fail("two at once"));
      await refused(other, /is being rolled by process/);
      await assertHeld();
    });
    assert.equal((await world.values()).length, 1);
  });

  it("says what to do about a value that tells nobody", async () => {
    const held = await withRollLock(world.directory, world.account, () => world.values());
    await world.set(held.filter((text) => !text.includes("process")));
    await refused(world.work(), /rolled by another run\. .*take the value ".*" off its extensionName/);
    await world.set([]);
  });
});
