import assert from "node:assert/strict";
import { Change } from "ldapts";
import { unicodePassword } from "../../../lab/exchange/active-directory";
import type { Program } from "../program";
import { all, conditions, first, fqdn, inWorld, second, threeVersions, type World } from "./world";

/** What others did to servers and account meanwhile, or have not heard of yet. */
for (const method of ["script", "cmdlet"] as const) {
  describe(`AsaDeployment by ${method}, after changes by others`, function () {
    this.timeout(60_000);
    let world: World;
    let run: Program;
    inWorld(threeVersions, (...now) => {
      [world, run] = now;
    });

    it("shows at refresh what happened outside, and repairs it at the next up", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: all.map(fqdn), method };
      await deployment.up(program, run);
      await world.spnOf(name);
      world.organization.require("cas-2").credentials.replace([]);
      world.addByHand("cas-3", "TAILSPIN\\SOMEBODY$", "else");
      await deployment.refresh(world.run());
      assert.deepEqual(conditions(deployment.state.deployed), [
        "cas-1 deployed",
        "cas-2 missing",
        "cas-3 other-account",
      ]);
      assert.deepEqual(deployment.state.deployed[2]?.otherAccounts, ["TAILSPIN\\SOMEBODY$"]);
      assert.deepEqual(deployment.inputs.servers, [first]);
      const repair = world.run();
      await deployment.up(program, repair);
      await world.deployedOn(all, qualifiedName);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 deployed", "cas-3 deployed"]);
      if (method === "script")
        assert.match(repair.lines.join("\n"), /a copy would take the credential of TAILSPIN\\SOMEBODY\$ off/);
      assert.equal(await deployment.up(program, world.run()), "same");
    });

    it("sees a password set by hand as stale servers, and a roll by hand as done", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = (trigger: string) => ({
        account: qualifiedName,
        servers: [first, second],
        method,
        rotation: { trigger },
      });
      await deployment.up(program("a"), run);
      const { distinguishedName } = await world.read(name);
      const reset = new Change({ operation: "replace", modification: unicodePassword("Set-by-hand-1") });
      await world.forest.admin.modify(distinguishedName, reset);
      await deployment.refresh(world.run());
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 stale", "cas-2 stale"]);
      const repair = world.run();
      await deployment.up(program("a"), repair);
      assert.match(repair.lines.join("\n"), /no server is known to have the present password/);
      await world.deployedOn(["cas-1", "cas-2"], qualifiedName);

      for (const server of ["cas-1", "cas-2"]) world.addByHand(server, qualifiedName, "Rolled-by-hand-2");
      const roll = new Change({ operation: "replace", modification: unicodePassword("Rolled-by-hand-2") });
      await world.forest.admin.modify(distinguishedName, roll);
      const { passwordStamp } = await world.read(name);
      await deployment.up(program("b"), world.run());
      assert.equal((await world.read(name)).passwordStamp, passwordStamp, "rolled although somebody had");
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 deployed"]);
      assert.equal(await deployment.up(program("b"), world.run()), "same");
    });

    it("is gone at refresh when no server has it, and keeps its state when the account is gone", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: [first, second], method };
      await deployment.up(program, run);
      for (const server of ["cas-1", "cas-2"]) world.organization.require(server).credentials.replace([]);
      assert.equal(await deployment.refresh(world.run()), false);
      await deployment.up(program, world.run());
      await world.forest.admin.del((await world.read(name)).distinguishedName);
      const said = world.run();
      assert.equal(await deployment.refresh(said), true);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 stale", "cas-2 stale"]);
      await deployment.destroy(world.run());
      assert.deepEqual([world.accounts("cas-1"), world.accounts("cas-2")], [[], []]);
    });

    it("is there at refresh while servers have it beside another account's, and destroy says that it stays", async () => {
      const { qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: [first, second], method };
      await deployment.up(program, run);
      for (const server of ["cas-1", "cas-2"]) world.addByHand(server, "TAILSPIN\\SOMEBODY$", "else");
      assert.equal(await deployment.refresh(world.run()), true);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 other-account", "cas-2 other-account"]);
      const said = world.run();
      await deployment.destroy(said);
      assert.match(said.lines.join("\n"), /cas-1\S+ also holds the credential of TAILSPIN\\SOMEBODY\$/);

      await deployment.up(program, world.run());
      for (const server of ["cas-1", "cas-2"]) {
        world.organization.require(server).credentials.replace([]);
        world.addByHand(server, "TAILSPIN\\SOMEBODY$", "else");
      }
      assert.equal(await deployment.refresh(world.run()), false, "no server has it any more");
    });

    it("does not take an older password for the present one where a domain controller lags behind", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = {
        account: qualifiedName,
        servers: [first],
        method,
        rotation: { maxPasswordAgeDays: 30 },
      };
      await deployment.up(program, run);
      const { passwordStamp } = await world.read(name);
      const written = deployment.state;
      // As if the controller of this run had not heard of a roll a minute later.
      const since = new Date(Date.parse(written.passwordLastSet) + 60_000).toISOString();
      const deployed = written.deployed.map((one) => ({ ...one, passwordLastSet: since }));
      deployment.outputs = { ...written, passwordLastSet: since, deployed };
      const said = world.run();
      assert.equal(await deployment.refresh(said), true);
      assert.match(said.lines.join("\n"), /lags behind the others/);
      assert.equal(deployment.state.passwordLastSet, since);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed"]);
      // A server more: it gets a copy, and nothing rolls by the older date.
      const { now } = Date;
      try {
        Date.now = () => Date.parse(since) + 30 * 86_400_000 - 30_000;
        await deployment.up({ ...program, servers: [first, second] }, world.run());
      } finally {
        Date.now = now;
      }
      assert.equal(deployment.state.passwordLastSet, since);
      if (method === "cmdlet") return;
      assert.equal((await world.read(name)).passwordStamp, passwordStamp);
    });
  });
}
