import { strict as assert } from "node:assert";
import { ProviderError } from "../../provider/error";
import { ExchangeOrganization } from "../../provider/exchange/organization";
import { runRollScript } from "../../provider/exchange/roll-script";
import {
  type Command,
  type PipelineResult,
  type PowerShellSession,
  PsObject,
  type PsValue,
} from "../../provider/powershell";
import { completed } from "../support/pipeline-result";

const setup = new PsObject({ adapted: new Map<string, PsValue>([["MsiInstallPath", "C:\\Exchange\\V15\\"]]) });

/** A session with one exit code: that of the script which ended last. A session that is opened anew has none. */
function session(exitCodes: Record<string, number>): PowerShellSession {
  let exitCode: number | undefined;
  const answer = ({ name, parameters }: Command): PipelineResult => {
    if (name === "Get-ItemProperty") return { ...completed, output: [setup] };
    if (name === "Get-Variable") return { ...completed, output: exitCode === undefined ? [] : [exitCode] };
    exitCode = exitCodes[String(parameters?.GenerateNewPasswordFor)];
    return { ...completed, information: [exitCode === 0 ? "THE SCRIPT HAS SUCCEEDED" : "THE SCRIPT HAS FAILED"] };
  };
  return { host: "cas-1", usable: true, invoke: async ([command]) => answer(command), close: async () => {} };
}

const good = "CORP\\GOOD$";
const bad = "CORP\\BAD$";

describe("the roll script in a shell that others use too", () => {
  let organization: ExchangeOrganization;
  const roll = (generateFor: string) =>
    runRollScript(organization.managementShell("cas-1"), { servers: ["cas-1"], generateFor });

  beforeEach(() => {
    const open = async () => session({ [good]: 0, [bad]: 1 });
    organization = new ExchangeOrganization({ endpoint: open, managementShell: open }, 10);
  });
  afterEach(() => organization.close());

  it("has an exit code of its own for each of two runs", async () => {
    const [one, other] = await Promise.allSettled([roll(good), roll(bad)]);
    assert.equal(one.status, "fulfilled", String("reason" in one && one.reason));
    assert.equal(other.status, "rejected");
    assert.match(String(other.status === "rejected" && other.reason), /roll the password of CORP\\BAD\$.*exit code 1/);
  });

  it("keeps its exit code where the session has had its number of commands", async () => {
    const shell = organization.managementShell("cas-1");
    // The script is the five hundredth, behind the one that looks for it.
    for (let number = 0; number < 498; number++) await shell.invoke([{ name: "Get-Variable" }]);
    await roll(good);
  });

  describe("that does not come to its end", () => {
    const refused = "A user or computer account CORP\\GOOD$ was not found.";
    const missing = "Cannot find a variable with the name 'LASTEXITCODE'.";
    const error = (message: string, fullyQualifiedErrorId: string) => ({
      ...{ message, fullyQualifiedErrorId },
      ...{ category: 0, target: null, value: message },
    });

    /** As PowerShell has it: whoever throws sets no exit code, and in a fresh session there is none from before. */
    function broken(
      exitCode: () => PipelineResult,
      said = "========== Starting at 26.11.2026 ==========\n",
      thrown = error(refused, "RuntimeException"),
    ): ExchangeOrganization {
      const answer = ({ name }: Command): PipelineResult => {
        if (name === "Get-ItemProperty") return { ...completed, output: [setup] };
        if (name === "Get-Variable") return exitCode();
        return { ...completed, state: "failed", information: [said], errors: [thrown] };
      };
      const open = async (): Promise<PowerShellSession> => ({
        ...{ host: "cas-1", usable: true, close: async () => {} },
        invoke: async ([command]) => answer(command),
      });
      return new ExchangeOrganization({ endpoint: open, managementShell: open }, 10);
    }

    it("says what it said, and that there is no exit code", async () => {
      organization = broken(() => ({ ...completed, errors: [error(missing, "VariableNotFound")] }));
      await assert.rejects(roll(good), ({ code, message }: ProviderError) => {
        assert.equal(code, "powershell-failed");
        assert.match(
          message,
          /could not roll the password of CORP\\GOOD\$.*state failed, exit code none, last line "=+ Starting/,
        );
        assert.ok(message.endsWith(refused), message);
        return true;
      });
    });

    it("says what to do where the host lets no script run", async () => {
      const policy =
        "File C:\\Exchange\\V15\\Scripts\\x.ps1 cannot be loaded because running scripts is disabled on this system.";
      organization = broken(() => completed, "", error(policy, "UnauthorizedAccess"));
      await assert.rejects(roll(good), /running scripts is disabled on this system\. .*RemoteSigned/);
    });

    it("says what it said where the connection breaks behind it", async () => {
      organization = broken(() => {
        throw new ProviderError("unclear-outcome", "The line is dead.");
      });
      await assert.rejects(
        roll(good),
        /exit code not read \(The line is dead\.\), last line "=+ Starting .*was not found\.$/s,
      );
    });
  });

  it("has not succeeded by its exit code and last line alone", async () => {
    const words = ["THE SCRIPT HAS SUCCEEDED"];
    const error = { message: "Not quite.", fullyQualifiedErrorId: "x", category: 0, target: null, value: "x" };
    for (const end of [{ state: "stopped" as const }, { errors: [error] }]) {
      const answers: Record<string, PipelineResult> = {
        "Get-ItemProperty": { ...completed, output: [setup] },
        "Get-Variable": { ...completed, output: [0] },
      };
      const open = async (): Promise<PowerShellSession> => ({
        ...{ host: "cas-1", usable: true, close: async () => {} },
        invoke: async ([{ name }]) => answers[name] ?? { ...completed, information: words, ...end },
      });
      organization = new ExchangeOrganization({ endpoint: open, managementShell: open }, 10);
      await assert.rejects(roll(good), /exit code 0, last line "THE SCRIPT HAS SUCCEEDED"/);
    }
  });

  it("finds the last line also where it came in one piece with others", async () => {
    const all = { ...completed, information: ["========== Finished ==========\r\n\r\n\tTHE SCRIPT HAS SUCCEEDED\r\n"] };
    const answers: Record<string, PipelineResult> = {
      "Get-ItemProperty": { ...completed, output: [setup] },
      "Get-Variable": { ...completed, output: [0] },
    };
    const open = async (): Promise<PowerShellSession> => ({
      ...{ host: "cas-1", usable: true, close: async () => {} },
      invoke: async ([{ name }]) => answers[name] ?? all,
    });
    organization = new ExchangeOrganization({ endpoint: open, managementShell: open }, 10);
    await roll(good);
  });
});
