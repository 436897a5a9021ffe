import { strict as assert } from "node:assert";
import { alternateAccountOf } from "../../provider/exchange/alternate-account";
import { PsList, PsObject, PsScalar, type PsValue } from "../../provider/powershell";

const account = "TAILSPIN\\EXCH2016ASA$";
const text = `Latest: 11/25/2026 7:22:40 AM, ${account}\r\nPrevious: <Not set>`;

function configuration(...items: readonly PsValue[]): PsObject {
  const credentials = new PsList([...items]);
  return new PsObject({ text, adapted: new Map<string, PsValue>([["EffectiveCredentials", credentials]]) });
}

function credential(more: Record<string, PsValue> = {}): PsObject {
  const added = new PsScalar("DateTime", "2026-11-25T07:22:40Z");
  const properties = { QualifiedUserName: account, WhenAddedUTC: added, ...more };
  return new PsObject({ adapted: new Map<string, PsValue>(Object.entries(properties)) });
}

/** Forms in which a server may show what it has: no two versions of Exchange promise the same. */
describe("the credentials that a server shows", () => {
  const one = { account, added: "2026-11-25T07:22:40.000Z" };
  it("count where they are valid, or do not say", () => {
    for (const item of [credential({ IsValid: true }), credential()]) {
      assert.deepEqual(alternateAccountOf(configuration(item)), { credentials: [one], comparable: true });
    }
    assert.deepEqual(alternateAccountOf(configuration(credential({ IsValid: false }))).credentials, []);
  });

  it("are read from the whole's text where each has become a text", () => {
    const { credentials, comparable } = alternateAccountOf(configuration("AlternateServiceAccountCredential"));
    assert.deepEqual(credentials, [{ account, added: "11/25/2026 7:22:40 AM" }]);
    assert.equal(comparable, false);
  });

  it("keep the text of a time that came as a text: it tells one from the next, and cannot be compared", () => {
    const added = "25.11.2026 07:22:40";
    for (const properties of [{ WhenAddedUTC: added }, { WhenAddedUTC: null, WhenAdded: added }]) {
      const shown = alternateAccountOf(configuration(credential(properties)));
      assert.deepEqual(shown, { credentials: [{ account, added }], comparable: false });
    }
  });

  it("are read from the whole's text where there is no list", () => {
    const adapted = new Map<string, PsValue>([["EffectiveCredentials", null]]);
    const { credentials } = alternateAccountOf(new PsObject({ text, adapted }));
    assert.deepEqual(credentials, [{ account, added: "11/25/2026 7:22:40 AM" }]);
  });

  it("are read from a text in any language and culture, where only what has a date and a backslash is an account", () => {
    const texts: [text: string, added: string[]][] = [
      ["Latest: <Not set>\r\nPrevious: <Not set>\r\n...", []],
      [`Letzte: 25.11.2026 07:22:40, ${account}\r\nVorherige: <Nicht festgelegt>`, ["25.11.2026 07:22:40"]],
      [`Latest: Wednesday, November 25, 2026 7:22 AM, ${account}`, ["Wednesday, November 25, 2026 7:22 AM"]],
      ["Latest: 11/25/2026, invalid entry\r\nPrevious: <Not set>", []],
      [`Latest: <Invalid>, ${account}\r\nPrevious: <Not set>`, []],
      [`Latest: <Ungültig>, ${account}\r\nPrevious: 25.11.2026 07:22:40, ${account}`, ["25.11.2026 07:22:40"]],
    ];
    for (const [shown, added] of texts) {
      const credentials = added.map((one) => ({ account, added: one }));
      assert.deepEqual(alternateAccountOf(shown), { credentials, comparable: false }, shown);
    }
  });

  it("are none where the list is empty", () => {
    assert.deepEqual(alternateAccountOf(configuration()).credentials, []);
  });
});
