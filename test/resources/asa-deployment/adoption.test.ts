import assert from "node:assert/strict";
import { corp } from "../../../lab/domain-controller";
import type { Program } from "../program";
import { conditions, first, inWorld, script, second, threeVersions, type World } from "./world";

/** A credential that was on the servers before the stack. */
for (const method of ["script", "cmdlet"] as const) {
  describe(`AsaDeployment by ${method}, a credential that is there`, function () {
    this.timeout(60_000);
    let world: World;
    let run: Program;
    inWorld(threeVersions, (...now) => {
      [world, run] = now;
    });

    it("adopts what is there: no roll, no write, and it stays on destroy", async () => {
      const { name, qualifiedName } = await world.account(run, { password: "Known-by-hand-1" });
      for (const server of ["cas-1", "cas-2"]) world.addByHand(server, qualifiedName, "Known-by-hand-1");
      await world.spnOf(name);
      const deployment = world.deployment();
      const program = {
        account: qualifiedName,
        servers: [first, second],
        method,
        adopt: true,
        rotation: { trigger: "x" },
      };
      await deployment.up(program, run);
      assert.equal(world.commands("Set-ClientAccessService") + world.commands(script), 0);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 deployed"]);
      assert.equal(await deployment.up(program, world.run()), "same");
      await deployment.destroy(world.run());
      assert.deepEqual([world.accounts("cas-1"), world.accounts("cas-2")], [[qualifiedName], [qualifiedName]]);
    });

    it("knows a credential that was typed with the domain's DNS name: adopts, refreshes, gives names, destroys", async () => {
      const { name, qualifiedName } = await world.account(run, { password: "Known-by-hand-1" });
      const typed = `${corp.dnsName}\\${qualifiedName.split("\\")[1]}`;
      for (const server of ["cas-1", "cas-2"]) world.addByHand(server, typed, "Known-by-hand-1");
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: [first, second], method, adopt: true };
      await deployment.up(program, run);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 deployed"]);
      assert.equal(await deployment.refresh(world.run()), true);
      const later = world.run();
      assert.equal(await deployment.up(program, later), "same");
      assert.equal(world.commands("Set-ClientAccessService") + world.commands(script), 0);
      const spn = `http/${name.replace("$", "").toLowerCase()}.example.com`;
      const resource = world.spn();
      await resource.up({ account: qualifiedName, spn, deployment: deployment.id }, later);
      assert.deepEqual((await world.read(name)).servicePrincipalNames, [spn]);
      await resource.destroy(world.run());

      deployment.outputs = { ...deployment.state, adopted: false };
      await deployment.destroy(world.run());
      assert.deepEqual([world.accounts("cas-1"), world.accounts("cas-2")], [[], []]);
    });

    it("adopts what is there, and leaves it on a server that is taken out of the deployment", async () => {
      const { name, qualifiedName } = await world.account(run, { password: "Known-by-hand-1" });
      for (const server of ["cas-1", "cas-2"]) world.addByHand(server, qualifiedName, "Known-by-hand-1");
      await world.spnOf(name);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: [first, second], method, adopt: true };
      await deployment.up(program, run);
      const said = world.run();
      await deployment.up({ ...program, servers: [first] }, said);
      assert.match(said.lines.join("\n"), /was on its servers before the stack, and stays on cas-2/);
      assert.deepEqual(world.accounts("cas-2"), [qualifiedName]);
    });

    it("rolls what is there without adopt: dates tell who has a credential, not whether it is right", async () => {
      const { qualifiedName } = await world.account(run);
      world.addByHand("cas-1", qualifiedName, "wrong");
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: [first, second], method }, run);
      await world.deployedOn(["cas-1", "cas-2"], qualifiedName);
    });
  });
}
