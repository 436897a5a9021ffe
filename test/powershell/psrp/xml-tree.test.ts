import { strict as assert } from "node:assert";
import { SaxesParser } from "saxes";
import { readXml, type XmlElement } from "../../../provider/powershell/psrp/xml-tree";
import { mutatedClixml } from "./fuzz";

/** The same tree by a general parser; `undefined` for what is not well-formed, or more than CLIXML has. */
function bySaxes(xml: string): XmlElement | undefined {
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let refused = false;
  const parser = new SaxesParser({ position: false, xmlns: false });
  const refuse = () => {
    refused = true;
  };
  for (const event of ["error", "doctype", "processinginstruction", "cdata", "comment", "xmldecl"] as const)
    parser.on(event, refuse);
  parser.on("opentag", ({ name, attributes }) => {
    const element = { name, label: attributes.N, reference: attributes.RefId, children: [], text: "" };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on("text", (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.write(xml).close();
  return refused ? undefined : root;
}

function byUs(xml: string): XmlElement | undefined {
  try {
    return readXml(xml);
  } catch {
    return undefined;
  }
}

/** What the two may differ in: names that are not ASCII, an entity that is a function of JavaScript's, and PowerShell's two non-characters. */
const apart = /[\ufffe\uffff\ufeff]|&#x?0*(fff[ef]|6553[45]);|&constructor;|<[^>]*[^\0-\x7f]/i;

describe("the XML of a value", () => {
  it("is read as a general parser reads it, and refused where that refuses it (20,000 mutated inputs)", function () {
    this.timeout(60_000);
    const count = { accepted: 0, refused: 0 };
    for (const xml of mutatedClixml(20_000, 20261124)) {
      if (apart.test(xml)) continue;
      const expected = bySaxes(xml);
      assert.deepEqual(byUs(xml), expected, JSON.stringify(xml));
      count[expected === undefined ? "refused" : "accepted"] += 1;
    }
    assert.ok(count.accepted > 1_000 && count.refused > 1_000, JSON.stringify(count));
  });

  for (const [what, xml, expected] of [
    ["line ends as one line feed", "<S>a\r\nb\rc</S>", "a\nb\nc"],
    ["references, by name and by number", "<S>&lt;&#65;&#x1F600;&apos;&quot;&gt;&amp;amp;</S>", "<A😀'\">&amp;"],
    ["the two non-characters", "<S>\ufffe&#xFFFF;</S>", "\ufffe\uffff"],
    ["text around elements", "<S>a<T/>b</S>", "ab"],
  ] as const) {
    it(`has ${what}`, () => assert.equal(readXml(xml).text, expected));
  }

  it("has attributes in quotes of either kind", () => {
    const { label, reference } = readXml(`<S N="it's" RefId='"0"' />`);
    assert.deepEqual([label, reference], ["it's", '"0"']);
  });

  for (const [what, xml] of [
    ["a control", "<S>\x01</S>"],
    ["half of a surrogate pair", "<S>\ud800</S>"],
    ["a reference to a control", "<S>&#1;</S>"],
    ["a reference to half of a pair", "<S>&#xD800;</S>"],
    ["a reference beyond all characters", "<S>&#x110000;</S>"],
    ["a bare ampersand", "<S>a & b</S>"],
    ["an attribute twice", '<S N="a" N="b" />'],
    ["an attribute without quotes", "<S N=a />"],
    ["a less-than sign in an attribute", '<S N="<" />'],
    ["attributes without a space between", '<S N="a"RefId="b" />'],
    ["another end tag", "<S>a</T>"],
    ["an end tag that does not end", "<S>a</S"],
    ["the end of a CDATA section", "<S>]]></S>"],
    ["text beside the root", "<S/>a"],
    ["a declaration", '<?xml version="1.0"?><S/>'],
  ] as const) {
    it(`is refused with ${what}`, () => assert.throws(() => readXml(xml), { code: "protocol" }));
  }
});
