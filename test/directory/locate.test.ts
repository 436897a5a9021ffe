import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { inOrder } from "../../provider/directory/locate";

const record = (name: string, priority: number, weight: number) => ({ name, priority, weight, port: 389 });

describe("the order of domain controllers (RFC 2782)", () => {
  it("is by priority first", () => {
    const order = inOrder([record("c", 20, 100), record("a", 0, 0), record("b", 10, 0)]).map(({ name }) => name);
    assert.deepEqual(order, ["a", "b", "c"]);
  });

  it("is by chance within a priority, in proportion to weight", () => {
    const first = Array.from(
      { length: 4000 },
      () => inOrder([record("light", 0, 10), record("heavy", 0, 90)])[0]?.name,
    );
    const share = first.filter((name) => name === "heavy").length / first.length;
    assert.ok(share > 0.85 && share < 0.95, `heavy came first in ${share * 100} % of cases`);
  });

  it("leaves nobody out", () => {
    const records = Array.from({ length: 9 }, (_, index) => record(String(index), index % 2, index % 3));
    assert.deepEqual(new Set(inOrder(records)), new Set(records));
  });
});
