import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Attribute, Change } from "ldapts";
import { corp } from "../../lab/domain-controller";
import { labFolder } from "../../lab/folders";
import { addAddress, addresses } from "../../lab/network-namespace";
import { ForestByHand } from "../../test/stack/forest-by-hand";
import { Stack } from "../../test/support/stack";
import { nameOf } from "./many-servers";

/** How large a forest is. */
export interface Size {
  readonly servers: number;
  readonly sites: number;
  /** Names that clients use, over all sites. */
  readonly names: number;
}

export const sizes: readonly Size[] = [
  { servers: 3, sites: 1, names: 1 },
  { servers: 30, sites: 2, names: 6 },
  { servers: 300, sites: 12, names: 60 },
];

/** What one `pulumi` command took, on one forest. */
export interface Measured {
  readonly operation: string;
  readonly size: Size;
  readonly seconds: number;
  /** Greatest memory of the provider process; undefined where the command needs none that reaches out. */
  readonly mebibytes: number | undefined;
  /** Requests to the directory by kind and commands to servers by cmdlet. */
  readonly calls: Readonly<Record<string, number>>;
}

const noChange = "--expect-no-changes";
/** The last word is the trigger of the program's rotation. */
const operations: readonly (readonly [name: string, words: readonly string[], trigger: string])[] = [
  ["up", ["up", "--yes", "--skip-preview"], "one"],
  ["preview, no change", ["preview", noChange], "one"],
  ["refresh", ["refresh", "--yes", "--skip-preview", noChange], "one"],
  ["roll", ["up", "--yes", "--skip-preview"], "two"],
  ["destroy", ["destroy", "--yes", "--skip-preview"], "two"],
];
const deadline = 1_200_000;
const watchFile = join(labFolder, "bench-provider.txt");

function program({ servers, sites, names }: Size, unit: string, trigger: string): string {
  const part = <T>(all: readonly T[], site: number) =>
    all.slice(Math.floor((site * all.length) / sites), Math.floor(((site + 1) * all.length) / sites));
  const serverNames = Array.from({ length: servers }, (_, index) => nameOf(index + 1));
  const hostNames = Array.from({ length: names }, (_, index) => `name-${index + 1}.bench.${corp.dnsName}`);
  const list = Array.from({ length: sites }, (_, site) => ({
    name: `Site${site + 1}`,
    servers: part(serverNames, site),
    hostNames: part(hostNames, site),
  }));
  return `new ek.ExchangeKerberos("forest", {
    account: { name: "SCALE", organizationalUnit: ${JSON.stringify(unit)}, replication: false },
    method: "cmdlet", rotation: { trigger: "${trigger}" }, sites: ${JSON.stringify(list)} });`;
}

/** The article's chain on forests of three sizes, under the real engine, over sealed WS-Management and LDAPS. */
export async function scale(say: (line: string) => void): Promise<Measured[]> {
  const unit = await asAdministrator((forest) => forest.freshUnit("BenchScale"));
  const greatest = Math.max(...sizes.map(({ servers }) => servers));
  const spns = Array.from({ length: greatest }, (_, index) => `HTTP/${nameOf(index + 1)}`);
  const keyHolder = `CN=CAS-1,CN=Computers,${corp.baseDn}`;
  const change = (operation: "add" | "delete") =>
    asAdministrator(({ client }) =>
      client.modify(keyHolder, [
        new Change({ operation, modification: new Attribute({ type: "servicePrincipalName", values: spns }) }),
      ]),
    );
  const found: Measured[] = [];
  try {
    await addAddress(addresses.manyServers);
    await change("add");
    for (const size of sizes) {
      for (const one of await measure(size, unit)) {
        say(JSON.stringify(one));
        found.push(one);
      }
    }
  } finally {
    await change("delete").catch(() => undefined);
    await asAdministrator((forest) => forest.removeUnit(unit));
  }
  expectLinear(found);
  return found;
}

/** A connection of its own each time: a controller ends one that is idle while the large forest is measured. */
async function asAdministrator<T>(work: (forest: ForestByHand) => Promise<T>): Promise<T> {
  const forest = await ForestByHand.open();
  try {
    return await work(forest);
  } finally {
    await forest.close();
  }
}

async function measure(size: Size, unit: string): Promise<Measured[]> {
  const path = join(__dirname, "many-servers.ts");
  const execArgv = ["-r", require.resolve("ts-node/register")];
  const servers = fork(path, [String(size.servers)], { execArgv });
  const environment = { NODE_OPTIONS: `--require ${join(__dirname, "watch-provider.js")}`, WATCH_FILE: watchFile };
  const stack = await Stack.create(`bench-scale-${size.servers}`, program(size, unit, "one"), { environment });
  const found: Measured[] = [];
  try {
    await received(servers);
    for (const [operation, words, trigger] of operations) {
      stack.write(program(size, unit, trigger));
      writeFileSync(watchFile, "");
      const started = performance.now();
      const { status, stdout, stderr } = await stack.pulumi(words, deadline);
      const seconds = (performance.now() - started) / 1000;
      if (status !== 0) throw new Error(`pulumi ${words.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
      servers.send("calls");
      const cmdlets = await received(servers);
      found.push({ operation, size, seconds, ...provider(), calls: { ...cmdlets, ...requests() } });
    }
    return found;
  } finally {
    if (found.length < operations.length) await stack.destroy().catch(() => undefined);
    await stack.remove();
    servers.disconnect();
  }
}

/** What the servers say next. */
async function received(servers: ChildProcess): Promise<Record<string, number>> {
  const ended = once(servers, "exit").then(([code]) => {
    throw new Error(`The servers ended with ${code}.`);
  });
  const [message] = await Promise.race([once(servers, "message"), ended]);
  return message as Record<string, number>;
}

const watchedLines = () => readFileSync(watchFile, "utf8").split("\n").filter(Boolean);

function provider(): Pick<Measured, "mebibytes"> {
  const memory = watchedLines().flatMap((line) => /^memory (\d+)$/.exec(line)?.[1] ?? []);
  return { mebibytes: memory.length === 0 ? undefined : Number(memory.at(-1)) / 1024 };
}

function requests(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of watchedLines()) if (line.startsWith("LDAP ")) counts[line] = (counts[line] ?? 0) + 1;
  return counts;
}

/** @throws Error where what is sent to servers is not so many commands a server and a constant, or a preview sends any. */
function expectLinear(measured: readonly Measured[]): void {
  for (const [operation] of operations) {
    const [small, middle, large] = sizes.map((size) =>
      measured.find((one) => one.operation === operation && one.size === size),
    );
    if (small === undefined || middle === undefined || large === undefined) continue;
    if (operation.startsWith("preview") && Object.keys(large.calls).length > 0) {
      throw new Error(`A preview without changes made remote calls: ${JSON.stringify(large.calls)}`);
    }
    for (const cmdlet of Object.keys(large.calls).filter((kind) => /^[A-Z]\w+-/.test(kind))) {
      const grown = (from: Measured, to: Measured) =>
        ((to.calls[cmdlet] ?? 0) - (from.calls[cmdlet] ?? 0)) / (to.size.servers - from.size.servers);
      if (grown(small, middle) === grown(middle, large)) continue;
      throw new Error(
        `${operation}: ${cmdlet} does not grow with the servers, but from ${JSON.stringify([small, middle, large].map(({ calls }) => calls[cmdlet]))}`,
      );
    }
  }
}
