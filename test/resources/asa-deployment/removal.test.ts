import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { requireCredential } from "../../../provider/resources/asa-deployment/presence";
import type { Program } from "../program";
import { all, conditions, first, fqdn, inWorld, second, third, threeVersions, type World } from "./world";

/** Servers and accounts that leave, and everything at the end. */
for (const method of ["script", "cmdlet"] as const) {
  describe(`AsaDeployment by ${method}, taken off`, function () {
    this.timeout(60_000);
    let world: World;
    let run: Program;
    inWorld(threeVersions, (...now) => {
      [world, run] = now;
    });

    it("takes the credential off a server that leaves, and off all of them at the end", async () => {
      const { qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: all.map(fqdn), method }, run);
      const later = world.run();
      await deployment.up({ account: qualifiedName, servers: [first, second], method }, later);
      assert.match(later.lines.join("\n"), new RegExp(`${third} loses the credential`));
      assert.deepEqual(world.accounts("cas-3"), []);
      await world.deployedOn(["cas-1", "cas-2"], qualifiedName);
      await deployment.destroy(world.run());
      for (const server of all) assert.deepEqual(world.accounts(server), [], server);
    });

    it("leaves a server its credentials where it gets another account's just then, as from another resource of the run", async () => {
      const { qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: all.map(fqdn), method }, run);
      const other = "TAILSPIN\\OTHER$";
      world.afterCall = ({ host, command }) => {
        if (host !== third || !command.startsWith("Get-ClientAccess")) return;
        if (!world.accounts("cas-3").includes(other)) world.addByHand("cas-3", other, "x");
      };
      const later = world.run();
      await deployment.up({ account: qualifiedName, servers: [first, second], method }, later);
      assert.deepEqual(world.accounts("cas-3"), [other, qualifiedName]);
      assert.match(later.lines.join("\n"), /cas-3\S* also holds the credential of TAILSPIN\\OTHER\$/);
    });

    it("lets go of servers that are gone for good, and says what they keep and which command of theirs removes it", async () => {
      const { qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: all.map(fqdn), method };
      const { state } = world.organization.require("cas-2");
      const { product } = state;
      state.product = "2013";
      try {
        await deployment.up(program, run);
        for (const server of ["cas-2", "cas-3"]) world.stop(server);
        const said = world.run();
        await deployment.up({ ...program, servers: [first] }, said);
        const lines = said.lines.join("\n");
        assert.match(lines, /cas-2\S* keeps the credential of .*as it cannot be reached.*Set-ClientAccessServer cas-2/);
        assert.match(
          lines,
          /cas-3\S* keeps the credential of .*as it cannot be reached.*Set-ClientAccessService cas-3/,
        );
        assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed"]);
      } finally {
        state.product = product;
        for (const server of ["cas-2", "cas-3"]) world.start(server);
      }
    });

    it("changes to another account beside the old one, then owns what both left", async () => {
      const old = await world.account(run);
      const next = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: old.qualifiedName, servers: [first, second], method }, run);
      await world.spnOf(old.name);
      const later = world.run();
      await deployment.up({ account: next.qualifiedName, servers: [first, second], method }, later);
      assert.match(later.lines.join("\n"), /the account was /);
      await world.deployedOn(["cas-1", "cas-2"], next.qualifiedName);
      // Clients have tickets for the old account until the names have moved.
      for (const server of ["cas-1", "cas-2"]) assert.notEqual(await world.working(server, old.qualifiedName), -1);
      await deployment.destroy(world.run());
      assert.deepEqual([world.accounts("cas-1"), world.accounts("cas-2")], [[], []]);
    });

    it("leaves what another resource of the program deploys now, as where it goes under another name", async () => {
      const { name, qualifiedName } = await world.account(run);
      const program = { account: qualifiedName, servers: all.map(fqdn), method };
      const [deployment, renamed] = [world.deployment(), world.deployment()];
      await deployment.up(program, run);
      await world.spnOf(name);
      const next = world.run();
      await renamed.up(program, next);
      const goes = deployment.remember();
      await deployment.destroy(next);
      assert.match(
        next.lines.join("\n"),
        /stays on cas-1\S+, \S+, cas-3\S+: another resource of the program deploys it/,
      );
      await world.deployedOn(all, qualifiedName);
      // A later run does not make the new one any more, and finds it in the program.
      goes();
      const later = world.run();
      assert.equal(await renamed.up(program, later), "same");
      await deployment.destroy(later);
      await world.deployedOn(all, qualifiedName);
      // The name of an AsaDeployment, as a ServicePrincipalName gives it, is not one of the program.
      goes();
      const strange = world.run();
      const accountGuid = deployment.state.accountGuid;
      const claimant = { connection: "default", deployment: deployment.id, account: qualifiedName, accountGuid };
      await requireCredential(claimant, strange);
      await assert.rejects(deployment.destroy(strange), /still has http/);
    });

    it("takes the credential off those servers that another resource of the program does not deploy it to", async () => {
      const { name, qualifiedName } = await world.account(run);
      const [deployment, renamed] = [world.deployment(), world.deployment()];
      await deployment.up({ account: qualifiedName, servers: all.map(fqdn), method }, run);
      await world.spnOf(name);
      const next = world.run();
      await renamed.up({ account: qualifiedName, servers: [first, second], method, adopt: true }, next);
      await deployment.destroy(next);
      await world.deployedOn(["cas-1", "cas-2"], qualifiedName);
      assert.deepEqual(world.accounts("cas-3"), []);
    });

    it("removes only what is ours, and only when no name leads clients there any more", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: all.map(fqdn), method }, run);
      await world.spnOf(name);
      await assert.rejects(deployment.destroy(world.run()), /still has http\/.*could read the tickets/);
      await world.deployedOn(all, qualifiedName);
      const { distinguishedName } = await world.read(name);
      // Nor where somebody has given the account another name: servers and tickets know it all the same.
      const called = async (value: string) => {
        const modification = new Attribute({ type: "sAMAccountName", values: [value] });
        await world.forest.admin.modify(distinguishedName, new Change({ operation: "replace", modification }));
      };
      await called(`${name.replace("$", "")}X$`);
      await assert.rejects(deployment.destroy(world.run()), /still has http\/.*could read the tickets/);
      assert.deepEqual(world.accounts("cas-1"), [qualifiedName]);
      await called(name);
      const names = new Attribute({ type: "servicePrincipalName", values: [] });
      await world.forest.admin.modify(distinguishedName, new Change({ operation: "delete", modification: names }));
      world.addByHand("cas-2", "TAILSPIN\\OTHER$", "x");
      world.stop("cas-3");
      const said = world.run();
      await deployment.destroy(said);
      assert.deepEqual(world.accounts("cas-1"), []);
      assert.equal(world.accounts("cas-2").includes(qualifiedName), true);
      assert.equal(world.accounts("cas-2").includes("TAILSPIN\\OTHER$"), true);
      assert.match(said.lines.join("\n"), /cas-2.* also holds the credential of TAILSPIN\\OTHER\$/);
      assert.match(said.lines.join("\n"), /cas-3.* keeps the credential .*RemoveAlternateServiceAccountCredentials/);
    });
  });
}
