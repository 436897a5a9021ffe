import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type CommandOutput, runCommand } from "../../../lab/command";
import { corp } from "../../../lab/domain-controller";
import { labFolder } from "../../../lab/folders";
import { findAccount } from "../../../provider/directory/accounts";
import { withRollLock } from "../../../provider/directory/roll-lock";
import { resolveSettings } from "../../../provider/settings";
import { tell } from "../../exchange-lab/support/clients";
import { Program } from "../../resources/program";
import { exchangeWrites, settle } from "../../support/exchange";
import { programsFolder } from "../../support/programs";
import { Stack, succeeded } from "../../support/stack";
import { changesIn } from "../forest-by-hand";
import { logOn, request } from "./clients-under-load";
import { fullNames, Site, servers, spns } from "./site";

const day = 86_400_000;
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const account = `${corp.netbiosName}\\ROTATION$`;

/** Noon of a day some six weeks from now, and the window of that day of the week. */
const inside = (Math.floor(Date.now() / day) + 43) * day + day / 2;
const outside = inside - 3 * day;
const weekday = weekdays[new Date(inside).getUTCDay()];
const date = new Date(inside).toISOString().slice(0, 10);

describe("the rotation of a stack's password", function () {
  this.timeout(240_000);
  const cache = join(labFolder, "rotation.ccache");
  const clock = join(labFolder, "rotation-clock");
  let site: Site;
  let stack: Stack;

  const source = (trigger: string) => `
    const account = new ek.AsaAccount("asa", {
      name: "ROTATION", organizationalUnit: ${JSON.stringify(site.unit)}, replication: false });
    const deployment = new ek.AsaDeployment("deployment", {
      account: account.qualifiedName, servers: ${JSON.stringify(fullNames)}, method: "cmdlet",
      rotation: { trigger: "${trigger}", maxPasswordAgeDays: 30, window: { days: ["${weekday}"] } } });
    for (const spn of ${JSON.stringify(spns)}) {
      new ek.ServicePrincipalName(spn, { account: account.qualifiedName, spn, deployment: deployment.id });
    }`;
  const itIs = (moment: number | undefined) =>
    writeFileSync(clock, String(moment === undefined ? 0 : moment - Date.now()));
  const written = async () => [await exchangeWrites(), changesIn(site.unit)];
  const newest = () => Promise.all(servers.map((server) => site.newest(server)));
  const clients = async () => {
    await settle();
    await logOn(cache);
    return [...new Set(await request(cache, 4))];
  };
  /** Nothing to do, in a preview and in an `up`, and not one write. */
  const settled = async (said = /./) => {
    const before = await written();
    assert.match(succeeded(await stack.preview("--expect-no-changes")), said);
    assert.match(succeeded(await stack.up("--expect-no-changes")), said);
    assert.deepEqual(await written(), before);
  };

  before(async function () {
    site = await Site.enter(this, "Rotation");
    itIs(undefined);
    const preload = `--require ${resolve(__dirname, "clock-ahead.js")}`;
    const environment = { NODE_OPTIONS: preload, CLOCK_AHEAD: clock };
    stack = await Stack.create("rotation", source("one"), { environment });
    succeeded(await stack.up());
  });
  after(async () => {
    if (site === undefined) return;
    await tell({ request: "clear-faults" });
    await stack?.destroy();
    await stack?.remove();
    await site.leave();
  });

  describe("outside of its window", () => {
    const opens = `It stays until the window opens: ${weekday} ${date} 00:00 UTC`;
    before(() => itIs(outside));
    after(() => itIs(undefined));

    it("says at preview and up that it is due by age, and shows and does nothing", async () => {
      const before = await written();
      const preview = succeeded(await stack.preview("--expect-no-changes"));
      assert.match(preview, new RegExp(`the password is (39|40) days old, and may be 30\\. ${opens}`));
      assert.deepEqual(await written(), before);
    });

    it("keeps a new trigger for later, however often it is asked", async () => {
      stack.write(source("two"));
      const said = new RegExp(`the password is due, as the trigger is now "two"\\. ${opens}`);
      await settled(said);
      succeeded(await stack.refresh());
      assert.match(succeeded(await stack.preview("--expect-no-changes")), said);
    });
  });

  describe("inside of its window", () => {
    it("rolls, once", async () => {
      const before = await newest();
      itIs(inside);
      assert.match(succeeded(await stack.up()), /the password rolls, as the trigger is now "two"/);
      itIs(undefined);
      const after = await newest();
      assert.ok(after.every((one, index) => one !== before[index]));
      succeeded(await stack.preview("--expect-no-changes"));
      assert.deepEqual(await clients(), ["200"]);
    });
  });

  describe("by exchange-kerberos roll", () => {
    const bin = join(programsFolder, "node_modules/.bin/exchange-kerberos");
    // From the stack's configuration, as whoever stands in its folder.
    const cli = (...words: string[]): Promise<CommandOutput> =>
      runCommand(bin, ["roll", "--account", account, "--method", "cmdlet", ...words], { folder: stack.folder });
    const entry = ["--entry", fullNames[0] ?? ""];
    const ended = ({ status, stdout, stderr }: CommandOutput, code: number, outcome: string) => {
      assert.equal(status, code, stdout + stderr);
      const report = JSON.parse(stdout);
      assert.equal(report.outcome, outcome);
      return report;
    };

    it("changes nothing unless it is told to: it says what it would do, and ends with 0 or 1", async () => {
      const before = [await written(), await newest()];
      const dry = await cli(...entry, "--dry-run", "--json");
      const report = ended(dry, 0, "planned");
      assert.equal(report.reason, "that was asked for");
      assert.deepEqual(
        report.servers.map(({ server, condition }: Record<string, string>) => `${server} ${condition}`),
        fullNames.map((server) => `${server} deployed`),
      );
      assert.match(dry.stderr, /ROTATION\$: the password rolls, as that was asked for\. cas-1/);
      const refused = await cli(...entry);
      assert.deepEqual([refused.status, refused.stdout], [1, "Nothing was changed: add --yes to do it.\n"]);
      assert.match(refused.stderr, /the password rolls/);
      ended(await cli(...entry, "--if-older-than", "30", "--yes", "--json"), 0, "not-due");
      assert.deepEqual([await written(), await newest()], before);
    });

    it("rolls, and the stack accepts that at its next refresh without a diff", async () => {
      const before = await newest();
      const report = ended(await cli(...entry, "--yes", "--json"), 0, "rolled");
      assert.match(report.message, /ROTATION\$ has a new password since \S+Z, on 2 of 2 servers\./);
      assert.ok((await newest()).every((one, index) => one !== before[index]));
      assert.deepEqual(await clients(), ["200"]);
      succeeded(await stack.refresh());
      await settled();
      const deployment = (await stack.resources()).find(({ type }) => type.endsWith(":AsaDeployment"));
      assert.equal(deployment?.outputs?.passwordLastSet, report.passwordLastSet);
    });

    it("ends with 1 while another run is at it, with 2 where it stopped halfway, with 0 once it has gone on", async () => {
      const settings = resolveSettings("default", { config: () => undefined, environment: process.env });
      const program = new Program(settings);
      try {
        const { directory } = program.connection("default");
        const asa = (await findAccount(directory, "ROTATION$")) ?? assert.fail("no account");
        const meanwhile = await withRollLock(directory, asa, () => cli(...entry, "--yes", "--json"));
        assert.match(ended(meanwhile, 1, "refused").message, /is being rolled by process \d+/);
      } finally {
        await program.end();
      }
      const message = "Out of disk.";
      const fault = { fault: "fail", server: "cas-2", cmdlet: "Set-ClientAccessService", times: 1, message } as const;
      await tell({ request: "add-fault", fault });
      const halfway = ended(await cli(...entry, "--yes", "--json"), 2, "incomplete");
      assert.match(halfway.message, /cas-2\S+: .*Out of disk.*the password that worked before still works everywhere/s);
      assert.deepEqual(await clients(), ["200"]);
      ended(await cli(...entry, "--yes", "--json"), 0, "rolled");
      assert.deepEqual(await clients(), ["200"]);
    });

    /** A roll of which a test wants to see more than the end. */
    const begin = () => {
      const words = ["roll", "--account", account, "--method", "cmdlet", ...entry, "--yes", "--json"];
      const child = spawn(bin, words, { cwd: stack.folder });
      let stdout = "";
      child.stdout.on("data", (chunk) => {
        stdout += chunk;
      });
      const end = once(child, "close").then(([code, signal]) => ({ code, signal, stdout }));
      return { child, end };
    };

    it("goes on where nobody reads any more what it says on the way", async () => {
      const { child, end } = begin();
      child.stderr.destroy();
      const { code, stdout } = await end;
      assert.deepEqual([code, JSON.parse(stdout).outcome], [0, "rolled"]);
      assert.deepEqual(await clients(), ["200"]);
    });

    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      it(`stops where nothing is lost at ${signal}, and gives its lock back`, async () => {
        await tell({
          request: "add-fault",
          fault: { fault: "hang", server: "cas-2", cmdlet: "Set-ClientAccessService" },
        });
        const [before] = await newest();
        const { child, end } = begin();
        child.stderr.resume();
        await site.until(async () => (await newest())[0] !== before);
        child.kill(signal);
        const { code, stdout } = await end;
        assert.deepEqual([code, JSON.parse(stdout || "{}").outcome], [2, "incomplete"]);
        await tell({ request: "clear-faults" });
        assert.deepEqual(await clients(), ["200"]);
        ended(await cli(...entry, "--yes", "--json"), 0, "rolled");
        assert.deepEqual(await clients(), ["200"]);
      });
    }

    it("ends with 3 where it cannot start, without a stack trace", async () => {
      for (const [words, said] of [
        [["--dry-run", "--yes"], /cannot be used with option/],
        [["--if-older-than", "0.5"], /no whole number of days/],
        [["--entry", "nobody.example.com"], /nobody\.example\.com/],
        [["--connection", "elsewhere"], /Connection "elsewhere"/],
      ] as const) {
        const { status, stdout, stderr } = await cli(...words);
        assert.equal(status, 3, stderr);
        assert.equal(stdout, "");
        assert.match(stderr, said);
        assert.doesNotMatch(stderr, /\n\s+at /);
      }
    });
  });
});
