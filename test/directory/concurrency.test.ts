import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "mocha";
import { Batch, KeyedLock, Lazy, Limiter } from "../../provider/directory/concurrency";

describe("Limiter", () => {
  it("runs no more than its limit at a time, and all in the end", async () => {
    const limiter = new Limiter(3);
    let running = 0;
    let most = 0;
    const work = Array.from({ length: 20 }, (_, index) =>
      limiter.run(async () => {
        most = Math.max(most, ++running);
        await delay(2);
        running -= 1;
        if (index === 5) throw new Error("one of them fails");
        return index;
      }),
    );
    const results = await Promise.allSettled(work);
    assert.equal(most, 3);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 19);
    assert.equal(await limiter.run(async () => "free again"), "free again");
  });
});

describe("KeyedLock", () => {
  it("keeps work on one key apart and lets other keys through", async () => {
    const lock = new KeyedLock();
    const log: string[] = [];
    const step = (key: string, name: string) =>
      lock.run(key, async () => {
        log.push(`${name} begins`);
        await delay(5);
        log.push(`${name} ends`);
        if (name === "first") throw new Error("does not block the next");
      });
    await Promise.allSettled([step("a", "first"), step("a", "second"), step("b", "other")]);
    const apart = log.filter((line) => !line.startsWith("other"));
    assert.deepEqual(apart, ["first begins", "first ends", "second begins", "second ends"]);
    assert.ok(log.indexOf("other begins") < log.indexOf("first ends"));
  });
});

describe("Lazy", () => {
  it("makes its value once for all who ask, and tries again after a failure", async () => {
    let made = 0;
    const lazy = new Lazy(async () => {
      made += 1;
      await delay(1);
      if (made === 1) throw new Error("first time");
      return made;
    });
    await assert.rejects(Promise.all([lazy.get(), lazy.get()]), /first time/);
    assert.deepEqual(await Promise.all([lazy.get(), lazy.get(), lazy.get()]), [2, 2, 2]);
  });
});

describe("Batch", () => {
  it("asks for everything of one moment at once, and anew for what comes later", async () => {
    const asked: string[][] = [];
    const batch = new Batch<string, string>(async (keys) => {
      asked.push([...keys]);
      return new Map(keys.filter((key) => key !== "none").map((key) => [key, key.toUpperCase()]));
    });
    assert.deepEqual(await Promise.all(["a", "b", "a", "none"].map((key) => batch.get(key))), [
      "A",
      "B",
      "A",
      undefined,
    ]);
    assert.equal(await batch.get("a"), "A");
    assert.deepEqual(asked, [["a", "b", "none"], ["a"]]);
  });
});
