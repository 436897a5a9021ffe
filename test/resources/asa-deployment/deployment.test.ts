import assert from "node:assert/strict";
import { Attribute, Change } from "ldapts";
import { corp } from "../../../lab/domain-controller";
import { unicodePassword } from "../../../lab/exchange/active-directory";
import { requireCredential } from "../../../provider/resources/asa-deployment/presence";
import type { Program } from "../program";
import { fqdn, World } from "./world";

const all = ["cas-1", "cas-2", "cas-3"];
const [first, second, third] = all.map(fqdn) as [string, string, string];
const script = "RollAlternateServiceAccountPassword.ps1";

/** The servers in memory, the directory real: what a handler does over its life, by both methods. */
for (const method of ["script", "cmdlet"] as const) {
  describe(`AsaDeployment by ${method}`, function () {
    this.timeout(60_000);
    let world: World;
    let run: Program;

    before(async function () {
      world = await World.enter(this, {
        "cas-1": { product: "2016" },
        "cas-2": { product: "2019" },
        "cas-3": { product: "SE" },
      });
    });
    after(() => world?.leave());
    beforeEach(async () => {
      await world.reset();
      run = world.run();
    });

    const commands = (name: string) => world.calls.filter(({ command }) => command === name).length;
    const conditions = (states: readonly { server: string; condition: string }[]) =>
      states.map(({ server, condition }) => `${server.split(".")[0]} ${condition}`);
    /** Each server opens new tickets with its newest credential. */
    const deployedOn = async (servers: readonly string[], account: string) => {
      for (const server of servers) assert.equal(await world.working(server, account), 0, server);
    };
    const spnOf = async (name: string) => {
      const { distinguishedName } = await world.read(name);
      const spn = new Attribute({ type: "servicePrincipalName", values: [`http/${name.replace("$", "")}.example`] });
      await world.forest.admin.modify(distinguishedName, new Change({ operation: "add", modification: spn }));
    };

    it("deploys first: every server has the directory's password, and state says what each has", async () => {
      const { name, qualifiedName } = await world.account(run);
      const before = await world.read(name);
      const deployment = world.deployment();
      assert.equal(await deployment.up({ account: qualifiedName, servers: [first, second], method }, run), "created");
      const after = await world.read(name);
      assert.ok(BigInt(after.passwordStamp) > BigInt(before.passwordStamp));
      await deployedOn(["cas-1", "cas-2"], qualifiedName);
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
      assert.equal(commands(script), method === "script" ? 2 : 0);
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
      assert.equal(commands("Set-ClientAccessService") + commands(script), 0);
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
      await spnOf(name);
      const [old] = world.credentials("cas-2").map(({ password }) => password);
      const { passwordStamp } = await world.read(name);
      world.calls.length = 0;
      const second = world.run();
      assert.deepEqual(await deployment.up(program("two"), second), ["rotation"]);
      assert.match(second.lines.join("\n"), /the password rolls, as the trigger is now "two"/);
      assert.ok(BigInt((await world.read(name)).passwordStamp) > BigInt(passwordStamp));
      await deployedOn(all, qualifiedName);
      for (const server of all) assert.equal(world.credentials(server)[1]?.password, old, server);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 deployed", "cas-3 deployed"]);
      assert.ok(deployment.state.deployed.every(({ hasPrevious }) => hasPrevious));
      // The password of an account in use goes to all servers in one run of the script.
      assert.equal(commands(script), method === "script" ? 1 : 0);
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
      await spnOf(name);
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
      await deployedOn(["cas-1", "cas-2"], qualifiedName);
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
        await spnOf(name);
        const { passwordStamp } = await world.read(name);
        const program = { account: qualifiedName, servers: all.map(fqdn), method };
        const later = world.run();
        await deployment.up(program, later);
        const said = later.lines.join("\n");
        if (method === "script") assert.match(said, new RegExp(`${third} gets a copy of the credential`));
        else assert.match(said, new RegExp(`the password rolls, as ${third} cannot get a copy by cmdlet`));
        assert.equal((await world.read(name)).passwordStamp === passwordStamp, method === "script");
        await deployedOn(all, qualifiedName);
        assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 deployed", "cas-3 deployed"]);
        assert.equal(await deployment.up(program, world.run()), "same");
      },
    );

    it("takes the credential off a server that leaves, and off all of them at the end", async () => {
      const { qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: all.map(fqdn), method }, run);
      const later = world.run();
      await deployment.up({ account: qualifiedName, servers: [first, second], method }, later);
      assert.match(later.lines.join("\n"), new RegExp(`${third} loses the credential`));
      assert.deepEqual(world.accounts("cas-3"), []);
      await deployedOn(["cas-1", "cas-2"], qualifiedName);
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

    it("moves to other servers altogether while clients still get tickets", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: [first, second], method }, run);
      await spnOf(name);
      await deployment.up({ account: qualifiedName, servers: [third], method }, world.run());
      await deployedOn(["cas-3"], qualifiedName);
      assert.deepEqual([world.accounts("cas-1"), world.accounts("cas-2")], [[], []]);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-3 deployed"]);
    });

    it("shows at refresh what happened outside, and repairs it at the next up", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: all.map(fqdn), method };
      await deployment.up(program, run);
      await spnOf(name);
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
      await deployedOn(all, qualifiedName);
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
      await deployedOn(["cas-1", "cas-2"], qualifiedName);

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

    it("adopts what is there: no roll, no write, and it stays on destroy", async () => {
      const { name, qualifiedName } = await world.account(run, { password: "Known-by-hand-1" });
      for (const server of ["cas-1", "cas-2"]) world.addByHand(server, qualifiedName, "Known-by-hand-1");
      await spnOf(name);
      const deployment = world.deployment();
      const program = {
        account: qualifiedName,
        servers: [first, second],
        method,
        adopt: true,
        rotation: { trigger: "x" },
      };
      await deployment.up(program, run);
      assert.equal(commands("Set-ClientAccessService") + commands(script), 0);
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
      assert.equal(commands("Set-ClientAccessService") + commands(script), 0);
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
      await spnOf(name);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: [first, second], method, adopt: true };
      await deployment.up(program, run);
      const said = world.run();
      await deployment.up({ ...program, servers: [first] }, said);
      assert.match(said.lines.join("\n"), /was on its servers before the stack, and stays on cas-2/);
      assert.deepEqual(world.accounts("cas-2"), [qualifiedName]);
    });

    it("lets go of a server that is gone for good, and says what it keeps", async () => {
      const { qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: [first, second], method };
      await deployment.up(program, run);
      world.stop("cas-2");
      try {
        const said = world.run();
        await deployment.up({ ...program, servers: [first] }, said);
        assert.match(said.lines.join("\n"), /cas-2\S* keeps the credential of .*as it cannot be reached/);
        assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed"]);
      } finally {
        world.start("cas-2");
      }
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

    it("rolls what is there without adopt: dates tell who has a credential, not whether it is right", async () => {
      const { qualifiedName } = await world.account(run);
      world.addByHand("cas-1", qualifiedName, "wrong");
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: [first, second], method }, run);
      await deployedOn(["cas-1", "cas-2"], qualifiedName);
    });

    it("changes to another account beside the old one, then owns what both left", async () => {
      const old = await world.account(run);
      const next = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: old.qualifiedName, servers: [first, second], method }, run);
      await spnOf(old.name);
      const later = world.run();
      await deployment.up({ account: next.qualifiedName, servers: [first, second], method }, later);
      assert.match(later.lines.join("\n"), /the account was /);
      await deployedOn(["cas-1", "cas-2"], next.qualifiedName);
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
      await spnOf(name);
      const next = world.run();
      await renamed.up(program, next);
      const goes = deployment.remember();
      await deployment.destroy(next);
      assert.match(
        next.lines.join("\n"),
        /stays on cas-1\S+, \S+, cas-3\S+: another resource of the program deploys it/,
      );
      await deployedOn(all, qualifiedName);
      // A later run does not make the new one any more, and finds it in the program.
      goes();
      const later = world.run();
      assert.equal(await renamed.up(program, later), "same");
      await deployment.destroy(later);
      await deployedOn(all, qualifiedName);
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
      await spnOf(name);
      const next = world.run();
      await renamed.up({ account: qualifiedName, servers: [first, second], method, adopt: true }, next);
      await deployment.destroy(next);
      await deployedOn(["cas-1", "cas-2"], qualifiedName);
      assert.deepEqual(world.accounts("cas-3"), []);
    });

    it("removes only what is ours, and only when no name leads clients there any more", async () => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      await deployment.up({ account: qualifiedName, servers: all.map(fqdn), method }, run);
      await spnOf(name);
      await assert.rejects(deployment.destroy(world.run()), /still has http\/.*could read the tickets/);
      await deployedOn(all, qualifiedName);
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
