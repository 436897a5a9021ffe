import { performance } from "node:perf_hooks";
import { ForestByHand } from "../test/stack/forest-by-hand";
import { Stack } from "../test/support/stack";
import type { Figure } from "./figure";

const count = 200;
const rounds = 5;

const ours = (unit: string) => `
  const account = new ek.AsaAccount("asa", { name: "BENCH", organizationalUnit: ${JSON.stringify(unit)}, replication: false });
  for (let i = 0; i < ${count}; i++) {
    new ek.ServicePrincipalName("spn" + i, { account: account.qualifiedName,
      spn: "http/host" + i + ".bench.corp.tailspintoys.com", allowBeforeDeployment: true });
  }`;

/**
 * As many resources that do nothing, the least that a dynamic provider can cost. They have as many properties as ours: for each
 * one Pulumi's SDK writes four stack traces, whoever's it is, which is more than all that we do.
 */
const trivial = `
  const provider = { create: async (inputs) => ({ id: inputs.spn, outs: { ...inputs, distinguishedName: "", adopted: false } }) };
  class Trivial extends pulumi.dynamic.Resource {
    constructor(name, props) { super(provider, name, { distinguishedName: undefined, adopted: undefined, ...props }); }
  }
  const first = new Trivial("first", { spn: "first" });
  for (let i = 0; i < ${count}; i++) {
    new Trivial("trivial" + i, { account: first.id,
      spn: "http/host" + i + ".bench.corp.tailspintoys.com", allowBeforeDeployment: true });
  }`;

const operations = {
  preview: ["preview", "--expect-no-changes"],
  up: ["up", "--yes", "--skip-preview", "--expect-no-changes"],
  refresh: ["refresh", "--yes", "--skip-preview", "--expect-no-changes"],
};
const goals = { preview: 1.15, up: 1.3, refresh: 2 };

async function seconds(stack: Stack, words: readonly string[]): Promise<number> {
  const started = performance.now();
  const { status, stdout, stderr } = await stack.pulumi(words);
  if (status !== 0) throw new Error(`pulumi ${words.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return (performance.now() - started) / 1000;
}

/** What a stack of 200 names costs when nothing is to be done, beside 200 resources that do nothing. */
export async function figures(): Promise<Figure[]> {
  const forest = await ForestByHand.open();
  const unit = await forest.freshUnit("Bench");
  const stacks = {
    ours: await Stack.create("bench-ours", ours(unit)),
    peer: await Stack.create("bench-trivial", trivial),
  };
  const found: Figure[] = [];
  try {
    for (const stack of Object.values(stacks)) await seconds(stack, ["up", "--yes", "--skip-preview"]);
    for (const [operation, words] of Object.entries(operations)) {
      const times = { ours: Infinity, peer: Infinity };
      // In turn, and the best of each: what else the machine does then weighs on both alike.
      for (let round = 0; round < rounds; round++) {
        times.peer = Math.min(times.peer, await seconds(stacks.peer, words));
        times.ours = Math.min(times.ours, await seconds(stacks.ours, words));
      }
      const name = `pulumi ${operation}, no change, ${count} SPNs against ${count} trivial resources`;
      found.push({ name, ...times, unit: "s", goal: goals[operation as keyof typeof goals], better: "lower" });
    }
  } finally {
    for (const stack of Object.values(stacks)) {
      await stack.destroy();
      await stack.remove();
    }
    await forest.removeUnit(unit);
    await forest.close();
  }
  return found;
}
