import { strict as assert } from "node:assert";
import { type Pipeline, PsObject, SecureString, type SessionOptions } from "../../provider/powershell";
import { engineMissing, findEngine } from "../support/engine";
import { inSession } from "./engine-session";

const echo = (value: string): Pipeline => [{ name: "Write-Output", parameters: { InputObject: value } }];

describe("what a session takes", function () {
  this.timeout(30_000);
  let engine: string;

  before(async function () {
    engine = (await findEngine()) ?? "";
    if (engine === "") {
      console.log(engineMissing);
      return this.skip();
    }
  });

  const withSession = (work: Parameters<typeof inSession>[1], options?: SessionOptions) =>
    inSession(engine, work, options);

  it("is so much output of one command, and of the next as much again", async () => {
    await withSession(
      async (session) => {
        for (let count = 0; count < 3; count++)
          assert.deepEqual((await session.invoke(echo("x".repeat(60_000)))).output, ["x".repeat(60_000)]);
        await assert.rejects(session.invoke(echo("x".repeat(120_000))), {
          code: "unclear-outcome",
          message: /Write-Output gave more than 100000 bytes/,
        });
        assert.equal(session.usable, false);
      },
      { maxOutputSize: 100_000 },
    );
  });

  it("is a secret that the server gives before it was given one", async () => {
    await withSession(async (session) => {
      const { output } = await session.invoke([
        { name: "ConvertTo-SecureString", parameters: { String: "pä$$ 😀", AsPlainText: true, Force: true } },
      ]);
      assert.ok(output[0] instanceof SecureString);
      assert.equal(output[0].reveal(), "pä$$ 😀");
    });
  });

  it("is every stream of a command, each for itself", async () => {
    await withSession(async (session) => {
      const streams: [string, Record<string, string | boolean | number>, "warnings" | "verbose" | "debug"][] = [
        ["Write-Warning", { Message: "w" }, "warnings"],
        ["Write-Verbose", { Message: "v", Verbose: true }, "verbose"],
        ["Write-Debug", { Message: "d", Debug: true }, "debug"],
      ];
      for (const [name, parameters, stream] of streams)
        assert.deepEqual((await session.invoke([{ name, parameters }]))[stream], [parameters.Message], name);
      const told = await session.invoke([{ name: "Write-Information", parameters: { MessageData: "i" } }]);
      assert.deepEqual(
        told.information.map((value) => value instanceof PsObject && value.property("MessageData")),
        ["i"],
      );
      const gone = await session.invoke([
        { name: "Write-Progress", parameters: { Activity: "a", Status: "s", PercentComplete: 40 } },
      ]);
      assert.equal(gone.progress.length, 1);
      const failed = await session.invoke([{ name: "Get-NoSuchThing" }]);
      assert.deepEqual(
        [failed.state, failed.errors.map((error) => error.fullyQualifiedErrorId)],
        ["failed", ["CommandNotFoundException"]],
      );
    });
  });
});
