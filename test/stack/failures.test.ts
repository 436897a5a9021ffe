import assert from "node:assert/strict";
import { waitUntil } from "../../lab/command";
import { corp, dc1, dc2, start } from "../../lab/domain-controller";
import { password } from "../../lab/passwords";
import { corpUser } from "../../lab/people";
import { stopProcess } from "../../lab/processes";
import { inboundReplication, replicateTo } from "../../lab/replication";
import { requireLab } from "../support/lab";
import { Stack } from "../support/stack";
import { changesIn, ForestByHand } from "./forest-by-hand";

const spn = (host: string) => `http/${host}.failures.corp.tailspintoys.com`;

function program(account: object, hosts: readonly string[] = []): string {
  return `
    const account = new ek.AsaAccount("asa", { name: "FAILURES", replication: false, ...${JSON.stringify(account)} });
    for (const spn of ${JSON.stringify(hosts.map(spn))}) {
      new ek.ServicePrincipalName(spn, { account: account.qualifiedName, spn, allowBeforeDeployment: true });
    }`;
}

describe("a stack whose directory fails it", function () {
  this.timeout(240_000);
  let forest: ForestByHand;
  let stack: Stack;
  let unit: string;

  before(async function () {
    requireLab(this);
    forest = await ForestByHand.open();
    unit = await forest.freshUnit("Failures");
    stack = await Stack.create("failures", program({ organizationalUnit: unit }));
    await up();
  });
  after(async () => {
    if (forest === undefined) return;
    await stack?.remove();
    await forest.removeUnit(unit);
    await forest.close();
  });

  async function up(...more: string[]): Promise<string> {
    const { status, stdout, stderr } = await stack.up(...more);
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  }
  async function fails(): Promise<string> {
    const { status, stdout, stderr } = await stack.up();
    assert.notEqual(status, 0, stdout);
    assert.doesNotMatch(stdout + stderr, /\n +at .*:\d+:\d+/, "a stack trace");
    return stdout;
  }
  const kept = async () => (await stack.resources()).filter(({ type }) => type.includes("exchangeKerberos"));

  const faults: Record<string, { settings: Record<string, () => string>; says: RegExp[] }> = {
    "a wrong password": {
      settings: { password: () => "Wrong-password-1" },
      says: [/password/i, /svc-pulumi/],
    },
    "a certificate of an authority that it does not know": {
      settings: { caFile: () => "/etc/ssl/certs/ca-certificates.crt" },
      says: [/certificate/i, /caFile/],
    },
    "a host where nobody listens": {
      settings: { domainController: () => "127.0.0.1" },
      says: [/127\.0\.0\.1/, /reach|refused|connect/i],
    },
    "an ordinary user, who may not": {
      settings: {
        username: () => `${corpUser}@${corp.dnsName}`,
        password: () => password(`${corpUser}@${corp.dnsName}`),
      },
      says: [/right|may not|permission/i, /FAILURES/],
    },
  };
  for (const [fault, { settings, says }] of Object.entries(faults)) {
    it(`says what to do about ${fault}, loses nothing, and is fine without`, async () => {
      const before = await kept();
      stack.write(program({ organizationalUnit: unit, description: fault }));
      try {
        for (const [name, value] of Object.entries(settings)) {
          const secret = name === "password" ? ["--secret"] : [];
          await stack.pulumi(["config", "set", ...secret, `exchange-kerberos:${name}`, value()]);
        }
        const output = await fails();
        for (const words of says) assert.match(output, words);
        const wrong = settings.password?.();
        assert.ok(wrong === undefined || !output.includes(wrong));
        assert.deepEqual(await kept(), before);
      } finally {
        for (const name of Object.keys(settings)) await stack.pulumi(["config", "rm", `exchange-kerberos:${name}`]);
      }
      await up();
      assert.equal((await forest.find("FAILURES$"))?.description, fault);
    });
  }

  it("names the controller that lags, keeps the account, and goes on without a second one", async () => {
    const late = (timeoutSeconds: number) =>
      program({ name: "LATE", organizationalUnit: unit, replication: { domainControllers: "all", timeoutSeconds } });
    await inboundReplication(dc2, false);
    try {
      stack.write(late(4));
      const output = await fails();
      assert.match(output, /dc2\.corp\.tailspintoys\.com/);
      assert.doesNotMatch(output, /lag.*dc1/);
      const [state] = await kept();
      assert.equal(state?.initErrors?.length, 1);
      const { objectGUID } = (await forest.find("LATE$")) ?? assert.fail("no account");

      // The time limit is not the reason why the next `up` goes on: the same program again.
      assert.match(await fails(), /dc2/);
      assert.equal((await kept())[0]?.id, state?.id);

      await inboundReplication(dc2, true);
      stack.write(late(60));
      await replicateTo(dc2, dc1);
      await up();
      assert.deepEqual((await forest.find("LATE$"))?.objectGUID, objectGUID);
      assert.equal((await kept())[0]?.initErrors, undefined);
      await up("--expect-no-changes");
    } finally {
      await inboundReplication(dc2, true);
    }
  });

  it("keeps what it made when the controller dies in the middle, and makes the rest when it is back", async () => {
    const hosts = Array.from({ length: 30 }, (_, index) => `host${index}`);
    stack.write(program({ organizationalUnit: unit }, hosts));
    const before = changesIn(unit);
    const running = stack.up("--parallel", "2");
    await waitUntil("the first names", async () => changesIn(unit) > before + 4, 60_000);
    await stopProcess(dc1.name);
    const { status, stdout } = await running;
    await start(dc1);
    await forest.close();
    forest = await ForestByHand.open();
    assert.notEqual(status, 0, stdout);
    assert.match(stdout, /dc1\.corp\.tailspintoys\.com/);

    await up();
    const account = (await forest.find("FAILURES$")) ?? assert.fail("no account");
    assert.deepEqual([account.servicePrincipalName].flat().sort(), hosts.map(spn).sort());
    await up("--expect-no-changes");
    const { status: destroyed, stdout: said } = await stack.destroy();
    assert.equal(destroyed, 0, said);
    assert.equal(await forest.find("FAILURES$"), undefined);
  });
});
