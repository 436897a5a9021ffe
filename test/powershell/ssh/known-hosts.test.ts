import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun, runCommand } from "../../../lab/command";
import { KnownHosts } from "../../../provider/powershell/ssh";
import { newKey } from "./openssh-server";

const servers: readonly [host: string, port: number][] = [
  ["cas-1.corp.example.com", 22],
  ["cas-1.corp.example.com", 2222],
  ["CAS-1.Corp.example.com", 22],
  ["cas-2.corp.example.com", 22],
  ["10.0.0.1", 22],
];

/** Lines of known_hosts without their key. */
const lines = [
  "cas-1.corp.example.com",
  "CAS-1.Corp.example.com",
  "[cas-1.corp.example.com]:2222",
  "[cas-1.corp.example.com]:22",
  "cas-2.corp.example.com,10.0.0.1",
  "*.corp.example.com",
  "cas-?.corp.example.com",
  "*.corp.example.com,!cas-1.corp.example.com",
  "!cas-1.corp.example.com,*.corp.example.com",
  "[*]:2222",
  "cas-1xcorp.example.com",
  "cas-1.corp",
  "# cas-1.corp.example.com",
  "#cas-2.corp.example.com,cas-1.corp.example.com",
  " \tcas-1.corp.example.com",
];

describe("known_hosts", () => {
  let folder: string;
  let type = "";
  let key = "";
  const file = () => join(folder, "known_hosts");
  const verdict = (text: string, host: string, port: number) =>
    new KnownHosts(text).verdict(host, port, Buffer.from(key, "base64"));

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "known-hosts-"));
    await newKey(join(folder, "key"), "ed25519");
    [type = "", key = ""] = readFileSync(join(folder, "key.pub"), "utf8").split(" ");
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const hashed of [false, true]) {
    it(`is read as OpenSSH reads it${hashed ? ", also where names are hashed" : ""}`, async () => {
      for (const line of lines.filter((one) => !hashed || !/[*?!#]/.test(one))) {
        writeFileSync(file(), `${line} ${type} ${key}\n`);
        if (hashed) await mustRun("ssh-keygen", ["-H", "-f", file()]);
        const text = readFileSync(file(), "utf8");
        assert.equal(text.startsWith("|1|"), hashed);
        for (const [host, port] of servers) {
          // Other than ssh, ssh-keygen takes a name as it is given.
          const name = (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
          const found = (await runCommand("ssh-keygen", ["-F", name, "-f", file()])).status === 0;
          assert.equal(verdict(text, host, port), found ? "known" : "unknown", `${name} by ${line}`);
        }
      }
    });
  }

  it("passes over lines that are cut off", () => {
    const [[host, port] = ["", 22]] = servers;
    for (const line of ["@revoked", host, `${host} ${type}`, `|1| ${type} ${key}`, `|1|AAAA|AAAA ${type} ${key}`])
      assert.equal(verdict(line, host, port), "unknown", line);
  });

  it("tells a key that was revoked, and takes no authority's key for a host's", () => {
    const [[host, port] = ["", 22]] = servers;
    assert.equal(verdict(`${host} ${type} ${key}\n@revoked * ${type} ${key}`, host, port), "revoked");
    assert.equal(verdict(`@cert-authority * ${type} ${key}`, host, port), "unknown");
    assert.equal(verdict(`${host} ${type} AAAA`, host, port), "changed");
    assert.equal(verdict(`${host} ${type} ${key}\n@revoked * ${type} AAAA`, host, port), "known");
    assert.equal(verdict(`@revoked * ${type} AAAA`, host, port), "unknown");
    const revoked = new KnownHosts(`@revoked * ssh-rsa AAAA\n${host} ${type} ${key}`);
    assert.deepEqual(revoked.keyTypes(host, port), [type], "a type whose key is revoked is not asked for");
  });
});
