import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { inOrder, locate } from "../../provider/directory/locate";
import type { ProviderError } from "../../provider/error";
import { nameServer } from "./name-server";

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

/** A certificate that is good for a host of his own does not make a name server's forger a domain controller. */
describe("the domain controllers that DNS names", () => {
  const service = "_ldap._tcp.dc._msdcs.corp.example";
  const named = async (...targets: string[]) => {
    const answers = targets.map((target) => ({ type: "SRV" as const, name: service, data: { target, port: 389 } }));
    const dns = await nameServer(answers);
    try {
      return await locate(service, ["corp.example"], [dns.address]);
    } finally {
      dns.close();
    }
  };

  it("are taken within the domain alone", async () => {
    assert.deepEqual(await named("dc1.CORP.example", "dc.evil.example"), ["dc1.CORP.example"]);
    assert.deepEqual((await named("dc1.corp.example", "dc2.sub.corp.example")).sort(), [
      "dc1.corp.example",
      "dc2.sub.corp.example",
    ]);
  });

  for (const target of [
    "dc.evil.example",
    "evilcorp.example",
    "corp.example",
    "dc.corp.example.evil.com",
    "127.0.0.1",
  ]) {
    it(`are refused where they are ${target}`, async () => {
      await assert.rejects(named(target), (error: ProviderError) => {
        assert.equal(error.code, "refused");
        assert.ok(error.message.startsWith(`DNS says that ${service} is ${target}, which is not in corp.example.`));
        return true;
      });
    });
  }

  it("may come with names that would act on a terminal", async () => {
    await assert.rejects(named("\u001b[31mx.evil.example"), (error: ProviderError) => {
      assert.match(error.message, /31mx\.evil\.example, which is not in/);
      assert.doesNotMatch(error.message, /\p{Cc}/u);
      return true;
    });
  });
});
