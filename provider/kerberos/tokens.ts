import { elements, inside, integer } from "./der";

/**
 * What can be read in Kerberos tokens without any key: the outside of a ticket, and the code of an error (RFC 4120, sections
 * 5.3, 5.5.1 and 5.9.1), bare, in GSSAPI's frame (RFC 2743, section 3.1), or in SPNEGO's (RFC 4178, section 4.2.2).
 */

/** The outside of a service ticket. */
export interface TicketOutside {
  readonly realm: string;
  /** Number of the encryption type: 18 and 17 are AES, 23 is RC4. */
  readonly encryptionType: number;
  /** Version of the key that it was made with; `undefined` where the KDC left it out. */
  readonly keyVersion: number | undefined;
}

/** ASN.1 tags in use here; `[n]` is 0xa0 + n, `[APPLICATION n]` 0x60 + n. */
const tag = { integer: 0x02, octets: 0x04, identifier: 0x06, sequence: 0x30, framed: 0x60 } as const;
const application = { ticket: 0x61, request: 0x6e, error: 0x7e } as const;
const context = (number: number) => 0xa0 + number;
const negotiationAnswer = context(1);

/** The Kerberos message itself, without frames. */
function message(token: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(token);
  const [outer] = elements(bytes);
  if (outer === undefined) return undefined;
  if (outer.tag === negotiationAnswer) {
    const answer = inside(outer.content, tag.sequence, context(2), tag.octets);
    return answer && message(answer);
  }
  if (outer.tag !== tag.framed) return bytes;
  const [identifier] = elements(outer.content);
  if (identifier?.tag !== tag.identifier) return undefined;
  // Behind the mechanism's identifier stand two bytes that say which message comes.
  const headerLength = 2 + identifier.content.length;
  return outer.content.subarray(headerLength + 2);
}

/** The ticket in a client's first token of the mechanism Kerberos; `undefined` where there is none. */
export function ticketIn(token: Uint8Array): TicketOutside | undefined {
  const ticket = inside(
    message(token),
    application.request,
    tag.sequence,
    context(3),
    application.ticket,
    tag.sequence,
  );
  const encrypted = inside(ticket, context(3), tag.sequence);
  const encryptionType = integer(inside(encrypted, context(0), tag.integer));
  if (encryptionType === undefined) return undefined;
  const [realm] = elements(inside(ticket, context(1)) ?? Buffer.alloc(0));
  return {
    realm: realm?.content.toString("latin1") ?? "",
    encryptionType,
    keyVersion: integer(inside(encrypted, context(1), tag.integer)),
  };
}

/** The code of the KRB-ERROR that a server answered with; `undefined` where it is none. */
export function errorCodeIn(token: Uint8Array): number | undefined {
  return integer(inside(message(token), application.error, tag.sequence, context(6), tag.integer));
}
