import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { requireLab } from "../support/lab";
import { programsFolder } from "../support/programs";
import { Stack } from "../support/stack";
import { ForestByHand } from "./forest-by-hand";

const givenPassword = "Given-in-the-program-1";

/** Command lines of all processes of the machine, as `ps` shows them. */
function commandLines(): string {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readIfThere(join("/proc", pid, "cmdline"))).join("\n");
}

/** A file that may be gone by now, as those of processes are. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function textUnder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => readIfThere(join(file.parentPath, file.name))).join("\n");
}

describe("passwords", function () {
  this.timeout(180_000);
  const grpcLog = join(programsFolder, "secrets-grpc.json");
  const directoryPassword = process.env.EXCHANGE_KERBEROS_PASSWORD ?? "";
  let forest: ForestByHand;
  let unit: string;
  let random: Stack;
  let given: Stack;
  let printed = "";
  let listed = "";

  const program = (name: string, more: object) => `
    const account = new ek.AsaAccount("asa",
      ${JSON.stringify({ name, organizationalUnit: unit, replication: false, ...more })});
    new ek.ServicePrincipalName("mail", { account: account.qualifiedName,
      spn: "http/${name}.secrets.corp.tailspintoys.com", allowBeforeDeployment: true });
    exports.account = account;`;

  async function run(stack: Stack, ...words: string[]): Promise<void> {
    let running = true;
    const watching = (async () => {
      while (running) {
        listed += commandLines();
        await setTimeout(50);
      }
    })();
    const { status, stdout, stderr } = await stack.pulumi(words);
    running = false;
    await watching;
    printed += stdout + stderr;
    assert.equal(status, 0, stdout + stderr);
  }

  before(async function () {
    requireLab(this);
    forest = await ForestByHand.open();
    unit = await forest.freshUnit("Secrets");
    rmSync(grpcLog, { force: true });
    random = await Stack.create("secrets-random", program("RANDOM", {}), {
      environment: { PULUMI_DEBUG_GRPC: grpcLog },
    });
    await run(random, "up", "--yes", "--skip-preview", "--diff");
    await run(random, "refresh", "--yes", "--skip-preview", "--diff");
    given = await Stack.create("secrets-given", program("GIVEN", { password: givenPassword }));
    await run(given, "up", "--yes", "--diff");
    await run(given, "preview", "--json");
  });
  after(async () => {
    if (forest === undefined) return;
    for (const stack of [random, given]) {
      await stack?.destroy();
      await stack?.remove();
    }
    await forest.removeUnit(unit);
    await forest.close();
  });

  function assertAbsent(text: string, ...secrets: string[]): void {
    assert.ok(text.length > 100, "nothing to look through");
    for (const secret of secrets) {
      const forms = [secret, Buffer.from(`"${secret}"`, "utf16le").toString("base64")];
      for (const form of [...forms, Buffer.from(secret).toString("base64")]) {
        const place = text.indexOf(form);
        assert.equal(place, -1, text.slice(Math.max(0, place - 200), place));
      }
    }
  }

  it("are in no state, history or backup of the backend", () => {
    const state = textUnder(new URL(process.env.PULUMI_BACKEND_URL ?? "").pathname);
    assert.ok(state.includes("exchangeKerberos:AsaAccount"));
    assertAbsent(state, directoryPassword, givenPassword);
  });

  it("are in no line that Pulumi or we print", () => {
    assert.ok(printed.includes("AsaAccount"));
    assertAbsent(printed, directoryPassword, givenPassword);
  });

  it("are in nobody's process list", () => {
    assert.ok(listed.includes("dynamic-provider"));
    assertAbsent(listed, directoryPassword, givenPassword);
  });

  it("are not in the debug log of what the engine and the provider say to each other", () => {
    const log = readFileSync(grpcLog, "utf8");
    assert.ok(log.includes("/pulumirpc.ResourceProvider/Create"));
    assertAbsent(log, directoryPassword);
    // A password that we make up never leaves the provider: no value of that name goes over the wire.
    assert.doesNotMatch(log, /"password"\s*:/);
  });

  it("are in a log of Pulumi's own folder neither", () => {
    assertAbsent(textUnder(process.env.PULUMI_HOME ?? ""), directoryPassword, givenPassword);
  });

  it("leave one line of ours per resource in the state, and no outputs but facts", async () => {
    const resources = await random.resources();
    const [account, spn] = ["AsaAccount", "ServicePrincipalName"].map(
      (kind) => resources.find(({ type }) => type.endsWith(`:${kind}`)) ?? assert.fail(kind),
    );
    const size = (value: unknown) => JSON.stringify(value).length;
    const overhead = 'exports.handler = () => require("pulumi-exchange-kerberos/runtime").provider("AsaAccount");';
    assert.equal(account?.inputs?.__provider, overhead);
    assert.equal(account?.outputs?.__provider, overhead);
    console.log(
      `      inputs and outputs in the state: AsaAccount ${size(account?.inputs) + size(account?.outputs)} bytes, ` +
        `ServicePrincipalName ${size(spn?.inputs) + size(spn?.outputs)} bytes`,
    );
    assert.ok(size(account?.inputs) + size(account?.outputs) < 2000);
    assert.ok(size(spn?.inputs) + size(spn?.outputs) < 1000);
  });
});
