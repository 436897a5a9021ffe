import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { corp } from "../../lab/domain-controller";
import { handlers } from "../../provider/resources";
import { fromState } from "../../provider/runtime/state";
import { loader } from "../runtime/provider-process";
import { exchangeWrites } from "../support/exchange";
import { Stack, type StateResource, succeeded } from "../support/stack";
import { fullNames, Site, servers } from "./exchange/site";
import { changesIn } from "./forest-by-hand";

/**
 * What each version of a resource's outputs looked like: the resources of `pulumi stack export`, with names in angle brackets
 * where every forest has values of its own. A file stays as it was written. For a new `schemaVersion`, before its release:
 * `RECORD_STATE=version-2 npm test -- test/stack/recorded.test.ts`, then `npm run format`.
 */
const folder = resolve(__dirname, "recorded");
/** Where and when a program ran says nothing about the state. */
const ofTheRun = ["created", "modified", "sourcePosition", "stackTrace"];
const recordings = readdirSync(folder).filter((name) => name.endsWith(".json"));
const read = (name: string): StateResource[] => JSON.parse(readFileSync(join(folder, name), "utf8")).resources;

const kindOf = ({ type }: StateResource) => /exchangeKerberos:(\w+)$/.exec(type)?.[1] ?? "";
/** Those of ours, each with its kind. The component has no state of its own. */
const ours = (resources: readonly StateResource[]) =>
  resources.filter((one) => Object.hasOwn(handlers, kindOf(one))).map((one) => ({ ...one, kind: kindOf(one) }));
const versionOf = ({ outputs }: StateResource) => Number(outputs?.schemaVersion);

describe("recorded states", () => {
  it("are there for every version of every resource", () => {
    const recorded = recordings.flatMap((name) => ours(read(name)).map((one) => `${one.kind} ${versionOf(one)}`));
    const ever = Object.entries(handlers).flatMap(([kind, { schemaVersion = 1 }]) =>
      Array.from({ length: schemaVersion }, (_, index) => `${kind} ${index + 1}`),
    );
    assert.deepEqual([...new Set(recorded)].sort(), ever.sort());
  });

  for (const name of recordings) {
    describe(name, () => {
      for (const { kind, urn, inputs = {}, outputs = {} } of ours(read(name))) {
        const handler = handlers[kind] ?? assert.fail(kind);
        it(`is read, found by its one line, and no newer one is guessed at: ${urn.split("::").at(-1)}`, () => {
          assert.deepEqual([inputs.__provider, outputs.__provider], [loader(kind), loader(kind)]);
          const { __provider: _, ...own } = inputs;
          // Outputs hold the inputs beside what was found.
          assert.partialDeepStrictEqual(fromState(handler, outputs), own);
          const newer = { ...outputs, schemaVersion: (handler.schemaVersion ?? 1) + 1 };
          assert.throws(() => fromState(handler, newer), /^ProviderError: A newer version .* install the newer one/);
        });
      }
    });
  }
});

describe("a stack that an older version of the package wrote", function () {
  this.timeout(240_000);
  const site = { name: "ADSite1", servers: fullNames, hostNames: ["mail", "autodiscover"].map(full) };
  let place: Site;
  let stack: Stack;
  let exported: { deployment: { resources: StateResource[] } };

  /** The program of every recording: it does not change either. */
  const source = () => `
    new ek.ExchangeKerberos("exchange", {
      account: { name: "RECORDED", organizationalUnit: ${JSON.stringify(place.unit)}, replication: false },
      method: "cmdlet",
      rotation: { maxPasswordAgeDays: 365, trigger: "one", window: { days: ["saturday"], timeZone: "Europe/Berlin" } },
      sites: [${JSON.stringify(site)}],
    });`;

  before(async function () {
    place = await Site.enter(this, "Recorded");
    stack = await Stack.create("recorded", source());
    succeeded(await stack.up());
    exported = JSON.parse(await stack.stateText());
    const { RECORD_STATE: name } = process.env;
    if (name === undefined) return;
    assert.ok(/^[\w-]+$/.test(name) && !existsSync(join(folder, `${name}.json`)), `${name} cannot be recorded`);
    const { resources } = exported.deployment;
    const text = Object.entries(forestValues(resources)).reduce(
      (so, [label, value]) => so.replaceAll(value, label),
      JSON.stringify({ resources }, (key, value) => (ofTheRun.includes(key) ? undefined : value), 2),
    );
    writeFileSync(join(folder, `${name}.json`), `${text}\n`);
  });
  after(async () => {
    if (place === undefined) return;
    await stack?.destroy();
    await stack?.remove();
    await place.leave();
  });

  /** What another forest, or another day, has otherwise. */
  function forestValues(resources: readonly StateResource[]): Record<string, string> {
    const outputs = (kind: string) => ours(resources).find((one) => one.kind === kind)?.outputs ?? assert.fail(kind);
    const [account, deployment] = [outputs("AsaAccount"), outputs("AsaDeployment")];
    const states = deployment.deployed as { server: string; added: string; version: string }[];
    return {
      "<account guid>": String(deployment.accountGuid),
      "<account sid>": String(account.objectSid),
      "<password of the account set>": String(account.passwordLastSet),
      "<password of the deployment set>": String(deployment.passwordLastSet),
      ...Object.fromEntries(states.map(({ server, added }) => [`<added to ${server}>`, added])),
    };
  }

  const bring = async (resources: unknown) => {
    const file = join(stack.folder, "state.json");
    writeFileSync(file, JSON.stringify({ ...exported, deployment: { ...exported.deployment, resources } }));
    succeeded(await stack.pulumi(["stack", "import", "--file", file]));
  };
  const recorded = (name: string): StateResource[] =>
    Object.entries(forestValues(exported.deployment.resources)).reduce(
      (so, [label, value]) => JSON.parse(JSON.stringify(so).replaceAll(label, value)),
      read(name),
    );

  for (const name of recordings) {
    it(`has nothing to do, before and after a refresh that moves it on (${name})`, async () => {
      const before = [await exchangeWrites(), changesIn(place.unit)];
      await bring(recorded(name));
      succeeded(await stack.preview("--expect-no-changes"));
      succeeded(await stack.refresh());
      succeeded(await stack.preview("--expect-no-changes"));
      assert.deepEqual([await exchangeWrites(), changesIn(place.unit)], before);
      for (const one of ours(await stack.resources())) {
        assert.equal(versionOf(one), handlers[one.kind]?.schemaVersion ?? 1, one.urn);
      }
    });
  }

  it("is taken down from the oldest recording as from its own", async () => {
    await bring(recorded("version-1.json"));
    succeeded(await stack.destroy());
    assert.equal(await place.forest.find("RECORDED$"), undefined);
    assert.deepEqual(await Promise.all(servers.map((server) => place.newest(server))), ["", ""]);
    assert.deepEqual(ours(await stack.resources()), []);
  });
});

function full(host: string): string {
  return `${host}.${corp.dnsName}`;
}
