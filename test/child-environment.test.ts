import assert from "node:assert/strict";
import { childEnvironment } from "../provider/child-environment";

describe("the environment of child processes", () => {
  it("has no variable of Pulumi's or ours, and all others", () => {
    const environment = {
      PATH: "/bin",
      HOME: "/root",
      PULUMI_CONFIG: '{"exchange-kerberos:password":"secret"}',
      PULUMI_CONFIG_PASSPHRASE: "secret",
      pulumi_access_token: "secret",
      EXCHANGE_KERBEROS_PASSWORD: "secret",
      EXCHANGE_KERBEROS_CONTOSO_PASSWORD: "secret",
      UNSET: undefined,
    };
    assert.deepEqual(childEnvironment(environment), { PATH: "/bin", HOME: "/root" });
  });
});
