import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { describe, it } from "mocha";
import type { Trust } from "../../provider/directory/forest-trust";
import { decodeForestTrustInfo, type ForestTrustRecord } from "../../provider/directory/forest-trust-info";
import { routingOf, routingRemedy } from "../../provider/directory/forest-trust-routing";
import { ProviderError } from "../../provider/error";

const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const counted = (data: Buffer) => Buffer.concat([number(data.length), data]);
const name = (text: string) => counted(Buffer.from(text));
const record = (flags: number, type: number, ...data: Buffer[]) =>
  counted(Buffer.concat([number(flags), randomBytes(8), Buffer.from([type]), ...data]));
const blob = (records: readonly Buffer[], { version = 1, count = records.length } = {}) =>
  Buffer.concat([number(version), number(count), ...records]);

const sid = Buffer.from("0104000000000005150000000100000002000000ff000000", "hex");
const domain = (flags: number) => record(flags, 2, counted(sid), name("Sub.Example.org"), name("SUB"));
const object = "CN=example.org,CN=System,DC=corp";
const decode = (bytes: Buffer) => decodeForestTrustInfo(bytes, object);
const only = (bytes: Buffer): ForestTrustRecord | undefined => decode(blob([bytes]))[0];

describe("forest trust information", () => {
  it("knows each kind of record and each reason why one does not count", () => {
    const top = (flags: number) => only(record(flags, 0, name("Example.ORG")));
    const dnsName = "example.org";
    assert.deepEqual(top(0), { kind: "top-level-name", dnsName });
    assert.deepEqual(top(1), { kind: "top-level-name", dnsName, disabled: "new" });
    assert.deepEqual(top(2), { kind: "top-level-name", dnsName, disabled: "administrator" });
    assert.deepEqual(top(4), { kind: "top-level-name", dnsName, disabled: "conflict" });
    assert.deepEqual(only(record(0, 0, name("example.org."))), { kind: "top-level-name", dnsName });
    assert.deepEqual(only(record(0, 1, name("old.example.org"))), { kind: "exclusion", dnsName: "old.example.org" });
    const facts = { kind: "domain", dnsName: "sub.example.org", netbiosName: "SUB", sid: "S-1-5-21-1-2-255" };
    assert.deepEqual(only(domain(0)), facts);
    const withoutSid = record(0, 2, counted(Buffer.alloc(0)), name("Sub.Example.org"), name("SUB"));
    assert.deepEqual(only(withoutSid), { ...facts, sid: undefined });
    assert.deepEqual(only(domain(1)), { ...facts, disabled: "administrator" });
    assert.deepEqual(only(domain(2)), { ...facts, disabled: "conflict" });
    assert.deepEqual(only(domain(4)), { ...facts, netbiosDisabled: "administrator" });
    assert.deepEqual(only(domain(8)), { ...facts, netbiosDisabled: "conflict" });
    assert.deepEqual(only(record(0, 4, counted(sid))), { kind: "other", recordType: 4 });
    assert.deepEqual(decode(blob([])), []);
  });

  const whole = blob([record(0, 0, name("example.org")), record(0, 1, name("old.example.org")), domain(0)]);

  it("is refused, with the object's name, wherever it is cut", () => {
    for (let length = 0; length < whole.length; length++) {
      assert.throws(
        () => decode(whole.subarray(0, length)),
        (error) =>
          error instanceof ProviderError && error.code === "directory-failed" && error.message.includes(object),
        `cut to ${length} of ${whole.length} bytes`,
      );
    }
  });

  const refused: Record<string, Buffer> = {
    "has another version": blob([], { version: 2 }),
    "says it has more records than there are": blob([record(0, 0, name("example.org"))], { count: 2 }),
    "says it has four thousand million records": blob([], { count: 0xffffffff }),
    "has more records than it says": blob([record(0, 0, name("a.org")), record(0, 1, name("b.org"))], { count: 1 }),
    "has a record of no length": blob([number(0)]),
    "has a name that ends outside its record": blob([
      record(0, 0, Buffer.concat([number(12), Buffer.from("example.org")])),
      record(0, 0, name("other.org")),
    ]),
    "has an empty name": blob([record(0, 0, name(""))]),
    "has a name with a command in it": blob([record(0, 0, name("example.org;reboot"))]),
    "has a name with an escape sequence": blob([record(0, 0, name("example.org\u001b[2J"))]),
    "has a name that is not UTF-8": blob([record(0, 0, counted(Buffer.from([0x61, 0xff, 0x2e])))]),
    "has a SID that promises more than it has": blob([
      record(0, 2, counted(Buffer.from("010f000000000005", "hex")), name("a.org"), name("A")),
    ]),
  };
  for (const [what, bytes] of Object.entries(refused)) {
    it(`is refused where it ${what}`, () => assert.throws(() => decode(bytes), { code: "directory-failed" }));
  }

  it("is refused by the number of the record that is wrong", () => {
    const bytes = blob([record(0, 0, name("example.org")), record(0, 0, name(""))]);
    assert.throws(() => decode(bytes), /CN=example\.org,.*, record 2 of 2: .* its name is no DNS name/);
  });

  it("never fails but with a refusal, whatever the bytes", () => {
    let taken = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(whole);
      for (let change = randomInt(1, 5); change > 0; change--) bytes[randomInt(bytes.length)] = randomInt(256);
      try {
        // What was taken must be sound enough to be asked.
        routingOf(decode(bytes), "mail.example.org");
        taken++;
      } catch (error) {
        assert.ok(
          error instanceof ProviderError && error.code === "directory-failed",
          `${bytes.toString("hex")}: ${error}`,
        );
      }
    }
    assert.ok(taken > 0 && taken < 20_000, `${taken} of 20000 were taken`);
  });

  it("routes by the longest name that counts", () => {
    const routing = (host: string) => {
      const result = routingOf(
        decode(
          blob([
            record(0, 0, name("example.org")),
            record(2, 0, name("new.example.org")),
            record(0, 1, name("old.example.org")),
            record(0, 0, name("kept.old.example.org")),
            record(4, 0, name("example.net")),
          ]),
        ),
        host,
      );
      return result.routed
        ? `over ${result.suffix}`
        : `${result.because} ${"suffix" in result ? result.suffix : ""}`.trim();
    };
    assert.equal(routing("MAIL.Example.org"), "over example.org");
    assert.equal(routing("mail.new.example.org"), "over example.org");
    assert.equal(routing("example.org"), "over example.org");
    assert.equal(routing("mail.old.example.org"), "excluded old.example.org");
    assert.equal(routing("mail.kept.old.example.org"), "over kept.old.example.org");
    assert.equal(routing("mail.example.net"), "disabled example.net");
    assert.equal(routing("org"), "no-suffix");
    assert.equal(routing("badexample.org"), "no-suffix");
  });

  it("asks for the suffix of the domain that a name is in, and for no top-level domain", () => {
    const trust = { holder: "users.net", partner: "corp.org" } as Trust;
    for (const [host, suffix] of [
      ["mail.eu.example.com", "eu.example.com"],
      ["mail.example.com", "example.com"],
      ["example.com", "example.com"],
    ] as const) {
      const [add, enable] = routingRemedy(trust, host, { routed: false, because: "no-suffix" });
      assert.deepEqual([add?.forest, enable?.forest], ["corp.org", "users.net"]);
      assert.equal(add?.windows, `Set-ADForest -Identity corp.org -SPNSuffixes @{Add="${suffix}"}`);
      assert.ok(enable?.windows.endsWith(`with the number shown for *.${suffix}, /togglesuffix:NUMBER`));
    }
    assert.deepEqual(routingRemedy(trust, "mail.corp.org", { routed: true, suffix: "corp.org" }), []);
  });
});
