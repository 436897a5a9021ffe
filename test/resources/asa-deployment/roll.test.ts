import assert from "node:assert/strict";
import { corp } from "../../../lab/domain-controller";
import { withRollLock } from "../../../provider/directory/roll-lock";
import { ProviderError } from "../../../provider/error";
import { type PlannedRoll, planRoll, type RollRequest, roll } from "../../../provider/resources/asa-deployment/roll";
import type { Program } from "../program";
import { conditions, first, fqdn, inWorld, script, second, third, threeVersions, type World } from "./world";

for (const method of ["script", "cmdlet"] as const) {
  describe(`a roll outside of any stack, by ${method}`, function () {
    this.timeout(60_000);
    let world: World;
    let run: Program;
    inWorld(threeVersions, (...now) => {
      [world, run] = now;
    });

    const writes = () => world.calls.filter(({ command }) => /^Set-|\.ps1$/.test(command)).length;
    const request = (account: string, more: Partial<RollRequest> = {}): RollRequest => ({
      ...{ connection: "default", account, entry: first, method, mayBeAbsent: [], ...more },
    });
    const rolled = async (planned: PlannedRoll, context = run) => {
      const { incomplete, after } = await roll(planned, context);
      assert.equal(incomplete, undefined);
      return conditions(after.states);
    };
    /** An account whose credential is on the first two servers, as a stack left it. */
    const deployed = async (more: object = {}) => {
      const { name, qualifiedName } = await world.account(run);
      const deployment = world.deployment();
      const program = { account: qualifiedName, servers: [first, second], method, ...more };
      await deployment.up(program, run);
      world.calls.length = 0;
      return { name, qualifiedName, deployment, program };
    };
    const refused = async (planned: Promise<unknown>, code: string, reason: RegExp) => {
      await assert.rejects(planned, (thrown: unknown) => {
        const error = ProviderError.from(thrown);
        assert.equal(error.code, code, error.message);
        assert.match(error.message, reason);
        return true;
      });
      assert.equal(writes(), 0);
    };

    it("plans without a write, and gives a new password to the servers that have the account's", async () => {
      const { name, qualifiedName } = await deployed();
      const { passwordStamp } = await world.read(name);
      const planned = await planRoll(request(qualifiedName), world.run());
      assert.equal(writes(), 0);
      assert.deepEqual(planned.lines, [
        `${qualifiedName}: the password rolls, as that was asked for. ${first}, ${second} get it first, the directory last`,
      ]);
      assert.deepEqual(await rolled(planned), ["cas-1 deployed", "cas-2 deployed"]);
      assert.ok(BigInt((await world.read(name)).passwordStamp) > BigInt(passwordStamp));
      for (const server of ["cas-1", "cas-2"]) assert.equal(await world.working(server, qualifiedName), 0, server);
      assert.deepEqual(world.accounts("cas-3"), []);
    });

    it("knows the account by the domain's DNS name too, and gives it to the servers by the usual one", async () => {
      const { qualifiedName } = await deployed();
      const typed = `${corp.dnsName}\\${qualifiedName.split("\\")[1]}`;
      assert.deepEqual(await rolled(await planRoll(request(typed), world.run())), ["cas-1 deployed", "cas-2 deployed"]);
      assert.deepEqual(new Set(world.accounts("cas-1")), new Set([qualifiedName]));
    });

    it("is accepted by the stack: nothing to do after a refresh, and the next trigger rolls again", async () => {
      const rotation = { maxPasswordAgeDays: 30, trigger: "one" };
      const { name, qualifiedName, deployment, program } = await deployed({ rotation });
      await rolled(await planRoll(request(qualifiedName), run));
      const { passwordLastSet, passwordStamp } = await world.read(name);
      world.calls.length = 0;
      assert.equal(await deployment.refresh(world.run()), true);
      assert.deepEqual(deployment.inputs.servers, [first, second]);
      assert.equal(deployment.state.passwordLastSet, passwordLastSet);
      assert.equal(await deployment.up(program, world.run()), "same");
      assert.equal(writes(), 0);
      assert.equal((await world.read(name)).passwordStamp, passwordStamp);
      const next = { ...program, rotation: { ...rotation, trigger: "two" } };
      assert.deepEqual(await deployment.up(next, world.run()), ["rotation"]);
      assert.notEqual((await world.read(name)).passwordStamp, passwordStamp);
    });

    it("counts for age and trigger of a stack that has not refreshed: age is the account's own", async () => {
      const { name, qualifiedName, deployment, program } = await deployed({
        rotation: { maxPasswordAgeDays: 30, trigger: "one" },
      });
      // The stack was last looked at forty days ago.
      const then = new Date(Date.now() - 40 * 86_400_000).toISOString();
      const states = deployment.state.deployed.map((state) => ({ ...state, passwordLastSet: then }));
      deployment.outputs = { ...deployment.state, passwordLastSet: then, deployed: states };
      await rolled(await planRoll(request(qualifiedName), run));
      const { passwordStamp } = await world.read(name);
      world.calls.length = 0;
      const next = { ...program, rotation: { maxPasswordAgeDays: 30, trigger: "two" } };
      assert.deepEqual(await deployment.up(next, world.run()), ["rotation"]);
      assert.equal(writes(), 0);
      assert.equal((await world.read(name)).passwordStamp, passwordStamp, "rolled although somebody had");
      assert.equal(await deployment.up(next, world.run()), "same");
    });

    it("does nothing while the password is young, and repairs what lacks it", async () => {
      const { name, qualifiedName } = await deployed();
      const { passwordStamp } = await world.read(name);
      const young = await planRoll(request(qualifiedName, { olderThanDays: 30 }), world.run());
      assert.deepEqual([young.plan.roll, young.plan.copy], [undefined, []]);
      assert.deepEqual(await rolled(young), ["cas-1 deployed", "cas-2 deployed"]);
      assert.equal(writes(), 0);
      assert.equal((await world.read(name)).passwordStamp, passwordStamp);

      const servers = [first, second, third];
      const lacking = await planRoll(request(qualifiedName, { servers, olderThanDays: 30 }), world.run());
      assert.deepEqual(lacking.plan.copy, method === "script" ? [third] : []);
      assert.deepEqual(await rolled(lacking), ["cas-1 deployed", "cas-2 deployed", "cas-3 deployed"]);
      assert.equal((await world.read(name)).passwordStamp === passwordStamp, method === "script");
      for (const server of ["cas-1", "cas-2", "cas-3"]) {
        assert.equal(await world.working(server, qualifiedName), 0, server);
      }
    });

    it("rolls a password that is old enough", async () => {
      const { qualifiedName } = await deployed();
      const { now } = Date;
      try {
        Date.now = () => now() + 31 * 86_400_000;
        const { plan } = await planRoll(request(qualifiedName, { olderThanDays: 30 }), run);
        assert.match(plan.roll ?? "", /31 days old, and may be 30/);
      } finally {
        Date.now = now;
      }
    });

    it("leaves nothing half done for good: what broke off is gone on with by the same roll", async () => {
      const { name, qualifiedName } = await deployed();
      const { passwordStamp } = await world.read(name);
      const planned = await planRoll(request(qualifiedName), run);
      const pushes = method === "script" ? script : "Set-ClientAccessService";
      world.beforeCall = ({ command, host }) => {
        if (command === pushes && (method === "script" || host === second)) {
          throw new ProviderError("powershell-failed", `${second}: out of disk.`);
        }
      };
      const { incomplete } = await roll(planned, run);
      assert.match(incomplete?.message ?? "", /out of disk/);
      assert.doesNotMatch(incomplete?.message ?? "", /pulumi/);
      assert.equal((await world.read(name)).passwordStamp, passwordStamp);
      for (const server of ["cas-1", "cas-2"]) assert.notEqual(await world.working(server, qualifiedName), -1, server);
      world.beforeCall = () => {};
      await rolled(await planRoll(request(qualifiedName), world.run()));
      for (const server of ["cas-1", "cas-2"]) assert.equal(await world.working(server, qualifiedName), 0, server);
    });

    it("is refused while another run is at it", async () => {
      const { name, qualifiedName } = await deployed();
      const planned = await planRoll(request(qualifiedName), run);
      const other = world.run();
      await withRollLock(other.connection("default").directory, await world.read(name), () =>
        refused(roll(planned, run), "refused", /is being rolled by process \d+ on \S+ Wait until it is done/),
      );
    });

    it("is refused where a server would be cut off, or is in the way", async () => {
      const { qualifiedName } = await deployed();
      await refused(
        planRoll(request(qualifiedName, { servers: [first] }), run),
        "refused",
        /is the account of cas-2\S+ too, which is not among the servers/,
      );
      // Who has it as an older credential gets its tickets still, and is in nobody's list.
      world.addByHand("cas-3", qualifiedName, "older");
      world.addByHand("cas-3", "TAILSPIN\\NEWER$", "newer");
      await refused(planRoll(request(qualifiedName), run), "refused", /is the account of cas-3\S+ too/);
      world.organization.require("cas-3").credentials.replace([]);

      world.stop("cas-2");
      await refused(planRoll(request(qualifiedName), run), "port-closed", /cas-2.*may get it later/s);
      const planned = await planRoll(request(qualifiedName, { mayBeAbsent: [second] }), world.run());
      assert.deepEqual(planned.plan.absent, [second]);
      assert.deepEqual(await rolled(planned), ["cas-1 deployed", "cas-2 absent"]);
    });

    it("is refused where it is not said what to do", async () => {
      const { qualifiedName } = await world.account(run);
      world.calls.length = 0;
      const nobody = planRoll(request(qualifiedName, { entry: undefined }), world.run({ managementHost: undefined }));
      await refused(nobody, "input-invalid", /not said which Exchange server to ask/);
      for (const [more, code, reason] of [
        [{}, "refused", /^No server has TAILSPIN\\\S+ as its alternate .* first deployment/],
        [{ entry: fqdn("cas-9") }, "name-not-resolved", /cas-9/],
        [{ servers: ["cas-1"] }, "input-invalid", /^servers\.0: Give the server by its full name/],
        [{ servers: [first], mayBeAbsent: [second] }, "input-invalid", /cas-2\S+ is not among the servers/],
        [{ account: "EXCH2016ASA$" }, "input-invalid", /^account: Give the account as DOMAIN/],
        [{ account: "TAILSPIN\\NOBODY$", servers: [first] }, "directory-not-found", /There is no account/],
        [{ account: "TAILSPIN\\Administrator", servers: [first] }, "refused", /^No server has TAILSPIN\\Administrator/],
      ] as const) {
        await refused(planRoll(request(qualifiedName, more as Partial<RollRequest>), run), code, reason);
      }
      world.addByHand("cas-2", "TAILSPIN\\SOMEBODY$", "else");
      await refused(
        planRoll(request(qualifiedName), run),
        "refused",
        /^No server has .*They have TAILSPIN\\SOMEBODY\$\./,
      );
      world.names.set(fqdn("mail"), "cas-1");
      const balanced = planRoll(request(qualifiedName, { entry: fqdn("mail") }), run);
      await refused(
        balanced,
        "refused",
        /^mail\S+ is not an Exchange server .* Its servers are cas-1\S+, cas-2\S+, cas-3/,
      );
    });
  });
}
