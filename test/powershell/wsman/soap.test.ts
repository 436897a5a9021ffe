import { strict as assert } from "node:assert";
import type { ProviderError } from "../../../provider/error";
import { faultError, readFault } from "../../../provider/powershell/wsman/fault";
import { envelope as envelopeOf } from "../../../provider/powershell/wsman/request";
import { readSoap } from "../../../provider/powershell/wsman/soap";

const envelope = (content: string) =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${content}</s:Body></s:Envelope>`;

describe("SOAP envelopes", () => {
  it("may have XML's own five entities, and characters by number", () => {
    const read = readSoap(envelope("&lt;&gt;&amp;&quot;&apos;&#65;&#x42;"));
    assert.equal(read.find("s", "Body")?.content, `<>&"'AB`);
  });

  it("of ours hold whatever they are given", () => {
    const strange = `a&b<c>"d'`;
    const address = { url: strange, resourceUri: strange, sessionId: "1", operationTimeout: 7, shellId: strange };
    const { xml } = envelopeOf(address, { action: "send", body: "<x/>", options: { [strange]: strange } });
    const read = readSoap(xml);
    const option = read.find("wsman", "Option");
    for (const text of [
      read.find("wsa", "To")?.content,
      read.find("wsman", "ResourceURI")?.content,
      read.find("wsman", "Selector")?.content,
      option?.content,
      option?.attributes.get("Name"),
    ]) {
      assert.equal(text, strange);
    }
    assert.equal(read.find("wsman", "OperationTimeout")?.content, "PT7S");
    const { xml: bare } = envelopeOf({ ...address, shellId: undefined }, { action: "create", body: "" });
    assert.equal(readSoap(bare).find("wsman", "SelectorSet"), undefined);
    assert.equal(readSoap(bare).find("wsman", "OptionSet"), undefined);
  });

  it("keep long texts of base64 as they are, wherever they stand", () => {
    const [one, other] = ["QUJD".repeat(1000), `${"eHl6".repeat(2000)}==`];
    const content = (body: string) => readSoap(envelope(body)).find("s", "Body")?.content;
    const same = (body: string, expected: string) =>
      assert.ok(content(body) === expected, `${expected.length} letters`);
    same(`<a>${one}</a><b>${other}</b>`, one + other);
    same(`<a>${one}</a><b>${one}<c/>${other}</b><d>&lt;</d>`, `${one}${one}${other}<`);
    same(`<a><![CDATA[>${one}<]]></a><b>${other}</b><!-- >${other}< -->`, `>${one}<${other}`);
    // What looks like our own mark is the server's text.
    same(`<a>${one}</a><b>\uE0000\uE000</b>`, `${one}\uE0000\uE000`);
    assert.throws(() => content(`<a x=">${one}<"/>`), { code: "protocol" });
  });

  it("of a fault tell its number and its words, or the reason that SOAP has where there are none", () => {
    const reason = '<s:Reason><s:Text xml:lang="en-US">The SOAP reason.</s:Text></s:Reason>';
    const detail =
      '<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="5"><f:Message>Its \n words.</f:Message></f:WSManFault></s:Detail>';
    const fault = (content: string) => readFault(readSoap(envelope(`<s:Fault>${content}</s:Fault>`)));
    assert.deepEqual(fault(reason + detail), { number: 5, text: "Its   words." });
    assert.deepEqual(fault(reason), { number: 0, text: "The SOAP reason." });
    assert.deepEqual(fault(""), { number: 0, text: "no reason given" });
    assert.equal(fault(`<s:Reason><s:Text>${"x".repeat(2_000)}</s:Text></s:Reason>`)?.text.length, 1_501);
    assert.equal(readFault(readSoap(envelope("<a/>"))), undefined);
    assert.equal(readFault(readSoap(envelope("<Fault/>"))), undefined, "of another namespace");
  });

  it("of a fault mean what its words mean, whatever its number", () => {
    const words = "Fail to create a runspace because you have exceeded the maximum number of connections allowed : 18";
    for (const [number, shown] of [
      [5, " \\(WSManFault 5\\)"],
      [0, ""],
    ] as const) {
      const { code, message } = faultError({ number, text: words }, "open a session", "cas-1");
      assert.equal(code, "quota");
      assert.match(message, new RegExp(`^cas-1: could not open a session${shown}: ${words}\\. Sessions left open`));
    }
  });

  it("of a fault count as a refused logon where its number says so, in whatever language its words are", () => {
    for (const number of [1326, 2147943726]) {
      const { code, message } = faultError({ number, text: "Anmeldung fehlgeschlagen" }, "open a session", "cas-1");
      assert.equal(code, "password-refused");
      assert.match(message, /: Anmeldung fehlgeschlagen\. Check the name \(user@domain\) and the password/);
    }
  });

  for (const [what, text] of [
    ["an entity that nobody declared", envelope("&nbsp;")],
    ["one that a table of JavaScript has", envelope("&constructor;")],
    ["another of them", envelope("&__proto__;")],
    ["a declaration of entities", `<!DOCTYPE x [<!ENTITY a "b">]>${envelope("&a;")}`],
    ["an instruction", `<?do this?>${envelope("")}`],
    ["too many elements", envelope("<a/>".repeat(100_001))],
    ["elements too deep in each other", envelope(`${"<a>".repeat(100)}${"</a>".repeat(100)}`)],
    ["no envelope", "<a/>"],
    ["no XML", "It works!"],
    ["nothing", ""],
  ] as const) {
    it(`are refused with ${what}, and not quoted`, () => {
      assert.throws(
        () => readSoap(text),
        (error: ProviderError) => {
          assert.equal(error.code, "protocol");
          assert.match(error.message, /^The server's answer cannot be read: it (is|holds|has) [a-zA-Z ,-]+\.$/);
          return true;
        },
      );
    });
  }
});
