import { performance } from "node:perf_hooks";
import { Attribute, Change } from "ldapts";
import { openForest } from "../test/directory/forest";
import { fqdn, World } from "../test/resources/asa-deployment/world";
import type { Figure } from "./figure";

const count = 50;
/** Servers at the same time: the default of `maxParallelServers`. */
const limit = 10;
/** Milliseconds that each command takes on each server. */
const call = 2000;

const names = Array.from({ length: count }, (_, index) => `cas-${index + 1}`);

/** Rolls the password on all servers. @returns seconds, and the commands that the last server was sent */
async function roll(world: World): Promise<{ seconds: number; calls: number }> {
  const servers = world.organization.servers.map((server) => server.fqdn);
  const run = world.run();
  const { name, qualifiedName } = await world.account(run);
  const deployment = world.deployment();
  const program = (trigger: string) => ({
    account: qualifiedName,
    servers,
    method: "cmdlet",
    rotation: { trigger },
  });
  await deployment.up(program("one"), run);
  const { distinguishedName } = await world.read(name);
  const spn = new Attribute({ type: "servicePrincipalName", values: [`http/${name.replace("$", "")}.bench.example`] });
  await world.forest.admin.modify(distinguishedName, new Change({ operation: "add", modification: spn }));
  world.organization.faults.add({ fault: "delay", milliseconds: call });
  world.calls.length = 0;
  const started = performance.now();
  await deployment.up(program("two"), world.run());
  const seconds = (performance.now() - started) / 1000;
  return { seconds, calls: world.calls.filter(({ host }) => host === servers.at(-1)).length };
}

/** Commands that a preview without changes sends. */
async function preview(world: World): Promise<number> {
  await world.reset();
  const run = world.run();
  const { qualifiedName } = await world.account(run);
  const deployment = world.deployment();
  const program = {
    account: qualifiedName,
    servers: names.map(fqdn),
    method: "cmdlet",
    rotation: { maxPasswordAgeDays: 30 },
  };
  await deployment.up(program, run);
  world.calls.length = 0;
  // Check and diff are all that a preview asks of us; nothing else happens where they find no change.
  const done = await deployment.up(program, world.run());
  if (done !== "same") throw new Error(`A preview without changes found ${done}.`);
  return world.calls.length;
}

/** A roll over 50 servers in memory that take two seconds for every command, the directory being real. */
export async function figures(): Promise<Figure[]> {
  const one = World.of(await openForest(), { "cas-1": {} });
  const world = World.of(await openForest(), Object.fromEntries(names.map((name) => [name, {}])));
  try {
    const first = await roll(one);
    const all = await roll(world);
    const rounds = Math.ceil((count - 1) / limit);
    return [
      {
        name: `roll by cmdlet on ${count} servers, ${limit} at a time, ${call / 1000} s a command, against the roll on one and ${rounds} times the ${all.calls} commands of a server`,
        ours: all.seconds,
        peer: first.seconds + (rounds * all.calls * call) / 1000,
        unit: "s",
        goal: 1.2,
        better: "lower",
      },
      {
        name: `remote commands of a preview without changes of ${count} servers, against one a server`,
        ours: await preview(world),
        peer: count,
        unit: "commands",
        goal: 0,
        better: "lower",
      },
    ];
  } finally {
    await one.leave();
    await world.leave();
  }
}
