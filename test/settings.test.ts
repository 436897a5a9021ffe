import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { resolveSettings, type Settings, settingsSchema } from "../provider/settings";

/** What becomes of these settings of the connection `contoso`. */
const resolve = (more: object): Settings =>
  resolveSettings("contoso", {
    config: (key) => (key.endsWith(":contoso") ? JSON.stringify({ domain: "contoso.com", ...more }) : undefined),
    environment: {},
  });

describe("settings", () => {
  /** The variables that a connection reads; none where it cannot have that name. */
  function variablesOf(connection: string): string[] {
    const asked: string[] = [];
    const get = (_: object, name: string) => {
      asked.push(name);
      return name === asked[0] ? "contoso.com" : undefined;
    };
    const environment = new Proxy<Record<string, string>>({}, { get });
    try {
      resolveSettings(connection, { config: () => undefined, environment });
      return asked;
    } catch {
      return [];
    }
  }

  it("are of one connection alone, whatever the names of others", () => {
    for (const connection of ["default", "contoso", "a-b"]) {
      const variables = variablesOf(connection);
      assert.equal(variables.length, Object.keys(settingsSchema.shape).length);
      const prefix = "EXCHANGE_KERBEROS_";
      const others = variables.flatMap((variable) => {
        const words = variable.slice(prefix.length).toLowerCase().split("_");
        return words.slice(1).map((_, index) => words.slice(0, index + 1).join("-"));
      });
      for (const other of new Set(others)) {
        if (other === connection) continue;
        const shared = variablesOf(other).filter((variable) => variables.includes(variable));
        assert.deepEqual(shared, [], `${connection} and ${other}`);
      }
    }
  });

  it("do not take a connection whose variables would be another's too", () => {
    for (const name of ["exchange", "ssh", "contoso-exchange", "contoso-ssh"]) {
      assert.throws(() => resolveSettings(name, { config: () => undefined, environment: {} }), {
        code: "settings-invalid",
        message: new RegExp(`^"${name}" cannot be the name of a connection\\. Choose one that does not end in`),
      });
    }
    assert.ok(variablesOf("my-exchange-2").length > 0);
  });

  for (const [setting, value] of [
    ["domain", ""],
    ["domain", "corp.tailspintoys.com."],
    ["domain", " corp.tailspintoys.com"],
    ["domain", "admin@corp.tailspintoys.com"],
    ["credentialPickUpSeconds", ""],
    ["credentialPickUpSeconds", " "],
    ["credentialPickUpSeconds", []],
    ["credentialPickUpSeconds", true],
    ["credentialPickUpSeconds", "5s"],
    // Beyond 24 days a timer ends at once.
    ["credentialPickUpSeconds", 2_147_484],
    ["directoryTimeoutSeconds", "99999999"],
    ["directoryTimeoutSeconds", 0],
    ["maxParallelServers", "2.5"],
    ["sshPort", 65_536],
    ["dnsServers", "dc1.contoso.com"],
    ["dnsServers", "10.0.0.1,"],
    ["dnsServers", '["10.0.0.1"]'],
    ["dnsServers", []],
  ] as const) {
    it(`refuse ${setting} ${JSON.stringify(value)}`, () => {
      assert.throws(() => resolve({ [setting]: value }), {
        code: "settings-invalid",
        message: new RegExp(
          `^Connection "contoso": ${setting}: .*\\. Set exchange-kerberos:contoso\\.${setting} in .* or EXCHANGE_KERBEROS_CONTOSO_`,
        ),
      });
    });
  }

  it("take numbers and lists as texts or as they are", () => {
    for (const [seconds, servers] of [
      ["0.5", "10.0.0.1, [fd00::1]:5353"],
      [0.5, ["10.0.0.1", "[fd00::1]:5353"]],
    ]) {
      const { credentialPickUpSeconds, dnsServers } = resolve({
        credentialPickUpSeconds: seconds,
        dnsServers: servers,
      });
      assert.deepEqual([credentialPickUpSeconds, dnsServers], [0.5, ["10.0.0.1", "[fd00::1]:5353"]]);
    }
  });

  it("say of a misspelt one that it is none, and not its value", () => {
    assert.throws(
      () => resolve({ pasword: "hunter2" }),
      ({ message }: Error) => {
        assert.match(
          message,
          /^Connection "contoso": pasword: .*\. Take it off exchange-kerberos:contoso: there is no setting/,
        );
        return !message.includes("hunter2");
      },
    );
  });
});
