import type { Duplex } from "node:stream";
import { BerReader, type Message, StatusCodeParser } from "ldapts";

/** A server's answer to one request (RFC 4511, section 4.1.9). */
export interface LdapAnswer {
  readonly status: number;
  /** Its token in a bind (`serverSaslCreds`, section 4.2.2). */
  readonly saslCredentials: Buffer | undefined;
  /** What came behind the answer. */
  readonly rest: Buffer;
}

/** BindResponse and ExtendedResponse, by their tags (RFC 4511, appendix B). */
const answerTags: readonly (number | null)[] = [0x61, 0x78];
const saslCredentialsTag = 0x87;
const saslBindInProgress = 14;

/** More than a Kerberos token with all groups of a user (64 KiB in Windows) and less than what could hurt. */
const longestAnswer = 0x100000;

/**
 * Sends one request and waits for its answer, before the connection is handed to an LDAP client: a client's parser takes
 * tokens for text, and reads on where TLS or sealing begins.
 * @param milliseconds how long the answer may take
 * @throws ResultCodeError for an answer that is neither success nor "go on"; Error where the connection is lost
 */
export function exchange(connection: Duplex, request: Message, milliseconds: number): Promise<LdapAnswer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      connection.off("readable", read).off("end", lost).off("close", lost).off("error", fail);
      finish();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    const lost = () => fail(new Error("the connection was lost"));
    const timer = setTimeout(() => fail(new Error("timed out")), milliseconds);
    const read = () => {
      for (let piece = connection.read(); piece !== null; piece = connection.read()) {
        received = Buffer.concat([received, piece as Buffer]);
      }
      try {
        const answer = answerIn(received, request.messageId);
        if (answer !== undefined) settle(() => resolve(answer));
      } catch (error) {
        fail(error);
      }
    };
    if (connection.destroyed) return lost();
    connection.on("readable", read).on("end", lost).on("close", lost).on("error", fail);
    connection.write(request.write());
  });
}

/** The answer at the start of what was received; `undefined` where more has to come. */
function answerIn(received: Buffer, messageId: number): LdapAnswer | undefined {
  const reader = new BerReader(received);
  const whole = reader.readSequence() !== null && reader.length <= reader.remain;
  if (reader.length > longestAnswer || received.length > longestAnswer) throw new Error("the answer is too long");
  if (!whole) return undefined;
  const end = reader.offset + reader.length;
  reader.setBufferSize(end);
  // A notice of disconnection comes unasked, as number 0; its status says why.
  const number = reader.readInt();
  if ((number !== messageId && number !== 0) || !answerTags.includes(reader.readSequence())) {
    throw new Error("the answer is to another request");
  }
  const status = reader.readEnumeration() ?? 1;
  reader.readString();
  const errorMessage = reader.readString() ?? "";
  let saslCredentials: Buffer | undefined;
  while (reader.remain > 0) {
    const tag = reader.peek() ?? 0;
    const value = reader.readString(tag, true);
    if (value === null) throw new Error("the answer is cut short");
    if (tag === saslCredentialsTag) saslCredentials = value;
  }
  if ((status !== 0 && status !== saslBindInProgress) || number === 0) {
    throw StatusCodeParser.parse({ status, errorMessage } as Parameters<typeof StatusCodeParser.parse>[0]);
  }
  return { status, saslCredentials, rest: received.subarray(end) };
}
