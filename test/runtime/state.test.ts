import assert from "node:assert/strict";
import { Redactor } from "../../provider/runtime/redactor";
import { toJson } from "../../provider/runtime/state";

describe("what goes into a state", () => {
  it("is plain JSON: undefined dropped at any depth, dates and big integers as text", () => {
    const properties = { gone: undefined, when: new Date(0), big: 2n ** 63n, deep: [{ gone: undefined, no: null }] };
    const json = { when: "1970-01-01T00:00:00.000Z", big: "9223372036854775808", deep: [{ no: null }] };
    assert.deepEqual(toJson(properties), json);
  });

  for (const [what, value] of Object.entries({
    "a map": new Map(),
    bytes: new Uint8Array(2),
    "a function": () => 1,
    "not a number": Number.NaN,
    "a hole in a list": [undefined],
  })) {
    it(`is never ${what}, which would arrive as something else: the property is named`, () => {
      assert.throws(() => toJson({ outer: { inner: value } }), /^ProviderError: outer\.inner(\.0)? cannot be kept/);
    });
  }
});

describe("the redactor", () => {
  it("hides each secret as it is and as JSON quotes it, the longer one first", () => {
    const redactor = new Redactor();
    redactor.conceal("abc");
    redactor.conceal({ inner: ["abcdef", 'quo"te'] });
    redactor.conceal(undefined);
    redactor.conceal("");
    assert.equal(
      redactor.clean(`abcdef abc ${JSON.stringify('quo"te')} quo"te`),
      '[secret] [secret] "[secret]" [secret]',
    );
  });
});
