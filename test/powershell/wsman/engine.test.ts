import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { authorityFile } from "../../../lab/certificates";
import { mustRun } from "../../../lab/command";
import { corp } from "../../../lab/domain-controller";
import { labFolder } from "../../../lab/folders";
import { password } from "../../../lab/passwords";
import { delegatedUser } from "../../../lab/people";
import type { PipelineResult, PowerShellSession } from "../../../provider/powershell/pipeline";
import { PsCredential, SecureString } from "../../../provider/powershell/psrp";
import type { SessionOptions } from "../../../provider/powershell/runspace-pool-session";
import { openWsmanSession } from "../../../provider/powershell/wsman";
import { engineMissing, findEngine } from "../../support/engine";
import { hostileTexts } from "../../support/hostile-texts";
import { requireExchange, skip } from "../../support/lab";
import { foreignPython } from "../../support/python";
import { EnginePool } from "./engine-pool";
import { Gateway } from "./gateway";

const principal = `${delegatedUser}@${corp.realm}`;
const realm = corp.realm;

/** The real engine proves our client; a foreign client proves the endpoint between them. */
describe("WS-Management before the real engine", function () {
  this.timeout(90_000);
  let gateway: Gateway;
  const sessions: PowerShellSession[] = [];

  before(async function () {
    await requireExchange(this);
    const engine = (await findEngine()) ?? skip(this, engineMissing.trim());
    gateway = await Gateway.open((_user, _query, listener) => new EnginePool(engine, listener));
  });

  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
  });

  after(() => gateway?.close());

  async function open(options: SessionOptions & { url?: string; operationTimeout?: number } = {}) {
    const secret = new SecureString(password(`${delegatedUser}@${corp.dnsName}`));
    const session = await openWsmanSession({
      url: gateway.url,
      identity: { kind: "password", principal, password: secret },
      realm,
      resourceUri: "http://schemas.microsoft.com/powershell/Microsoft.Exchange",
      ca: readFileSync(authorityFile, "utf8"),
      ...options,
    });
    sessions.push(session);
    return session;
  }

  const echo = (session: PowerShellSession, value: string | number | boolean): Promise<PipelineResult> =>
    session.invoke([{ name: "Write-Output", parameters: { InputObject: value } }]);

  for (const kind of ["sealed by Kerberos", "inside TLS"] as const) {
    it(`passes values, errors and warnings as they are, ${kind}`, async () => {
      const session = await open(kind === "inside TLS" ? { url: gateway.secureUrl } : {});
      for (const value of [...Object.values(hostileTexts), 42, true]) {
        assert.deepEqual((await echo(session, value)).output, [value]);
      }
      const failed = await session.invoke([
        { name: "Write-Error", parameters: { Message: "No such thing", ErrorId: "NoSuchThing" } },
      ]);
      assert.equal(failed.state, "completed");
      assert.match(failed.errors[0]?.fullyQualifiedErrorId ?? "", /^NoSuchThing/);
      const warned = await session.invoke([{ name: "Write-Warning", parameters: { Message: "attention" } }]);
      assert.deepEqual(warned.warnings, ["attention"]);
    });
  }

  it("runs 200 commands on one session", async () => {
    const session = await open();
    for (let number = 0; number < 200; number++) assert.deepEqual((await echo(session, number)).output, [number]);
  });

  it("waits for a command that takes longer than the operation time-out", async () => {
    const session = await open({ operationTimeout: 1 });
    const slept = await session.invoke([{ name: "Start-Sleep", parameters: { Milliseconds: 2500 } }]);
    assert.equal(slept.state, "completed");
  });

  it("stops a command, and lets the next session in", async () => {
    const session = await open();
    const started = Date.now();
    await assert.rejects(session.invoke([{ name: "Start-Sleep", parameters: { Seconds: 30 } }], { deadline: 500 }), {
      code: "timeout",
    });
    assert(Date.now() - started < 5_000);
    assert.deepEqual((await echo(await open(), "still here")).output, ["still here"]);
  });

  it("runs three at once where the pool has room for them", async () => {
    const session = await open({ maxRunspaces: 3 });
    const started = Date.now();
    await Promise.all(
      [1, 2, 3].map(() => session.invoke([{ name: "Start-Sleep", parameters: { Milliseconds: 1500 } }])),
    );
    assert(Date.now() - started < 4_000);
  });

  it("carries credentials there and back under the session key", async () => {
    const session = await open();
    const secret = 'pä$$ "word" 🔑';
    const credential = new PsCredential("TAILSPIN\\EXCH2016ASA$", new SecureString(secret));
    const { output } = await session.invoke([{ name: "Write-Output", parameters: { InputObject: credential } }]);
    const [back] = output;
    assert(back instanceof PsCredential);
    assert.deepEqual([back.userName, back.password.reveal()], ["TAILSPIN\\EXCH2016ASA$", secret]);
  });

  it("passes five megabytes there and back", async () => {
    const session = await open();
    const line = "0123456789abcdef".repeat(3000);
    const many = Array.from({ length: 105 }, () => line);
    const { output } = await session.invoke([{ name: "Write-Output", parameters: { InputObject: many } }]);
    assert.equal(output.length, 105);
    assert(output.every((value) => value === line));
  });

  describe("for pypsrp, unmodified", () => {
    let python = "";

    before(async function () {
      python = foreignPython() ?? skip(this, "no Python with pypsrp; npm test installs it where there is a network");
      const input = `${password(`${delegatedUser}@${corp.dnsName}`)}\n`;
      await mustRun("kinit", ["-c", cache, principal], { input });
    });

    const cache = join(labFolder, `gateway-${process.pid}.ccache`);

    async function ask(
      calls: readonly object[],
      more: object = {},
    ): Promise<{ state: number; seconds: number; output: unknown[]; errors: { id: string }[] }[]> {
      const input = JSON.stringify({ server: gateway.host, port: gateway.port, calls, ...more });
      const environment = { ...process.env, KRB5CCNAME: cache };
      const script = join(__dirname, "../../exchange-lab/foreign-client.py");
      const { results, failure } = JSON.parse(await mustRun(python, [script], { input, environment }));
      assert.equal(failure, undefined);
      return results;
    }

    it("runs 200 commands, errors, a long one, and a credential there and back", async () => {
      const echoes = Array.from({ length: 200 }, (_, number) => ({
        name: "Write-Output",
        parameters: { InputObject: String(number) },
      }));
      const credential = { userName: "TAILSPIN\\EXCH2016ASA$", password: 'pä$$ "word" 🔑' };
      const results = await ask(
        [
          ...echoes,
          { name: "Write-Error", parameters: { Message: "No such thing", ErrorId: "NoSuchThing" } },
          { name: "Start-Sleep", parameters: { Seconds: 3 } },
          { name: "Write-Output", parameters: { InputObject: credential } },
        ],
        { secrets: true },
      );
      assert.deepEqual(
        results.slice(0, 200).map(({ output }) => output[0]),
        echoes.map((one) => one.parameters.InputObject),
      );
      assert.match(results[200]?.errors[0]?.id ?? "", /^NoSuchThing/);
      assert((results[201]?.seconds ?? 0) > 2.9);
      assert.equal(results[202]?.state, 4);
    });

    it("inside TLS as well", async () => {
      const [result] = await ask([{ name: "Write-Output", parameters: { InputObject: "x" } }], {
        port: gateway.securePort,
        caFile: authorityFile,
      });
      assert.deepEqual(result?.output, ["x"]);
    });
  });
});
