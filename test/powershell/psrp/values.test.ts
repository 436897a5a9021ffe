import { strict as assert } from "node:assert";
import {
  deserialize,
  type PsInput,
  PsList,
  PsObject,
  PsScalar,
  psEnum,
  serialize,
} from "../../../provider/powershell/psrp";
import { refused } from "./ends";

describe("PSRP values", () => {
  it("within limits are read, beyond them refused", () => {
    const nested = (depth: number): PsInput => (depth === 0 ? "x" : [nested(depth - 1)]);
    assert.ok(deserialize(serialize(nested(48))) instanceof PsList);
    assert.throws(() => serialize(nested(49)), refused(/nests deeper/));
    assert.throws(() => deserialize(serialize(nested(48)), { maxDepth: 40 }), refused(/nests deeper than 40/));
    assert.throws(() => deserialize(serialize("x".repeat(100)), { maxLength: 50 }), refused(/longer than 50/));
    assert.throws(() => deserialize(serialize([1, 2, 3]), { maxElements: 4 }), refused(/more than 4 elements/));
  });

  for (const [name, xml] of [
    ["a DTD", "<!DOCTYPE S><S>x</S>"],
    ["an entity of its own", '<!DOCTYPE S [<!ENTITY a "b">]><S>&a;</S>'],
    ["a name that JavaScript knows as an entity", "<S>&constructor;</S>"],
    ["a comment", "<S>a<!-- b --></S>"],
    ["CDATA", "<S><![CDATA[a]]></S>"],
    ["two roots", "<S>a</S><S>b</S>"],
    ["half an element", "<S>a"],
    ["an unknown element", "<Foo>a</Foo>"],
    ["an element that JavaScript knows", "<constructor />"],
    ["an integer out of range", "<I32>2147483648</I32>"],
    ["an integer in words", "<I32>1e3</I32>"],
    ["a byte below zero", "<By>-1</By>"],
    ["a byte in another notation", "<By>0x1</By>"],
    ["a Boolean in words", "<B>True</B>"],
    ["bytes that are no base64", "<BA>!!!!</BA>"],
    ["bytes in the base64 of URLs", "<BA>AA-_</BA>"],
    ["bytes with a space among them", "<BA>AAAA AA=</BA>"],
    ["bytes behind padding", "<BA>AA==AAAA</BA>"],
    ["bytes with a letter whose lower byte is base64", "<BA>AAA\u0141</BA>"],
    ["bytes that are cut off", "<BA>AAAAA</BA>"],
    ["a date in words", "<DT>yesterday</DT>"],
    ["a reference to nothing", '<Obj RefId="0"><LST><Ref RefId="7" /></LST></Obj>'],
    ["two objects of one number", '<Obj RefId="0"><LST><Obj RefId="0" /></LST></Obj>'],
    ["two lists of type names", '<Obj RefId="0"><TN RefId="0"><T>A</T></TN><TNRef RefId="0" /></Obj>'],
    ["two contents", '<Obj RefId="0"><I32>1</I32><LST /></Obj>'],
    ["type names that did not come before", '<Obj RefId="0"><TNRef RefId="7" /></Obj>'],
    [
      "three parts of an entry",
      '<Obj RefId="0"><DCT><En><S N="Key">a</S><S N="Value">b</S><S N="Value">c</S></En></DCT></Obj>',
    ],
    ["an entry without a key", '<Obj RefId="0"><DCT><En><S N="Value">b</S><S N="Key">a</S></En></DCT></Obj>'],
    ["a progress record that says a thing twice", "<PR><AV>a</AV><AV>b</AV></PR>"],
    ["a property without a name", '<Obj RefId="0"><MS><S>a</S></MS></Obj>'],
    ["text among properties", '<Obj RefId="0"><MS>text</MS></Obj>'],
    ["a secret without a key", "<SS>AAAA</SS>"],
    ["nothing", ""],
  ] as const) {
    it(`with ${name} are refused`, () => {
      assert.throws(() => deserialize(xml), refused(/cannot be read|is not a PowerShell/));
    });
  }

  it("have a property for a name like __proto__, and no other object has", () => {
    const value = deserialize('<Obj RefId="0"><MS><S N="__proto__">x</S></MS></Obj>');
    assert.ok(value instanceof PsObject);
    assert.equal(value.property("__proto__"), "x");
    assert.equal(({} as Record<string, unknown>).x, undefined);
  });

  it("that are no value of PowerShell's are refused before they are sent", () => {
    assert.throws(() => serialize({ a: 1 } as unknown as PsInput), refused(/no PowerShell form/));
    assert.throws(() => serialize(undefined as unknown as PsInput), refused(/no PowerShell form/));
    assert.throws(() => serialize(2n ** 64n), refused(/out of the range/));
    assert.throws(() => new PsScalar("Byte", "256"), refused(/not a PowerShell Byte/));
    assert.throws(() => serialize(new Date(Number.NaN)), refused(/not a PowerShell DateTime/));
  });

  it("keep a time of 100 ns and say its instant only where it has an offset", () => {
    const time = new PsScalar("DateTime", "2026-01-02T03:04:05.1234567+01:00");
    assert.equal(time.toDate().toISOString(), "2026-01-02T02:04:05.123Z");
    const unspecified = new PsScalar("DateTime", "2026-01-02T03:04:05");
    assert.equal(unspecified.toDate("Z").toISOString(), "2026-01-02T03:04:05.000Z");
    assert.throws(() => unspecified.toDate(), refused(/names no instant/));
    assert.throws(
      () => new PsScalar("Guid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff").toDate("Z"),
      refused(/no instant/),
    );
  });

  it("show themselves as PowerShell does, and have their properties in any case, the added ones first", () => {
    const object = new PsObject({
      typeNames: ["Deserialized.System.Net.IPAddress", "Deserialized.System.Object"],
      adapted: { Address: "adapted", Family: "of the object" },
      extended: { Address: "extended" },
    });
    assert.deepEqual(
      [String(object), String(new PsObject()), String(psEnum("System.DayOfWeek", 5, "Friday"))],
      ["System.Net.IPAddress", "", "Friday"],
    );
    assert.equal(String(new PsScalar("Char", "223")), "ß");
    assert.deepEqual(
      ["ADDRESS", "Address", "family", "Port"].map((name) => object.property(name)),
      ["extended", "extended", "of the object", undefined],
    );
  });
});
