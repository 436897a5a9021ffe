import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { waitUntil } from "../../../lab/command";
import { corp, dc1, dc2, hostName } from "../../../lab/domain-controller";
import { inboundReplication, replicateTo } from "../../../lab/replication";
import { ProviderError } from "../../../provider/error";
import type { AsaDeploymentOutputs } from "../../../provider/resources/asa-deployment/schema";
import type { Program, Resource } from "../program";
import { denyReset } from "./deny-reset";
import { all, conditions, fqdn, inWorld, script, threeVersions, World } from "./world";

const names = all.map(fqdn);
for (const method of ["script", "cmdlet"] as const) {
  describe(`AsaDeployment by ${method}, when something fails`, function () {
    this.timeout(60_000);
    let world: World;
    let run: Program;
    inWorld(threeVersions, (...now) => {
      [world, run] = now;
    });

    const allDeployed = all.map((server) => `${server} deployed`);
    const program = (account: string, more: object = {}) => ({ account, servers: names, method, ...more });

    /** A deployment that has been there for a while, with clients: `old` is the password that their tickets were made with. */
    async function deployed() {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      await deployment.up(program(qualifiedName, { rotation: { trigger: "one" } }), run);
      const spn = world.spn();
      await spn.up(
        { account: qualifiedName, spn: `http/${name.replace("$", "")}.example.com`, deployment: deployment.id },
        run,
      );
      const [{ password: old } = { password: "" }] = world.credentials("cas-1");
      const next = program(qualifiedName, { rotation: { trigger: "two" } });
      const { passwordStamp } = await world.read(name);
      return { name, qualifiedName, deployment, old, next, passwordStamp };
    }
    type Standing = Awaited<ReturnType<typeof deployed>>;

    /** Every server opens new tickets, and those that clients have had since before. */
    async function clientsGetIn({ qualifiedName, old }: Standing, servers = all) {
      for (const server of servers) {
        assert.notEqual(await world.working(server, qualifiedName), -1, `${server} opens no new ticket`);
        const passwords = world.credentials(server).map(({ password }) => password);
        assert.ok(passwords.includes(old), `${server} has forgotten the password of the clients' tickets`);
      }
    }

    async function converges(standing: Standing, how: object = standing.next) {
      const { deployment, qualifiedName } = standing;
      await deployment.up(how, world.run());
      await clientsGetIn(standing);
      for (const server of all) assert.equal(await world.working(server, qualifiedName), 0, server);
      assert.deepEqual(conditions(deployment.state.deployed), allDeployed);
      assert.equal(await deployment.up(how, world.run()), "same");
    }

    const notRolled = async ({ name, passwordStamp }: Standing) =>
      assert.equal((await world.read(name)).passwordStamp, passwordStamp, "the directory was changed");

    async function fails(deployment: Resource<never, AsaDeploymentOutputs>, how: object, context: Program) {
      const error = await deployment.up(how, context).then(
        () => assert.fail("nothing failed"),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof ProviderError, String(error));
      return error.message;
    }

    it("changes nothing while a server is down, and says which", async () => {
      const standing = await deployed();
      const before = all.map((server) => world.credentials(server));
      world.stop("cas-2");
      const message = await fails(standing.deployment as never, standing.next, world.run());
      assert.match(message, /cannot get to every server, so nothing was changed:\n {2}cas-2\.corp.* did not answer/);
      assert.match(message, /mayBeAbsent/);
      await notRolled(standing);
      world.start("cas-2");
      assert.deepEqual(
        all.map((server) => world.credentials(server)),
        before,
      );
      await converges(standing);
    });

    it("leaves out a server that may be absent, says so, and catches it up later", async () => {
      const standing = await deployed();
      const { deployment, qualifiedName } = standing;
      const next = { ...standing.next, mayBeAbsent: [names[1]] };
      world.stop("cas-2");
      const said = world.run();
      await deployment.up(next, said);
      assert.match(said.lines.join("\n"), /cas-2\.corp.* is absent: it gets the credential at a later run/);
      assert.deepEqual(conditions(deployment.state.deployed), ["cas-1 deployed", "cas-2 absent", "cas-3 deployed"]);
      await clientsGetIn(standing, ["cas-1", "cas-3"]);
      const { passwordStamp } = await world.read(standing.name);
      // Still away: nothing more is done, and nothing is forgotten.
      await deployment.up(next, world.run());
      assert.equal((await world.read(standing.name)).passwordStamp, passwordStamp);
      world.start("cas-2");
      await converges(standing, next);
      assert.equal((await world.read(standing.name)).passwordStamp === passwordStamp, method === "script");
      assert.equal(await world.working("cas-2", qualifiedName), 0);
    });

    it("leaves the directory alone when a server fails, names it with its words, and goes on at the next up", async () => {
      const standing = await deployed();
      const cmdlet = method === "script" ? "Set-ClientAccessServer" : "Set-ClientAccessService";
      world.organization.faults.add({ fault: "fail", server: "CAS-2", cmdlet, times: 1, message: "Out of disk." });
      const message = await fails(standing.deployment as never, standing.next, world.run());
      assert.match(message, /cas-2/i);
      assert.match(message, /Out of disk\./);
      await notRolled(standing);
      await clientsGetIn(standing);
      assert.deepEqual(conditions(standing.deployment.state.deployed), [
        "cas-1 unconfirmed",
        "cas-2 deployed",
        "cas-3 unconfirmed",
      ]);
      assert.equal(standing.deployment.state.rotation?.trigger, "one");
      await converges(standing);
    });

    it("says what a first deployment left behind that the directory refused, and does not take it for done", async () => {
      const { name, qualifiedName } = await world.account(run);
      const { distinguishedName } = await world.read(name);
      const allow = await denyReset(world.forest.admin, distinguishedName);
      const deployment = world.deployment();
      const message = await fails(deployment as never, program(qualifiedName), run);
      if (method === "cmdlet") assert.match(message, /dc1\.corp.*Reset password/);
      else assert.match(message, /It said:.*ERROR: Failed to set a new password.*THE SCRIPT HAS FAILED/s);
      assert.deepEqual(
        conditions(deployment.state.deployed),
        method === "script"
          ? ["cas-1 unconfirmed", "cas-2 missing", "cas-3 missing"]
          : all.map((one) => `${one} unconfirmed`),
      );
      await allow();
      await deployment.up(program(qualifiedName), world.run());
      for (const server of all) assert.equal(await world.working(server, qualifiedName), 0, server);
      assert.deepEqual(conditions(deployment.state.deployed), allDeployed);
      assert.equal(await deployment.up(program(qualifiedName), world.run()), "same");
    });

    it("converges whichever command is the last one before Exchange is gone", async () => {
      const standing = await deployed();
      const { deployment } = standing;
      const state = deployment.state;
      world.calls.length = 0;
      await deployment.up(standing.next, world.run());
      const count = world.calls.length;
      assert.ok(count >= 5, `only ${count} calls`);
      // As after SIGKILL: state knows nothing of it. A roll that is done already is seen, and not done again.
      deployment.outputs = state;
      const { passwordStamp } = await world.read(standing.name);
      await converges(standing);
      assert.equal((await world.read(standing.name)).passwordStamp, passwordStamp);

      let trigger = 0;
      for (const side of ["before", "after"] as const) {
        for (let last = 1; last <= count; last++) {
          await world.end();
          // Clients with older tickets than the script keeps have been told: each round starts with new ones.
          const [{ password: old } = { password: "" }] = world.credentials("cas-1");
          const round = { ...standing, old };
          const next = program(standing.qualifiedName, { rotation: { trigger: `${trigger++}` } });
          const before = deployment.state;
          let calls = 0;
          const gone = new ProviderError("protocol", "The connection was lost.");
          if (side === "before") {
            world.beforeCall = () => {
              calls += 1;
              if (calls >= last) throw gone;
            };
          } else {
            world.afterCall = () => {
              calls += 1;
              if (calls >= last) throw gone;
            };
          }
          await deployment.up(next, world.run()).catch(() => undefined);
          world.beforeCall = () => {};
          world.afterCall = () => {};
          await clientsGetIn(round);
          // Every second time the run was killed, and could not even write down how far it came.
          if (last % 2 === 0) deployment.outputs = before;
          await converges(round, next);
        }
      }
    });

    it("stops before the directory when the run is cancelled", async () => {
      const standing = await deployed();
      const cancelled = world.run();
      world.afterCall = ({ command }) => {
        if (command.startsWith("Set-") || command === script) cancelled.cancel();
      };
      const said = await standing.deployment.up(standing.next, cancelled).then(String, ({ message }: Error) => message);
      world.afterCall = () => {};
      if (method === "cmdlet") {
        assert.match(said, /was (cancelled|interrupted).*password that worked before still works everywhere/s);
        assert.doesNotMatch(said, /aborted/);
        await notRolled(standing);
      }
      await clientsGetIn(standing);
      await converges(standing);
    });

    it("believes no write that does not show", async () => {
      const standing = await deployed();
      const [victim] = world.organization.servers.filter(({ state }) => state.name === "CAS-3");
      world.afterCall = ({ command, host }) => {
        const write = method === "script" ? command === script : command.startsWith("Set-") && host === names[2];
        if (write) victim?.credentials.replace(victim.credentials.all.slice(1));
      };
      const message = await fails(standing.deployment as never, standing.next, world.run());
      assert.match(message, /cas-3\.corp/);
      assert.match(message, method === "script" ? /does not show on all of them/ : /does not show it when asked/);
      world.afterCall = () => {};
      await converges(standing);
    });

    it("tells a missing management role from a failure", async () => {
      const standing = await deployed();
      const user = `administrator@${corp.dnsName}`;
      const { administrators } = world.organization.state;
      const roles = administrators[user] ?? assert.fail("no administrator");
      administrators[user] = ["View-Only Configuration"];
      try {
        const message = await fails(standing.deployment as never, standing.next, world.run());
        assert.match(message, /Organization Configuration/);
      } finally {
        administrators[user] = roles;
      }
      await notRolled(standing);
      await converges(standing);
    });

    /** In a text, times have no more than seconds, and what is new must show as new. */
    async function nextSecond(): Promise<void> {
      const second = () => Math.floor(Date.now() / 1000);
      const now = second();
      await waitUntil("the next second", async () => second() > now);
    }

    it("works the same where servers show only text, in a culture of their own", async () => {
      const { state } = world.organization;
      state.configurationShape = "text";
      world.organization.require("cas-2").state.culture = "de-DE";
      try {
        const standing = await deployed();
        await nextSecond();
        await converges(standing);
        world.organization.require("cas-3").credentials.replace([]);
        await standing.deployment.refresh(world.run());
        assert.deepEqual(conditions(standing.deployment.state.deployed), [
          "cas-1 deployed",
          "cas-2 deployed",
          "cas-3 missing",
        ]);
        await nextSecond();
        await standing.deployment.up(standing.next, world.run());
        assert.deepEqual(conditions(standing.deployment.state.deployed), allDeployed);
      } finally {
        state.configurationShape = "ask";
        world.organization.require("cas-2").state.culture = "en-US";
      }
    });

    if (method === "script") {
      it("trusts neither the exit code nor the last line alone", async () => {
        const standing = await deployed();
        world.organization.faults.add({ fault: "misreport-script", exitCode: 1 });
        const said = await fails(standing.deployment as never, standing.next, world.run());
        assert.match(said, /exit code 1, last line "THE SCRIPT HAS SUCCEEDED"/);
        world.organization.faults.clear();
        // It had done its work all the same, and that is seen.
        const { passwordStamp } = await world.read(standing.name);
        await converges(standing);
        assert.equal((await world.read(standing.name)).passwordStamp, passwordStamp);

        const [{ password: old } = { password: "" }] = world.credentials("cas-1");
        world.organization.faults.add({ fault: "misreport-script", exitCode: 0 });
        world.organization.faults.add({ fault: "refuse-password-change", refuse: true });
        const next = program(standing.qualifiedName, { rotation: { trigger: "three" } });
        assert.match(
          await fails(standing.deployment as never, next, world.run()),
          /exit code 0, last line "THE SCRIPT HAS FAILED"/,
        );
        world.organization.faults.clear();
        await converges({ ...standing, old }, next);
      });

      it("warns of tickets that the script makes useless when the last roll is not long past", async () => {
        const standing = await deployed();
        const said = world.run();
        await standing.deployment.up(standing.next, said);
        assert.match(said.lines.join("\n"), /warning: .* got its present password on .*klist purge/);
      });
    }
  });
}

describe("AsaDeployment by script, with Exchange on another domain controller", function () {
  this.timeout(90_000);
  let world: World;

  before(async function () {
    world = await World.enter(this, { "cas-1": {}, "cas-2": {} }, dc2);
  });
  after(() => world?.leave());

  it("waits until the password has come to ours, and has it in its state", async () => {
    const run = world.run();
    const { name, qualifiedName } = await world.account(run);
    await replicateTo(dc2, dc1);
    const before = await world.read(name);
    const servers = [fqdn("cas-1"), fqdn("cas-2")];
    const deployment = world.deployment();
    const arrivals: Promise<void>[] = [];
    world.afterCall = async ({ command }) => {
      // The script is through, and our domain controller knows nothing of it yet: it comes while we wait.
      if (command === script) arrivals.push(delay(1500).then(() => replicateTo(dc1, dc2)));
    };
    await deployment.up({ account: qualifiedName, servers }, run);
    await Promise.all(arrivals);
    const after = await world.read(name);
    assert.ok(BigInt(after.passwordStamp) > BigInt(before.passwordStamp));
    assert.equal(deployment.state.passwordLastSet, after.passwordLastSet);
    assert.deepEqual(
      deployment.state.deployed.map(({ condition }) => condition),
      ["deployed", "deployed"],
    );
    assert.equal(await deployment.up({ account: qualifiedName, servers }, world.run()), "same");
  });

  it("waits at first until the account has come to the PDC emulator, where a roll is locked", async () => {
    await replicateTo(dc2, dc1);
    const run = world.run({ domainController: hostName(dc2) });
    await inboundReplication(dc1, false);
    try {
      const { qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const deploying = deployment.up({ account: qualifiedName, servers: [fqdn("cas-1")] }, run);
      const waits = () => run.lines.some((line) => /^waiting for \S+ to replicate to dc1\.corp/.test(line));
      await waitUntil("a wait for the PDC emulator", async () => waits(), 30_000);
      await inboundReplication(dc1, true);
      await replicateTo(dc1, dc2);
      await deploying;
      assert.equal(deployment.state.deployed[0]?.condition, "deployed");
    } finally {
      await inboundReplication(dc1, true);
    }
  });
});
