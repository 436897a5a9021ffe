import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { trustedAuthorities } from "../provider/authorities";
import { connect } from "../provider/directory/connect";
import { settingsSchema } from "../provider/settings";

describe("the file of authorities", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "authorities-"));
  });
  after(() => rm(folder, { recursive: true }));

  const settings = (caFile?: string) => settingsSchema.parse({ domain: "corp.example.com", caFile });

  for (const [what, text] of [
    ["is empty", ""],
    ["has only words", "# the authority comes here\n"],
    ["has a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
    ["is DER", "0\u0082\u0003\u00d8"],
  ] as const) {
    it(`is refused where it ${what}, before anybody is called: Node's own list is not meant`, async () => {
      const file = join(folder, "ca.pem");
      await writeFile(file, text, "latin1");
      const refused = {
        code: "settings-invalid",
        message: new RegExp(`^caFile: ${file} has no certificate\\. It is a PEM`),
      };
      await assert.rejects(trustedAuthorities(settings(file)), refused);
      await assert.rejects(connect({ host: "127.0.0.1", port: 1 }, "ldaps", settings(file)), refused);
    });
  }

  it("is refused where it cannot be read", async () => {
    await assert.rejects(trustedAuthorities(settings("/nowhere/ca.pem")), {
      code: "settings-invalid",
      message: /^caFile: \/nowhere\/ca\.pem cannot be read\./,
    });
  });

  it("is taken without the mark that editors of Windows put before it", async () => {
    const file = join(folder, "ca.pem");
    const pem = "-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n";
    await writeFile(file, `\uFEFF${pem}`);
    assert.equal(await trustedAuthorities(settings(file)), pem);
  });

  it("is taken as it is, with words around each authority, and need not be named", async () => {
    const file = join(folder, "ca.pem");
    const text = "Corp\n====\n-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n";
    await writeFile(file, text);
    assert.equal(await trustedAuthorities(settings(file)), text);
    assert.equal(await trustedAuthorities(settings()), undefined);
  });
});
