import { type ErrorCode, ProviderError } from "../error";
import { call, emptyBuffer, gssapi, type Mechanism, mechanisms, type Status, take } from "./gssapi";

/** GSS_C_GSS_CODE and GSS_C_MECH_CODE (RFC 2744, section 5.11). */
const codeTypes = { major: 1, minor: 2 } as const;

/** What the library says of a status. */
function textOf(status: number, type: keyof typeof codeTypes, mechanism: Mechanism): string {
  const context: [number] = [0];
  const words: string[] = [];
  do {
    const text = emptyBuffer();
    const { major } = call(gssapi().displayStatus, ...[status, codeTypes[type], mechanisms[mechanism], context, text]);
    if (major !== 0) break;
    words.push(take(text).toString("utf8"));
  } while (context[0] !== 0);
  return words.join(", ");
}

/**
 * What users do about it, by the words of MIT's library. Its numbers would be no help: GSSAPI renumbers those that two mechanisms have.
 * The first that fits counts.
 */
const remedies: readonly {
  readonly words: RegExp;
  readonly hint: string;
  readonly code?: ErrorCode;
}[] = [
  {
    words: /clock skew/i,
    hint: "Set this host's clock by the domain's: Kerberos allows five minutes.",
  },
  {
    words: /server .*not found in kerberos database/i,
    hint: "No account has this SPN, or two have it: look with setspn -Q, and use the name that is registered.",
  },
  {
    words: /client .*not found in kerberos database/i,
    hint: "Use the user principal name (user@domain) as it stands in Active Directory.",
    code: "kerberos-refused",
  },
  {
    words: /preauthentication failed|password incorrect|decrypt integrity check failed/i,
    hint: "The password (or the keytab's key) is not the account's: set the current one.",
    code: "kerberos-refused",
  },
  {
    words: /credentials have been revoked|locked out/i,
    hint: "The account is disabled, expired or locked: look at it in Active Directory.",
    code: "kerberos-refused",
  },
  {
    words: /password has expired|password expired/i,
    hint: "Change the account's password first.",
    code: "kerberos-refused",
  },
  {
    words: /(cannot|can't) (find|resolve|contact)( any)?( network address for)? kdc|realm (unknown|not local)/i,
    hint: "Name the domain's controllers in krb5.conf, or let DNS resolve _kerberos._tcp.DOMAIN; port 88 must be open.",
  },
  {
    words: /ticket expired|credentials? (has|have) expired|expired/i,
    hint: "Get a new ticket (kinit), or set a keytab: then a new one is got when it is needed.",
  },
  {
    words: /encryption type|no support for/i,
    hint: "Client, KDC and account must share AES: look at the account's encryption types and at krb5.conf.",
  },
  {
    words: /keytab/i,
    hint: "Look at the keytab with klist -k -e: it must hold the user's key and be readable by this process.",
  },
  {
    words: /no kerberos credentials|credentials? cache|no credentials|no such file|matching credential/i,
    hint: "Get a ticket (kinit), or set a user name with a keytab or a password.",
  },
];

/**
 * What the library or the KDC said, as an error for a person.
 * @param what what was to be done, for which object: "get a ticket for HTTP/…"
 */
export function kerberosFailure(what: string, mechanism: Mechanism, { major, minor }: Status): ProviderError {
  // Behind SPNEGO the words for the minor status are with the mechanism that it chose.
  const majorText = textOf(major, "major", mechanism);
  const minorText = minor === 0 ? "" : textOf(minor, "minor", mechanism);
  const said = [majorText, minorText].filter((text) => text !== "" && !/^(unknown error|success)$/i.test(text));
  const words = said.at(-1) ?? `GSSAPI status ${major.toString(16)}`;
  return failureInWords(what, words, `${majorText} ${minorText}`);
}

/**
 * The same in the words of the library.
 * @param all all that it said, where the remedy may follow from more
 */
export function failureInWords(what: string, words: string, all = words): ProviderError {
  const remedy = remedies.find((one) => one.words.test(all));
  return new ProviderError(remedy?.code ?? "kerberos", `Could not ${what}: ${words}.`, { hint: remedy?.hint });
}
