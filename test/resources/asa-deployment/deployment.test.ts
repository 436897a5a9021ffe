import assert from "node:assert/strict";
import type { Program } from "../program";
import { all, conditions, first, fqdn, inWorld, script, second, third, threeVersions, type World } from "./world";

/** The servers in memory, the directory real: what a handler does over its life, by both methods. */
for (const method of ["script", "cmdlet"] as const) {
  describe(`AsaDeployment by ${method}`, function () {
    this.timeout(60_000);
    let world: World;
    let run: Program;
    inWorld(threeVersions, (...now) => {
      [world, run] = now;
    });

    it("deploys first: every server has the directory's password, and state says what each has", async () => {
      const { name, qualifiedName } = await world.account(run);
      const before = await world.read(name);
      const deployment = world.deployment();
      assert.equal(await deployment.up({ account: qualifiedName, servers: [first, second], method }, run), "created");
      const after = await world.read(name);
      assert.ok(BigInt(after.passwordStamp) > BigInt(before.passwordStamp));
      await world.deployedOn(["cas-1", "cas-2"], qualifiedName);
      assert.deepEqual(world.accounts("cas-3"), []);
      const { deployed, accountGuid, passwordLastSet } = deployment.state;
      assert.deepEqual(conditions(deployed), ["cas-1 deployed", "cas-2 deployed"]);
      assert.deepEqual(
        deployed.map(({ version }) => version.slice(0, 4)),
        ["15.1", "15.2"],
      );
      assert.equal(deployed[0]?.account, qualifiedName);
      assert.equal(deployed[0]?.hasPrevious, false);
      assert.equal(accountGuid, after.guid);
      assert.equal(passwordLastSet, after.passwordLastSet);
      assert.equal(deployment.id, `${after.guid}@${first}`);
      // As the article has it: a new password on the first server, copies on the others.
      assert.equal(world.commands(script), method === "script" ? 2 : 0);
      const [password] = world.credentials("cas-1").map((one) => one.password);
      assert.ok(password !== undefined && !JSON.stringify([deployment.state, run.lines]).includes(password));
    });

    it("finds nothing to do afterwards, and asks no server for that", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = {
        account: qualifiedName,
        servers: [first, second],
        method,
        rotation: { maxPasswordAgeDays: 30 },
      };
      await deployment.up(program, run);
      const { passwordStamp } = await world.read(name);
      world.calls.length = 0;
      assert.equal(await deployment.up(program, world.run()), "same");
      assert.deepEqual(world.calls, []);
      assert.equal(await deployment.refresh(world.run()), true);
      assert.equal(await deployment.up(program, world.run()), "same");
      assert.equal(world.commands("Set-ClientAccessService") + world.commands(script), 0);
      assert.equal((await world.read(name)).passwordStamp, passwordStamp);
    });

    it("rolls when the trigger changes: old and new password on every server, and never again for the same trigger", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = (trigger: string) => ({
        account: qualifiedName,
        servers: all.map(fqdn),
        method,
        rotation: { trigger },
      });
      await deployment.up(program("one"), run);
      await world.spnOf(name);
      const [old] = world.credentials("cas-2").map(({ password }) => password);
      const { passwordStamp } = await world.read(name);
      world.calls.length = 0;
      const second = world.run();
      assert.deepEqual(await deployment.up(program("two"), second), ["rotation"]);
      assert.match(second.lines.join("\n"), /the password rolls, as the trigger is now "two"/);
      assert.ok(BigInt((await world.read(name)).passwordStamp) > BigInt(passwordStamp));
      await world.deployedOn(all, qualifiedName);
      for (const server of all) assert.equal(world.credentials(server)[1]?.password, old, server);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 deployed", "cas-3 deployed"]);
      assert.ok(deployment.state.deployed.every(({ hasPrevious }) => hasPrevious));
      // The password of an account in use goes to all servers in one run of the script.
      assert.equal(world.commands(script), method === "script" ? 1 : 0);
      assert.equal(await deployment.up(program("two"), world.run()), "same");
    });

    it("rolls when the password is too old, by the age that the directory shows", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = {
        account: qualifiedName,
        servers: [first, second],
        method,
        rotation: { maxPasswordAgeDays: 30 },
      };
      await deployment.up(program, run);
      await world.spnOf(name);
      const { passwordStamp } = await world.read(name);
      const { now } = Date;
      const later = world.run();
      try {
        Date.now = () => now() + 31 * 86_400_000;
        assert.deepEqual(await deployment.up(program, later), ["rotation"]);
      } finally {
        Date.now = now;
      }
      assert.match(later.lines.join("\n"), /the password is 31 days old, and may be 30/);
      assert.ok(BigInt((await world.read(name)).passwordStamp) > BigInt(passwordStamp));
      await world.deployedOn(["cas-1", "cas-2"], qualifiedName);
      assert.equal(await deployment.up(program, world.run()), "same");
    });

    it(
      method === "script"
        ? "gives a server added later a copy, and rolls nothing"
        : "rolls for a server added later, and the preview says so",
      async () => {
        const { name, qualifiedName } = await world.account(run);
        const deployment = world.deployment();
        await deployment.up({ account: qualifiedName, servers: [first, second], method }, run);
        await world.spnOf(name);
        const { passwordStamp } = await world.read(name);
        const program = { account: qualifiedName, servers: all.map(fqdn), method };
        const later = world.run();
        await deployment.up(program, later);
        const said = later.lines.join("\n");
        if (method === "script") assert.match(said, new RegExp(`${third} gets a copy of the credential`));
        else assert.match(said, new RegExp(`the password rolls, as ${third} cannot get a copy by cmdlet`));
        assert.equal((await world.read(name)).passwordStamp === passwordStamp, method === "script");
        await world.deployedOn(all, qualifiedName);
        assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 deployed", "cas-3 deployed"]);
        assert.equal(await deployment.up(program, world.run()), "same");
      },
    );

    it("moves to other servers altogether while clients still get tickets", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: [first, second], method }, run);
      await world.spnOf(name);
      await deployment.up({ account: qualifiedName, servers: [third], method }, world.run());
      await world.deployedOn(["cas-3"], qualifiedName);
      assert.deepEqual([world.accounts("cas-1"), world.accounts("cas-2")], [[], []]);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-3 deployed"]);
    });
  });
}
