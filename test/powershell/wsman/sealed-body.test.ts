import { strict as assert } from "node:assert";
import { openBody, sealBody, sealedType } from "../../../provider/powershell/wsman/sealed-body";

/** Stands in for a security context that hides nothing. */
const unsealed = {
  seal: (message: Uint8Array) => ({ token: Buffer.from("token"), data: Buffer.from(message) }),
  open: (sealed: Uint8Array) => Buffer.from(sealed).subarray("token".length),
};

describe("a sealed body", () => {
  it("of several pairs of parts is one text, also where a part ends within a letter", () => {
    const whole = Buffer.from("<a>Zugriff für Jörg verweigert</a>", "utf8");
    const cut = whole.indexOf("ü") + 1;
    const pair = (part: Buffer) => {
      const body = sealBody("?".repeat(part.length), unsealed, "Negotiate");
      return Buffer.from(body.toString("latin1").replace(/\?+/, part.toString("latin1")), "latin1");
    };
    const [first, second] = [pair(whole.subarray(0, cut)), pair(whole.subarray(cut))];
    const end = "--Encrypted Boundary--\r\n";
    assert.ok(first.toString("latin1").endsWith(end));
    const together = Buffer.concat([first.subarray(0, -end.length), second]);
    assert.equal(openBody(together, unsealed), whole.toString("utf8"));
  });

  const sealed = sealBody("<a/>", unsealed, "Negotiate").toString("latin1");
  const open = (text: string) => openBody(Buffer.from(text, "latin1"), unsealed);

  for (const [what, text] of [
    ["a space in its boundaries", sealed.replaceAll("--Encrypted", "-- Encrypted")],
    ["boundaries on lines of their own", sealed.replaceAll(/(?<!^|Boundary)--Enc/g, "\r\n--Enc")],
    ["no boundary at its end", sealed.replace(/--Encrypted Boundary--\r\n$/, "")],
    ["the name of its length in small letters", sealed.replace("Length=", "length=")],
  ] as const) {
    it(`may have ${what}`, () => {
      assert.notEqual(text, sealed);
      assert.equal(open(text), "<a/>");
    });
  }

  for (const [what, text, words] of [
    ["does not say its length", sealed.replace(/;Length=\d+/, ""), /its parts are incomplete/],
    ["ends before what is sealed", sealed.slice(0, sealed.indexOf("octet-stream") + 16), /its parts are incomplete/],
    ["is cut off", sealed.slice(0, sealed.indexOf("<a/>") + 3), /its sealed part is cut off/],
    ["is something else", "<a/>", /it is not sealed/],
    ["is nothing", "", /it has no sealed part/],
    ["goes on behind its end", `${sealed}<b/>`, /it is not sealed/],
    ["has a part of another type", sealed.replace("application/octet-stream", "text/html"), /it is not sealed/],
    ["is of another protocol", sealed.replace("application/HTTP-", "text/"), /it is not sealed/],
    ["says its length by half", sealed.replace(/;Length=\d+/, "$&x"), /its parts are incomplete/],
  ] as const) {
    it(`is refused where it ${what}`, () => assert.throws(() => open(text), { code: "protocol", message: words }));
  }

  it("is refused where it opens as another length than it says", () => {
    const padded = { open: (sealedPart: Buffer) => Buffer.concat([unsealed.open(sealedPart), Buffer.from(" ")]) };
    const another = { code: "protocol", message: /not as long as it says/ };
    assert.throws(() => openBody(Buffer.from(sealed, "latin1"), padded), another);
  });

  it("names the protocol of its logon, for each part and for all", () => {
    for (const [scheme, protocol] of [
      ["Negotiate", "application/HTTP-SPNEGO-session-encrypted"],
      ["Kerberos", "application/HTTP-Kerberos-session-encrypted"],
    ] as const) {
      assert.match(sealBody("<a/>", unsealed, scheme).toString("latin1"), new RegExp(`Content-Type: ${protocol}\r\n`));
      assert.match(sealedType(scheme), new RegExp(`;protocol="${protocol}";`));
    }
  });
});
