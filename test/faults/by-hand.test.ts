import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { childOf } from "../../provider/directory/distinguished-name";
import { denyReset } from "../resources/asa-deployment/deny-reset";
import { World } from "../resources/asa-deployment/world";
import { changesIn } from "../stack/forest-by-hand";
import { allParts, askFirstController, Chain, type Part, runOn } from "./chain";
import { fault } from "./table";
import { Wire } from "./wire";

const servers = ["cas-1", "cas-2"];
/** How a request to set a password begins, and one to add a name. */
const settingPassword = "unicodePwd";
const addingName = "servicePrincipalName1";

/** Clients with tickets of before and with new ones are served by what each server has: see `World.working`. */
describe("an up with people at work in the middle of it", function () {
  this.timeout(60_000);
  let world: World;
  let askAll: (() => void) | undefined;
  let chain: Chain;

  before(async function () {
    world = await World.enter(this, { "cas-1": { product: "2016" }, "cas-2": {} });
    askAll = askFirstController();
  });
  after(async () => {
    askAll?.();
    await world?.leave();
  });

  async function run(work: Parameters<typeof runOn>[2], wire = new Wire()): Promise<void> {
    const error = await runOn(world, wire, work);
    if (error !== undefined) throw error;
  }
  async function fails(parts: readonly Part[], wire: Wire): Promise<string> {
    const error = await runOn(world, wire, (one) => chain.up(one, parts));
    assert.ok(wire.isInterrupted, "nothing happened in between");
    return error?.message ?? assert.fail("nothing failed");
  }
  /** A chain that is up, with what its servers had then. */
  async function up(parts = allParts): Promise<string> {
    await world.reset();
    chain = new Chain(world, servers);
    await run((first) => chain.up(first, parts));
    return world.credentials("cas-1")[0]?.password ?? "";
  }
  async function served(old: string): Promise<void> {
    for (const server of servers) {
      assert.notEqual(await world.working(server, chain.qualifiedName), -1, `${server} opens no new ticket`);
      assert.ok(
        world.credentials(server).some(({ password }) => password === old),
        `${server} opens no old ticket`,
      );
    }
  }
  /** Everything in place, nothing left to do; then all of it goes. */
  async function converges(): Promise<void> {
    await run((again) => chain.up(again));
    for (const server of servers) assert.equal(await world.working(server, chain.qualifiedName), 0, server);
    const entry = (await chain.entry()) ?? assert.fail("no account");
    assert.equal(entry.servicePrincipalName, chain.spnText);
    const quiet = new Wire();
    await run(async (again) => assert.deepEqual(await chain.up(again), ["same", "same", "same", "same"]), quiet);
    assert.deepEqual(quiet.calls, []);
    await run((last) => chain.destroy(last));
    assert.equal(await chain.entry(), undefined);
    assert.deepEqual(
      servers.flatMap((server) => world.accounts(server)),
      [],
    );
  }
  const dn = async () => (await chain.entry())?.dn ?? assert.fail("no account");
  const set = async (type: string, ...values: string[]) =>
    world.forest.admin.modify(
      await dn(),
      new Change({ operation: "replace", modification: new Attribute({ type, values }) }),
    );
  const refresh = () => run((one) => chain.refresh(one));
  const disable = () => set("userAccountControl", "4098");

  fault(
    {
      name: "the account is disabled by hand",
      how: "before a roll",
      expected: "nothing is changed, the account is named, and refresh and up enable it",
    },
    async () => {
      const old = await up();
      await disable();
      chain.trigger += 1;
      const error = await runOn(world, new Wire(), (one) => chain.up(one));
      assert.match(error?.message ?? "", new RegExp(`CN=${chain.name},.* is disabled. Enable it first`));
      assert.deepEqual(world.credentials("cas-1").length, 1);
      await refresh();
      await run((one) => chain.up(one, ["account"]));
      await served(old);
      await converges();
    },
  );

  fault(
    {
      name: "the account is disabled by hand",
      how: "in a roll, when the servers have the password and the directory has not",
      expected: "the roll says so, and refresh and up end it",
    },
    async () => {
      const old = await up();
      chain.trigger += 1;
      assert.match(await fails(allParts, new Wire().before(settingPassword, disable)), /is disabled/);
      await refresh();
      await run((one) => chain.up(one, ["account"]));
      await served(old);
      await converges();
    },
  );

  fault(
    {
      name: "the account is moved by hand",
      how: "in a roll, when the servers have the password and the directory has not",
      expected: "the roll finds it where it is now, and refresh and up bring it back",
    },
    async () => {
      const old = await up();
      chain.trigger += 1;
      const home = await dn();
      const wire = new Wire().before(settingPassword, () =>
        world.forest.admin.modifyDN(home, childOf(`CN=Computers,${world.forest.domain}`, chain.name)),
      );
      await run((one) => chain.up(one), wire);
      assert.ok(wire.isInterrupted);
      assert.match(await dn(), /CN=Computers/);
      await served(old);
      await refresh();
      await run((one) => chain.up(one));
      assert.equal(await dn(), home);
      await converges();
    },
  );

  fault(
    {
      name: "the account is deleted by hand",
      how: "in a roll, when the servers have the password and the directory has not",
      expected: "the roll names it, and refresh and up make a new one with its names",
    },
    async () => {
      await up();
      chain.trigger += 1;
      const home = await dn();
      const message = await fails(
        allParts,
        new Wire().before(settingPassword, () => world.forest.admin.del(home)),
      );
      assert.ok(message.includes(chain.name), message);
      assert.match(message, /dc1\.corp\.tailspintoys\.com/);
      await refresh();
      await converges();
    },
  );

  fault(
    {
      name: "the account is deleted by hand",
      how: "in a first up, between the deployment and the names",
      expected: "no name is added, and refresh and up make everything anew",
    },
    async () => {
      await up(["account", "deployment"]);
      const home = await dn();
      const wire = new Wire().before(addingName, () => world.forest.admin.del(home));
      const message = await fails(["spn"], wire);
      assert.ok(message.includes(chain.name), message);
      await refresh();
      await converges();
    },
  );

  fault(
    {
      name: "the directory refuses the password for want of a right",
      how: "in a roll with clients",
      expected: "the right and the account are named, clients get in, and the next up rolls",
    },
    async () => {
      const old = await up();
      chain.trigger += 1;
      const allow = await denyReset(world.forest.admin, await dn());
      const error = await runOn(world, new Wire(), (one) => chain.up(one));
      assert.match(error?.message ?? "", /dc1\.corp.*CN=T.*Grant it "Reset password" on CN=T/);
      await served(old);
      await allow();
      await served(old);
      await converges();
    },
  );

  fault(
    {
      name: "the name is taken by somebody",
      how: "between the look for holders and the write",
      expected: "the directory refuses, the name is named, and the next up names the holder until it gives it back",
    },
    async () => {
      await up(["account", "deployment"]);
      const thief = new Chain(world, servers);
      await run((one) => thief.up(one, ["account"]));
      const theirs = (await thief.entry())?.dn ?? assert.fail("no thief");
      const steal = () =>
        world.forest.admin.modify(
          theirs,
          new Change({
            operation: "add",
            modification: new Attribute({ type: "servicePrincipalName", values: [chain.spnText] }),
          }),
        );
      const message = await fails(["spn"], new Wire().before(addingName, steal));
      assert.ok(message.includes(chain.spnText), message);
      assert.match(message, /another account in the forest has this service principal name/);
      const again = await runOn(world, new Wire(), (one) => chain.up(one, ["spn"]));
      assert.ok(again?.message.includes(`is held by ${theirs}`), again?.message);
      await thief.takeSpnByHand();
      await run((one) => thief.destroy(one));
      await converges();
    },
  );

  fault(
    {
      name: "a server is upgraded",
      how: "in a roll, after it got the password",
      expected: "the roll ends, refresh sees the new version, and there is nothing to do",
    },
    async () => {
      const old = await up();
      chain.trigger += 1;
      const { state } = world.organization.require("cas-1");
      const wire = new Wire().before(settingPassword, async () => {
        state.product = "SE";
      });
      await run((one) => chain.up(one), wire);
      assert.ok(wire.isInterrupted);
      await served(old);
      await refresh();
      const [first] = chain.deployment.state.deployed;
      assert.match(first?.version ?? "", /^15\.2\./);
      await converges();
      state.product = "2016";
    },
  );

  fault(
    {
      name: "the state file is lost",
      how: "with everything in place and clients at work",
      expected: "adopt takes over all of it without a write, and leaves it on destroy",
    },
    async () => {
      const old = await up();
      const now = () => [changesIn(world.forest.organizationalUnit), world.organization.writes];
      const before = now();
      const adopter = new Chain(world, servers, "cmdlet", chain.name);
      adopter.more = { account: { adopt: true }, deployment: { adopt: true } };
      await run((one) => adopter.up(one));
      assert.deepEqual(now(), before);
      await served(old);
      const quiet = new Wire();
      await run(async (one) => assert.deepEqual(await adopter.up(one), ["same", "same", "same", "same"]), quiet);
      assert.deepEqual(quiet.calls, []);
      await run((one) => adopter.destroy(one));
      assert.deepEqual(now(), before);
      await converges();
    },
  );
});
