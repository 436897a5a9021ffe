import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { labFolder } from "../../../lab/folders";
import { asaAccount } from "../../../provider/resources/asa-account";
import { asaDeployment } from "../../../provider/resources/asa-deployment";
import type { AsaDeploymentInputs, AsaDeploymentOutputs } from "../../../provider/resources/asa-deployment/schema";
import { servicePrincipalName } from "../../../provider/resources/service-principal-name";
import { resolveSettings } from "../../../provider/settings";
import { tell } from "../../exchange-lab/support/clients";
import { Program, Resource } from "../../resources/program";
import { loader, ProviderProcess } from "../../runtime/provider-process";
import { ClientsUnderLoad, logOn, request } from "./clients-under-load";
import { fullNames, Site, servers, spns } from "./site";

const requests = 2000;
/** Beside a roll that breaks off, which is over sooner. */
const fewer = 600;
/** How many of all the pieces that a roll sends are tried as the last one; `KILL_AT_EVERY_PIECE=1` tries each. */
const kills = process.env.KILL_AT_EVERY_PIECE === undefined ? 5 : Number.POSITIVE_INFINITY;

for (const method of ["script", "cmdlet"] as const) {
  describe(`a roll by ${method} with clients at work`, function () {
    this.timeout(kills === Number.POSITIVE_INFINITY ? 3_600_000 : 240_000);
    let site: Site;
    let runs: Program[] = [];
    let deployment: Resource<AsaDeploymentInputs, AsaDeploymentOutputs>;
    let account: string;
    let trigger = 0;

    const run = () => {
      const settings = resolveSettings("default", { config: () => undefined, environment: process.env });
      const program = new Program(settings);
      runs.push(program);
      return program;
    };
    const program = () => ({ account, servers: fullNames, method, rotation: { trigger: `${trigger}` } });
    /** What the user's program says from now on: another password, please. */
    const next = () => {
      trigger += 1;
      return program();
    };
    const endRuns = async () => {
      await Promise.all(runs.map((one) => one.end()));
      runs = [];
    };

    before(async function () {
      site = await Site.enter(this, `Roll ${method}`);
      const first = run();
      const asa = new Resource(asaAccount);
      await asa.up({ name: `ROLL-${method}`, organizationalUnit: site.unit, replication: false }, first);
      account = asa.state.qualifiedName;
      deployment = new Resource(asaDeployment);
      await deployment.up(program(), first);
      for (const spn of spns) {
        await new Resource(servicePrincipalName).up({ account, spn, deployment: deployment.id }, first);
      }
      await endRuns();
    });
    after(() => site?.leave());
    beforeEach(() => site.until(async () => (await site.status()).every(({ online }) => online)));
    afterEach(async () => {
      await tell({ request: "clear-faults" });
      await endRuns();
    });

    const conditions = () => deployment.state.deployed.map(({ condition }) => condition);
    const settled = async () => {
      assert.deepEqual(conditions(), ["deployed", "deployed"]);
      assert.equal(await deployment.up(program(), run()), "same");
    };
    const mustNotFail = async (load: ClientsUnderLoad, atLeast = fewer) => {
      const { total, failed } = await load.end();
      assert.deepEqual(failed, {});
      assert.ok(total >= atLeast, `only ${total} requests`);
    };

    it("loses none of 2,000 requests", async () => {
      const load = await ClientsUnderLoad.start(requests);
      await deployment.up(next(), run());
      await mustNotFail(load, requests);
      await settled();
    });

    it("loses none when a server is down before its push", async () => {
      const load = await ClientsUnderLoad.start(fewer);
      await tell({ request: "stop-server", server: "cas-2" });
      await assert.rejects(deployment.up(next(), run()), /nothing was changed:\s+cas-2/);
      await tell({ request: "start-server", server: "cas-2" });
      await mustNotFail(load);
      await deployment.up(program(), run());
      await settled();
    });

    it("loses none when a server goes down during its push", async () => {
      const load = await ClientsUnderLoad.start(fewer);
      const before = await site.newest("cas-1");
      const cmdlet = method === "script" ? "Set-ClientAccessServer" : "Set-ClientAccessService";
      await tell({ request: "add-fault", fault: { fault: "hang", server: "cas-2", cmdlet } });
      const rolled = deployment.up(next(), run()).then(
        () => assert.fail("the roll did not need the server"),
        (error: Error) => error.message,
      );
      await site.until(async () => (await site.newest("cas-1")) !== before);
      await tell({ request: "stop-server", server: "cas-2" });
      await tell({ request: "clear-faults" });
      assert.match(await rolled, /cas-2/i);
      await tell({ request: "start-server", server: "cas-2" });
      await mustNotFail(load);
      await deployment.up(program(), run());
      await settled();
    });

    it("loses none when a server goes down after its push", async () => {
      const load = await ClientsUnderLoad.start(fewer);
      const before = await site.newest("cas-2");
      const rolled = deployment.up(next(), run()).catch((error: Error) => error);
      await site.until(async () => (await site.newest("cas-2")) !== before);
      await tell({ request: "stop-server", server: "cas-2" });
      await rolled;
      await tell({ request: "start-server", server: "cas-2" });
      await mustNotFail(load);
      await deployment.up(program(), run());
      await settled();
    });

    it("converges wherever the provider is killed, and clients get in with old tickets and new ones", async () => {
      const hook = resolve(__dirname, "kill-at-write.js");
      const count = join(labFolder, "kill-count");
      const cache = join(labFolder, "kill.ccache");
      const inputs = (given: object) => ({ ...deployment.inputs, ...given }) as AsaDeploymentInputs;
      /** An `up` in a process of its own. @returns whether it came to its end, with the state that it left */
      const rollIn = async (environment: NodeJS.ProcessEnv, wanted: AsaDeploymentInputs) => {
        const provider = await ProviderProcess.startInstalled({
          ...process.env,
          ...environment,
          NODE_OPTIONS: `--require ${hook}`,
        });
        const __provider = loader("AsaDeployment");
        try {
          const olds = { ...deployment.state, __provider };
          const { outs } = await provider.update(deployment.id, olds, { ...wanted, __provider });
          const { __provider: _, ...outputs } = outs;
          return outputs as unknown as AsaDeploymentOutputs;
        } catch (thrown) {
          const ended = await provider.end();
          if (ended !== "SIGKILL") throw thrown;
          return undefined;
        } finally {
          await provider.end();
        }
      };

      rmSync(count, { force: true });
      const whole = await rollIn({ KILL_COUNT: count }, inputs(next()));
      assert.ok(whole !== undefined, "nobody was to kill it");
      deployment.outputs = whole;
      const pieces = readFileSync(count, "utf8").trim().split("\n").length;
      assert.ok(pieces > 20, `only ${pieces} pieces`);
      const step = Math.max(1, pieces / kills);
      let killed = 0;
      for (let at = 1; at <= pieces; at += step) {
        const last = Math.round(at);
        await logOn(cache);
        await request(cache, 2);
        // Another number of pieces than the first time is possible: then the roll just came to its end.
        const finished = await rollIn({ KILL_AT: String(last) }, inputs(next()));
        // What the killed process has left open would end by idling, minutes later: a user may have only so many.
        await tell({ request: "expire-shells" });
        if (finished === undefined) killed += 1;
        else deployment.outputs = finished;
        for (const server of servers) await tell({ request: "settle", server });
        const inBetween = await request(cache, 4);
        assert.deepEqual(inBetween, ["200", "200", "200", "200"], `with a ticket from before, killed at ${last}`);
        await logOn(cache);
        assert.deepEqual(await request(cache, 4), inBetween, `with a new ticket, killed at ${last}`);
        await deployment.up(program(), run());
        await settled();
        await endRuns();
        for (const server of servers) await tell({ request: "settle", server });
        assert.deepEqual(await request(cache, 4), inBetween, `after the next up, killed at ${last}`);
      }
      assert.ok(killed >= Math.min(kills, pieces) - 2, `killed only ${killed} times`);
      console.log(`        ${pieces} pieces sent, killed at ${killed} of them`);
    });
  });
}
