import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { after, before, beforeEach } from "mocha";
import { type Account, addAccount } from "../../provider/directory/accounts";
import type { Directory } from "../../provider/directory/directory";
import { withRollLock } from "../../provider/directory/roll-lock";
import { ProviderError } from "../../provider/error";
import { enterForest, type Forest } from "./forest";

/** An account in the lab's real directory, and the values of its lock as they are there. */
class LockWorld {
  forest!: Forest;
  directory!: Directory;
  account!: Account;

  addTo(where: Directory): Promise<Account> {
    return addAccount(where, {
      name: this.forest.uniqueName(),
      accountType: "computer",
      container: this.forest.organizationalUnit,
      description: undefined,
      enabled: true,
      encryptionTypeBits: 28,
      password: "Lock-test-1",
    });
  }

  readonly values = async (account = this.account): Promise<string[]> => {
    const { searchEntries } = await this.forest.admin.search(account.distinguishedName, {
      scope: "base",
      attributes: ["extensionName"],
    });
    return [searchEntries[0]?.extensionName ?? []].flat().map(String);
  };

  async set(values: string[]): Promise<void> {
    const modification = new Attribute({ type: "extensionName", values });
    await this.forest.admin.modify(this.account.distinguishedName, new Change({ operation: "replace", modification }));
  }

  /** The lock as a holder has left it, with something about it changed. */
  async leftBehind(change: (text: string) => string): Promise<void> {
    const held = await withRollLock(this.directory, this.account, () => this.values());
    await this.set(held.map(change));
  }

  /** A run that does nothing but look whether it has the lock. */
  work(): Promise<void> {
    return withRollLock(this.directory, this.account, ({ assertHeld }) => assertHeld());
  }
}

/** For the suite it is called in: its forest, and another account for each test. */
export function lockWorld(): LockWorld {
  const world = new LockWorld();
  before(async function () {
    world.forest = await enterForest(this);
    world.directory = world.forest.open();
  });
  beforeEach(async () => {
    world.account = await world.addTo(world.directory);
  });
  after(() => world.forest?.close());
  return world;
}

/** Until when the lock is held, in milliseconds. */
export const endOf = (values: string[]) => Date.parse(/until (\S+),/.exec(values.join())?.[1] ?? "");

export const refused = (work: Promise<unknown>, message: RegExp) =>
  assert.rejects(work, (error: ProviderError) => {
    assert.ok(error instanceof ProviderError);
    assert.equal(error.code, "refused");
    assert.match(error.message, message);
    return true;
  });
