import { strict as assert } from "node:assert";
import { hostname } from "node:os";
import { openSessions } from "../../provider/exchange/open-sessions";
import { LocalSession } from "../../provider/powershell/local";
import { settingsSchema } from "../../provider/settings";

describe("a shell with full language", () => {
  const local = openSessions(
    settingsSchema.parse({ domain: "corp.tailspintoys.com", managementTransport: "local", managementHost: "tools" }),
  );

  it("is here for the management host where the settings say so, and for a server only where it is this machine", async () => {
    for (const [host, there] of [
      ["tools", false],
      [`${hostname()}.corp.tailspintoys.com`, true],
      ["localhost", true],
    ] as const) {
      const session = await local.managementShell(host, there);
      assert.ok(session instanceof LocalSession, host);
      await session.close();
    }
    // Another server's application pools and logs are not this machine's: that goes over SSH, for which nobody is named here.
    await assert.rejects(local.managementShell("cas-2.corp.tailspintoys.com", true), {
      code: "settings-invalid",
      message: /logs on to cas-2\.corp\S* over SSH/,
    });
  });
});
