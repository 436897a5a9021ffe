import { strict as assert } from "node:assert";
import type { RemoteShell } from "../../provider/exchange/remote-shell";
import { runRollScript } from "../../provider/exchange/roll-script";
import { type PipelineResult, PsObject, type PsValue } from "../../provider/powershell";
import { completed } from "../support/pipeline-result";

const setup = new PsObject({ adapted: new Map<string, PsValue>([["MsiInstallPath", "C:\\Exchange\\V15\\"]]) });

/** A shell as the session pool gives it: one command at a time, whoever asks, and one exit code for all. */
function sharedShell(exitCodes: Record<string, number>): RemoteShell {
  let last: Promise<unknown> = Promise.resolve();
  let exitCode: number | undefined;
  const answer = ([command]: Parameters<RemoteShell["invoke"]>[0]): PipelineResult => {
    if (command.name === "Get-ItemProperty") return { ...completed, output: [setup] };
    if (command.name === "Get-Variable") return { ...completed, output: exitCode === undefined ? [] : [exitCode] };
    exitCode = exitCodes[String(command.parameters?.GenerateNewPasswordFor)];
    return { ...completed, information: [exitCode === 0 ? "THE SCRIPT HAS SUCCEEDED" : "THE SCRIPT HAS FAILED"] };
  };
  const invoke: RemoteShell["invoke"] = (pipeline) => {
    const turn = last.then(() => answer(pipeline));
    last = turn;
    return turn;
  };
  return { host: "cas-1", invoke };
}

describe("two runs of the roll script through one shell", () => {
  it("have an exit code each", async () => {
    const shell = sharedShell({ "CORP\\GOOD$": 0, "CORP\\BAD$": 1 });
    const roll = (generateFor: string) => runRollScript(shell, { servers: ["cas-1"], generateFor });
    const [good, bad] = await Promise.allSettled([roll("CORP\\GOOD$"), roll("CORP\\BAD$")]);
    assert.equal(good.status, "fulfilled", String("reason" in good && good.reason));
    assert.equal(bad.status, "rejected");
    assert.match(String(bad.status === "rejected" && bad.reason), /roll the password of CORP\\BAD\$.*exit code 1/);
  });
});
