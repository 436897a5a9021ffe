import { strict as assert } from "node:assert";
import { openBody, sealBody } from "../../../provider/powershell/wsman/sealed-body";

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
});
