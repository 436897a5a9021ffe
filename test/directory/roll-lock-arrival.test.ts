import assert from "node:assert/strict";
import { dc1, dc2, hostName } from "../../lab/domain-controller";
import { inboundReplication, replicateTo } from "../../lab/replication";
import { type Account, deleteAccount } from "../../provider/directory/accounts";
import type { Directory } from "../../provider/directory/directory";
import { withRollLock } from "../../provider/directory/roll-lock";
import type { ProviderError } from "../../provider/error";
import { endOf, lockWorld } from "./lock-world";

describe("the lock on a roll, on an account that the PDC emulator does not have yet", function () {
  this.timeout(60_000);
  const world = lockWorld();
  let elsewhere: Directory;
  let made: Account;

  before(async () => {
    await replicateTo(dc2, dc1);
    elsewhere = world.forest.open({ domainController: hostName(dc2) });
    await inboundReplication(dc1, false);
  });
  after(() => inboundReplication(dc1, true));
  beforeEach(async () => {
    made = await world.addTo(elsewhere);
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
          const held = await world.values(made);
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
