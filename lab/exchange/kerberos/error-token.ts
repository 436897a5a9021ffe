/** DER, as little of it as an error needs. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const integer = (value: number) => der(0x02, Buffer.from([value]));
const text = (tag: number, value: string) => der(tag, Buffer.from(value, "latin1"));
const kerberos = Buffer.from("06092a864886f712010202", "hex");

/** KRB_AP_ERR_MODIFIED (RFC 4120, section 7.5.9): what Windows answers when no key opens the ticket. */
const modified = 41;

/** The answer of a server that cannot open a ticket: KRB-ERROR in GSSAPI's frame, in SPNEGO's refusal. */
export function refusalToken(realm: string, host: string): Buffer {
  const stamp = `${new Date().toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
  const name = der(0x30, der(0xa0, integer(2)), der(0xa1, der(0x30, text(0x1b, "HTTP"), text(0x1b, host))));
  const error = der(
    0x7e,
    der(
      0x30,
      ...[der(0xa0, integer(5)), der(0xa1, integer(30)), der(0xa4, text(0x18, stamp)), der(0xa5, integer(0))],
      ...[der(0xa6, integer(modified)), der(0xa9, text(0x1b, realm)), der(0xaa, name)],
    ),
  );
  const framed = der(0x60, kerberos, Buffer.from([3, 0]), error);
  const reject = der(0x0a, Buffer.from([2]));
  return der(0xa1, der(0x30, der(0xa0, reject), der(0xa2, der(0x04, framed))));
}
