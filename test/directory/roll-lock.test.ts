import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { mock } from "node:test";
import { Attribute, Change } from "ldapts";
import { waitUntil } from "../../lab/command";
import { dc1, dc2, hostName } from "../../lab/domain-controller";
import { inboundReplication, replicateTo } from "../../lab/replication";
import { type Account, addAccount, deleteAccount } from "../../provider/directory/accounts";
import type { Directory } from "../../provider/directory/directory";
import { withRollLock } from "../../provider/directory/roll-lock";
import { ProviderError } from "../../provider/error";
import { enterForest, type Forest } from "./forest";

describe("the lock on a roll", function () {
  this.timeout(30_000);
  let forest: Forest;
  let account: Account;
  let directory: Directory;

  before(async function () {
    forest = await enterForest(this);
    directory = forest.open();
  });
  after(() => forest?.close());
  beforeEach(async () => {
    account = await addTo(directory);
  });

  const addTo = (where: Directory) =>
    addAccount(where, {
      name: forest.uniqueName(),
      accountType: "computer",
      container: forest.organizationalUnit,
      description: undefined,
      enabled: true,
      encryptionTypeBits: 28,
      password: "Lock-test-1",
    });

  const values = async () => {
    const { searchEntries } = await forest.admin.search(account.distinguishedName, {
      scope: "base",
      attributes: ["extensionName"],
    });
    return [searchEntries[0]?.extensionName ?? []].flat().map(String);
  };
  const set = (texts: string[]) =>
    forest.admin.modify(
      account.distinguishedName,
      new Change({ operation: "replace", modification: new Attribute({ type: "extensionName", values: texts }) }),
    );
  /** The lock as a holder has left it, with something about it changed. */
  async function leftBehind(change: (text: string) => string): Promise<void> {
    const held = await withRollLock(directory, account, values);
    await set(held.map(change));
  }
  const lifetime = 5 * 60_000;
  const endOf = (texts: string[]) => Date.parse(/until (\S+),/.exec(texts.join())?.[1] ?? "");
  const refused = (work: Promise<unknown>, message: RegExp) =>
    assert.rejects(work, (error: ProviderError) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, "refused");
      assert.match(error.message, message);
      return true;
    });
  const work = () => withRollLock(directory, account, async ({ assertHeld }) => assertHeld());

  it("is held by one run at a time, through whichever domain controller, and given back", async () => {
    const elsewhere = forest.open({ domainController: hostName(dc2) });
    await withRollLock(directory, account, async ({ assertHeld }) => {
      assert.equal((await values()).length, 2);
      const other = forest.open();
      for (const one of [other, elsewhere]) {
        await refused(
          withRollLock(one, account, () => assert.fail("two at once")),
          new RegExp(
            `is being rolled by process ${process.pid} on ${hostname()}\\. Wait until it is done; .* until \\d{4}-`,
          ),
        );
      }
      await assertHeld();
      await Promise.all([assertHeld(), assertHeld()]);
    });
    assert.deepEqual(await values(), []);
    await withRollLock(elsewhere, account, async () => {});
    assert.deepEqual(await values(), []);
  });

  it("goes to one of many that ask in the same moment", async () => {
    let inside = 0;
    const asked = Array.from({ length: 8 }, () =>
      withRollLock(forest.open(), account, async ({ assertHeld }) => {
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
    assert.deepEqual(await values(), []);
  });

  it("is given back when the work fails, and the work's error is what is said", async () => {
    await assert.rejects(
      withRollLock(directory, account, () => Promise.reject(new Error("the work"))),
      /^Error: the work$/,
    );
    assert.deepEqual(await values(), []);
  });

  it("is taken over from a process of this machine that is dead, by one of many", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await leftBehind((text) => text.replace(`process ${process.pid} `, `process ${child.pid} `));
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () =>
        withRollLock(forest.open(), account, async ({ assertHeld }) => {
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
    assert.deepEqual(await values(), []);
  });

  it("stays with a process elsewhere until its time is over", async () => {
    const elsewhere = (text: string) => text.replace(`by ${hostname()},`, "by build-7,");
    await leftBehind((text) => elsewhere(text).replace(`process ${process.pid} `, "process 999999 "));
    await refused(work(), /by process 999999 on build-7/);
    const past = new Date(Date.now() - 1000).toISOString();
    await leftBehindAgain((text) => text.replace(/until \S+,/, `until ${past},`));
    await work();
    assert.deepEqual(await values(), []);
  });
  const leftBehindAgain = async (change: (text: string) => string) => set((await values()).map(change));

  it("stays with a process of another container of this host, and of another host of its name", async () => {
    const elsewhere: [part: RegExp, other: string][] = [
      [/pid:\[/, "pid:[9"],
      [/ of [0-9a-f]{8}-/, " of 00000000-"],
    ];
    for (const [part, other] of elsewhere) {
      await leftBehind((text) => text.replace(`process ${process.pid} `, "process 999999 ").replace(part, other));
      await refused(work(), /by process 999999 on /);
      await set([]);
    }
  });

  it("stays with a process that may not be asked whether it lives", async () => {
    await leftBehind((text) => text);
    const kill = mock.method(process, "kill", () => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    });
    try {
      await refused(work(), /is being rolled by/);
      assert.equal(kill.mock.callCount(), 1);
    } finally {
      kill.mock.restore();
      await set([]);
    }
  });

  it("is taken for five minutes, and again each minute for as long as the work goes on", async () => {
    let tick = () => {};
    const every = mock.method(globalThis, "setInterval", (work: () => void, time: number) => {
      if (time === 60_000) tick = work;
    });
    try {
      await withRollLock(directory, account, async () => {
        const first = endOf(await values());
        assert.ok(Math.abs(first - Date.now() - lifetime) < 30_000, `until ${new Date(first).toISOString()}`);
        tick();
        await waitUntil("it is renewed", async () => endOf(await values()) > first, 5_000);
        // The work may end just then.
        tick();
      });
    } finally {
      every.mock.restore();
    }
    assert.deepEqual(await values(), []);
  });

  it("leaves no timer behind, which would keep the process from its end", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    await work();
    const before = timers();
    await work();
    assert.ok(timers() <= before, `${timers()} of ${before}`);
  });

  it("goes by the clock of the PDC emulator", async () => {
    const { now } = Date;
    await leftBehind((text) => text.replace(`by ${hostname()},`, "by build-7,"));
    try {
      Date.now = () => now() + 3_600_000;
      await refused(work(), /on build-7/);
      await set([]);
      const held = await withRollLock(directory, account, values);
      assert.ok(endOf(held) < now() + lifetime + 30_000, held.join());
    } finally {
      Date.now = now;
      await set([]);
    }
  });

  it("is missed when it was lost, before anything more is written", async () => {
    await withRollLock(directory, account, async ({ assertHeld }) => {
      await assertHeld();
      const mine = await values();
      await set(mine.map((text) => text.replace(/run \S+$/, "run another")));
      await refused(assertHeld(), /is not ours any more/);
    });
    // What is another's is left alone.
    assert.equal((await values()).length, 2);
    await set([]);
  });

  it("is not said to be another's where nobody could be asked", async () => {
    const ended = forest.open();
    await withRollLock(ended, account, async ({ assertHeld }) => {
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
    await set([]);
  });

  it("is missed with its account", async () => {
    await withRollLock(directory, account, async ({ assertHeld }) => {
      await deleteAccount(forest.open(), account);
      await refused(assertHeld(), /is not ours any more/);
    });
  });

  describe("on an account that the PDC emulator does not have yet", function () {
    this.timeout(60_000);
    let elsewhere: Directory;
    let made: Account;

    before(async () => {
      await replicateTo(dc2, dc1);
      elsewhere = forest.open({ domainController: hostName(dc2) });
      await inboundReplication(dc1, false);
    });
    after(() => inboundReplication(dc1, true));
    beforeEach(async () => {
      made = await addTo(elsewhere);
    });
    const lines: string[] = [];
    const { signal } = new AbortController();
    const locked = (timeoutSeconds: number, progress = (line: string) => void lines.push(line)) =>
      withRollLock(elsewhere, made, async ({ assertHeld }) => assertHeld(), { timeoutSeconds, signal, progress });

    it("names it and replication when it has waited long enough", async () => {
      await assert.rejects(locked(1), (error: ProviderError) => {
        assert.equal(error.code, "replication-late");
        assert.match(
          error.message,
          /^A roll locks .* PDC emulator .*: dc1\.corp\S+ does not have the account yet\. .*repadmin \/showrepl/,
        );
        assert.doesNotMatch(error.message, /deleted/);
        return true;
      });
      await deleteAccount(elsewhere, made);
    });

    it("does not wait for one that is deleted", async () => {
      await deleteAccount(elsewhere, made);
      await assert.rejects(locked(600), /may have been deleted/);
    });

    it("waits until the account is there, and holds its lock from then on", async () => {
      let replicated: Promise<unknown> = Promise.resolve();
      const { now } = Date;
      const progress = (line: string) => {
        assert.match(line, /^waiting for \S+ to replicate to dc1\.corp/);
        // A wait that takes longer than the lock.
        Date.now = () => now() + 600_000;
        replicated = inboundReplication(dc1, true).then(() => replicateTo(dc1, dc2));
      };
      try {
        await withRollLock(
          elsewhere,
          made,
          async () => {
            account = made;
            const held = await values();
            assert.ok(endOf(held) > Date.now(), held.join());
          },
          { timeoutSeconds: 3600, signal, progress },
        );
      } finally {
        Date.now = now;
      }
      await replicated;
    });
  });

  it("says what to do about a value that tells nobody", async () => {
    const held = await withRollLock(directory, account, values);
    await set(held.filter((text) => !text.includes("process")));
    await refused(work(), /rolled by another run\. .*take the value ".*" off its extensionName/);
    await set([]);
  });
});
