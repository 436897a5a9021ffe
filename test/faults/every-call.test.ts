import assert from "node:assert/strict";
import type { ProviderError } from "../../provider/error";
import { World } from "../resources/asa-deployment/world";
import { allParts, askFirstController, Chain, type Mode, modes, type Part, runOn } from "./chain";
import { fault } from "./table";
import { Wire } from "./wire";

const servers = ["cas-1", "cas-2"];

/**
 * A whole `up`, by cmdlet, cut at each of its remote calls in turn: LDAP requests at their sockets, commands of Exchange where
 * a session is given them. What a session makes of a cut among its own messages is in every-message.test.ts.
 */
describe("an up that is cut at any of its remote calls", function () {
  this.timeout(300_000);
  let world: World;
  let askAll: (() => void) | undefined;

  before(async function () {
    world = await World.enter(this, { "cas-1": { product: "2016" }, "cas-2": {} });
    askAll = askFirstController();
  });
  after(async () => {
    askAll?.();
    await world?.leave();
  });

  const passwords = (server: string) => world.credentials(server).map(({ password }) => password);
  const directories = () => structuredClone(world.organization.servers.map(({ state }) => state.virtualDirectories));

  /** A list of methods means the same in any order. */
  const unordered = (value: unknown) =>
    JSON.stringify(value, (_name, one) => (Array.isArray(one) && typeof one[0] === "string" ? [...one].sort() : one));

  /** A run that nothing happens to. */
  async function run(work: Parameters<typeof runOn>[2]): Promise<void> {
    const error = await runOn(world, new Wire(), work);
    if (error !== undefined) throw error;
  }

  /** No client gets a ticket that a server cannot read. */
  async function harmsNobody(chain: Chain): Promise<void> {
    if ((await chain.entry())?.servicePrincipalName !== chain.spnText) return;
    for (const server of servers) {
      assert.notEqual(await world.working(server, chain.qualifiedName), -1, `${server} opens no new ticket`);
    }
  }

  /** It names host or object, says what to do, and gives no password away. */
  function isForAPerson({ message, code }: ProviderError, chain: Chain): void {
    assert.notEqual(code, "unexpected", message);
    assert.ok(/(dc1|cas-\d)\.corp\.tailspintoys\.com/.test(message) || message.includes(chain.name), message);
    assert.match(message, /\b(Run|Check|Look|Mend|run) /, message);
    for (const password of servers.flatMap(passwords)) assert.ok(!message.includes(password));
  }

  /** The same program again finds everything as it should be: nothing is done, and nobody asked. */
  async function isSettled(chain: Chain, parts: readonly Part[]): Promise<void> {
    const wire = new Wire();
    const same = parts.map(() => "same");
    const error = await runOn(world, wire, async (again) => assert.deepEqual(await chain.up(again, parts), same));
    assert.equal(error, undefined);
    assert.deepEqual(wire.calls, []);
  }

  const inPlace: Record<Part, (chain: Chain) => Promise<void>> = {
    account: async (chain) => assert.ok((await chain.entry()) !== undefined),
    deployment: async (chain) => {
      for (const server of servers) assert.equal(await world.working(server, chain.qualifiedName), 0, server);
    },
    spn: async (chain) => assert.equal((await chain.entry())?.servicePrincipalName, chain.spnText),
    outlook: async () => {
      const [{ mapi, outlookAnywhere } = assert.fail()] = directories();
      assert.deepEqual(mapi.iisAuthenticationMethods, ["Negotiate"]);
      assert.equal(outlookAnywhere.internalClientAuthenticationMethod, "Negotiate");
    },
  };

  /** One more run of the same program, after what the last one's message says where it says more than that. */
  async function converge(chain: Chain, part: Part, { killed, network }: Mode): Promise<void> {
    const error = await runOn(world, new Wire(), (again) => chain.up(again, [part]));
    if (error === undefined) return;
    // Made, and not written down: that it is ours only a person can say.
    assert.ok(part === "account" && (killed || network === "down"), error.message);
    const entry = (await chain.entry()) ?? assert.fail("no account");
    assert.ok(error.message.includes(`is taken by ${entry.dn}`), error.message);
    assert.match(
      error.message,
      /made at 20\S+Z and has no service principal names: .* delete it and run pulumi up again/,
    );
    await world.forest.admin.del(entry.dn);
    await run((again) => chain.up(again, [part]));
  }

  /** Takes the part away again: everything that came to be is found. */
  async function undo(chain: Chain, part: Part, { killed }: Mode, before: ReturnType<typeof directories>) {
    const adopted = part === "spn" && chain.spn.state.adopted;
    await run((again) => chain.destroy(again, [part]));
    const entry = await chain.entry();
    if (part === "account") assert.equal(entry, undefined);
    if (part === "deployment") assert.deepEqual(servers.flatMap(passwords), []);
    // What a killed run has done looks to the next one as if it had been there before.
    assert.ok(!adopted || killed);
    if (part === "spn" && entry !== undefined) {
      assert.equal(entry.servicePrincipalName !== undefined, adopted);
      await chain.takeSpnByHand();
    }
    if (!killed) assert.deepEqual(unordered(directories()), unordered(before));
    for (const [index, { state }] of world.organization.servers.entries()) {
      state.virtualDirectories = before[index] ?? state.virtualDirectories;
    }
  }

  for (const part of allParts) {
    for (const mode of modes) {
      const expected = "the next run has it in place, and destroy finds it";
      fault({ name: `${part}: ${mode.name}`, how: "each of its remote calls in turn", expected }, async () => {
        const before = allParts.slice(0, allParts.indexOf(part));
        const chain = new Chain(world, servers);
        await run((first) => chain.up(first, before));
        for (let at = 1; ; at += 1) {
          const untouched = directories();
          const putBack = chain.resource(part).remember();
          const wire = new Wire({ ...mode, at });
          const error = await runOn(world, wire, (cut) => chain.up(cut, [part]));
          if (!wire.isCut) {
            assert.equal(error, undefined);
            await run((last) => chain.destroy(last));
            assert.equal(await chain.entry(), undefined);
            return at - 1;
          }
          try {
            if (mode.killed) putBack();
            else if (error !== undefined) isForAPerson(error, chain);
            await harmsNobody(chain);
            await converge(chain, part, mode);
            await inPlace[part](chain);
            await isSettled(chain, [...before, part]);
            await undo(chain, part, mode, untouched);
          } catch (thrown) {
            throw new Error(`call ${at}, ${wire.calls[at - 1]}: ${thrown}`, { cause: thrown });
          }
        }
      });
    }
  }

  for (const mode of modes) {
    const expected = "clients get in with old tickets and new ones, and the next run ends the roll";
    fault({ name: `a roll: ${mode.name}`, how: "each of its remote calls in turn", expected }, async () => {
      const chain = new Chain(world, servers);
      await run((first) => chain.up(first));
      for (let at = 1; ; at += 1) {
        for (const { credentials } of world.organization.servers) credentials.replace(credentials.all.slice(0, 1));
        const [old = ""] = passwords("cas-1");
        chain.trigger += 1;
        const putBack = chain.deployment.remember();
        const wire = new Wire({ ...mode, at });
        const error = await runOn(world, wire, (cut) => chain.up(cut, ["deployment"]));
        if (!wire.isCut) {
          assert.equal(error, undefined);
          await run((last) => chain.destroy(last));
          return at - 1;
        }
        try {
          if (mode.killed) putBack();
          else if (error !== undefined) isForAPerson(error, chain);
          await harmsNobody(chain);
          await run((again) => chain.up(again, ["deployment"]));
          await inPlace.deployment(chain);
          for (const server of servers)
            assert.ok(passwords(server).includes(old), `${server} has forgotten old tickets`);
          await isSettled(chain, allParts);
        } catch (thrown) {
          throw new Error(`call ${at}, ${wire.calls[at - 1]}: ${thrown}`, { cause: thrown });
        }
      }
    });
  }
});
