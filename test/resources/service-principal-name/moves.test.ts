import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { asaAccount } from "../../../provider/resources/asa-account";
import type { AsaAccountInputs } from "../../../provider/resources/asa-account/schema";
import { type Unknown, unknown } from "../../../provider/resources/handler";
import { servicePrincipalName } from "../../../provider/resources/service-principal-name";
import type { SpnInputs, SpnOutputs } from "../../../provider/resources/service-principal-name/schema";
import { complete, preview, Resource } from "../program";
import { nameWorld } from "./world";

describe("ServicePrincipalName: moves", () => {
  const world = nameWorld();

  it("goes to another account, and is never on both", async () => {
    await world.up();
    const next = world.later();
    assert.deepEqual(await world.name.up(world.given({ account: world.other.state.qualifiedName }), next), ["account"]);
    assert.ok((await world.namesOf(world.other)).includes(world.spn));
    assert.ok(!(await world.namesOf(world.asa)).includes(world.spn));
    assert.equal(world.name.state.accountGuid, world.other.id);
    await world.name.destroy(world.later());
    assert.ok(!(await world.namesOf(world.other)).includes(world.spn));
  });

  it("stays adopted on the account that had it, and is the stack's on one that it gave it to", async () => {
    await world.change("add", world.asa, world.spn);
    await world.up();
    assert.equal(world.name.state.adopted, true);
    const update = (account: string) => {
      const news = complete<SpnInputs>(servicePrincipalName, world.given({ account }));
      return servicePrincipalName.update(world.name.id, world.name.state, news, world.program);
    };
    // As after a write whose outcome was not known: the engine asks for an update that has nothing to do.
    const { qualifiedName } = world.asa.state;
    assert.equal((await update(qualifiedName)).outputs.adopted, true);
    await world.name.up(world.given({ account: world.other.state.qualifiedName }), world.program);
    assert.equal(world.name.state.adopted, false);
    await world.name.destroy(world.later());
    assert.ok(!(await world.namesOf(world.other)).includes(world.spn));
    await world.name.up(world.given(), world.later());
    assert.equal((await update(qualifiedName)).outputs.adopted, false);
    await world.name.destroy(world.later());
  });

  it("takes another name in place of the old one", async () => {
    await world.up();
    const next = world.later();
    assert.deepEqual(await world.name.up(world.given({ spn: `${world.spn}.other` }), next), ["spn"]);
    const names = await world.namesOf(world.asa);
    assert.ok(names.includes(`${world.spn}.other`) && !names.includes(world.spn));
  });

  it("follows an account that is made anew under its old name", async () => {
    const account = new Resource(asaAccount);
    const inputs = world.account();
    await account.up(inputs, world.program);
    const wanted = world.given({ account: account.state.qualifiedName });
    await world.name.up(wanted, world.program);
    const next = world.later();
    await account.destroy(next);
    await account.up(inputs, next);
    assert.deepEqual(await world.name.up(wanted, next), ["account"]);
    assert.deepEqual(await world.namesOf(account), [world.spn]);
  });

  it("knows in a preview whether an unknown account only changes or is made anew", async () => {
    const account = new Resource(asaAccount);
    const inputs = world.account();
    await account.up(inputs, world.program);
    await world.up({ account: account.state.qualifiedName });
    const diffs = async (more: object) => {
      const run = world.later();
      const news = complete<AsaAccountInputs>(asaAccount, { ...inputs, ...more });
      await asaAccount.diff(account.id, account.state, news, run);
      const wanted = { ...complete<SpnInputs>(servicePrincipalName, world.given()), account: unknown as Unknown };
      return servicePrincipalName.diff(world.name.id, world.name.state, wanted, run);
    };
    assert.deepEqual(await diffs({ description: "changed" }), { changed: [], replace: [] });
    assert.deepEqual(await diffs({ accountType: "user" }), { changed: ["account"], replace: [] });
    // What nothing changes is known, so this one is another: the new account of a site that is split off.
    assert.deepEqual(await diffs({}), { changed: ["account"], replace: [] });
    assert.deepEqual(await diffs({ connection: "renamed" }), { changed: [], replace: [] });
  });

  describe("goes from one resource of a program to another", () => {
    const account = () => world.account({ name: world.asa.inputs.name });

    it("and is the new one's to take off, on an account that the stack has made", async () => {
      await world.up();
      const next = world.later();
      await world.asa.up(account(), next);
      const renamed = new Resource<SpnInputs, SpnOutputs>(servicePrincipalName);
      await renamed.up(world.given(), next);
      const goes = world.name.remember();
      await world.name.destroy(next);
      assert.ok((await world.namesOf(world.asa)).includes(world.spn));
      assert.equal(renamed.state.adopted, false);
      assert.match(next.lines.join("\n"), /has http\/\S+ already: it is the stack's, and goes on destroy/);
      // Where the first run broke off before it: the new one is in the state then, and not made any more.
      goes();
      const third = world.later();
      assert.equal(await renamed.up(world.given(), third), "same");
      await world.name.destroy(third);
      assert.ok((await world.namesOf(world.asa)).includes(world.spn));
      await renamed.destroy(world.later());
      assert.ok(!(await world.namesOf(world.asa)).includes(world.spn));
    });

    it("under another name of the connection too", async () => {
      await world.up();
      const next = world.later();
      await world.asa.up(account(), next);
      const renamed = new Resource<SpnInputs, SpnOutputs>(servicePrincipalName);
      await renamed.up({ ...world.given(), connection: "again" }, next);
      await world.name.destroy(next);
      assert.ok((await world.namesOf(world.asa)).includes(world.spn));
      await renamed.destroy(world.later());
      assert.ok(!(await world.namesOf(world.asa)).includes(world.spn));
    });

    it("and stays adopted on an account that was there before the stack", async () => {
      await world.change("add", world.asa, world.spn);
      const next = world.later();
      const inputs = complete<AsaAccountInputs>(asaAccount, account());
      await asaAccount.diff(world.asa.id, { ...world.asa.state, adopted: true }, inputs, next);
      await world.name.up(world.given(), next);
      assert.equal(world.name.state.adopted, true);
      await world.change("delete", world.asa, world.spn);
    });

    it("in a swap, and is never taken off the account once the other one has it", async () => {
      const other = new Resource<SpnInputs, SpnOutputs>(servicePrincipalName);
      const both = [world.spn, `${world.spn}.b`];
      await world.up();
      await other.up(world.given({ spn: both[1] }), world.program);
      const next = world.later();
      // As the engine does it: each replacement takes off the old name first, and both go on at the same time.
      await Promise.all([world.name.up(world.given({ spn: both[1] }), next), other.up(world.given(), next)]);
      const names = await world.namesOf(world.asa);
      assert.deepEqual(
        both.filter((one) => !names.includes(one)),
        [],
      );
      await world.change("delete", world.asa, ...both);
    });

    it("on an account of another stack, where the old one had made it and goes first", async () => {
      await world.up();
      const next = world.later();
      const renamed = new Resource<SpnInputs, SpnOutputs>(servicePrincipalName);
      assert.deepEqual(await preview(servicePrincipalName, world.given(), next), []);
      await world.name.destroy(next);
      assert.ok((await world.namesOf(world.asa)).includes(world.spn), "it is wanted in this run");
      const { outputs } = await servicePrincipalName.create(complete(servicePrincipalName, world.given()), next);
      assert.equal(outputs.adopted, false);
      Object.assign(renamed, { outputs });
      await renamed.destroy(world.later());
      assert.ok(!(await world.namesOf(world.asa)).includes(world.spn));
    });

    it("and stays adopted on it, where it was there before the stack and the old one goes first", async () => {
      await world.change("add", world.asa, world.spn);
      await world.up();
      const next = world.later();
      assert.deepEqual(await preview(servicePrincipalName, world.given(), next), []);
      await world.name.destroy(next);
      const { outputs } = await servicePrincipalName.create(complete(servicePrincipalName, world.given()), next);
      assert.equal(outputs.adopted, true);
      await world.change("delete", world.asa, world.spn);
    });
  });
});
