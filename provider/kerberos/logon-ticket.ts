import { randomUUID } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { ProviderError } from "../error";
import type { Identity } from "./identity";
import { Krb5, onAnotherThread, type Pointer } from "./krb5";

/** More than any krb5_creds takes; nothing in it is looked at. */
const credentialsSize = 512;
/** KRB5_PRINCIPAL_PARSE_ENTERPRISE: the first `@` belongs to the name. */
const enterprise = 4;

/** Who logs on, and with what. */
type LogonIdentity = Exclude<Identity, { readonly kind: "cache" }>;

/**
 * Asks a KDC for the ticket of a logon, the ticket for the KDC itself: one KDC, once. What GSSAPI has for it asks again where
 * krb5.conf names a `primary_kdc` and another KDC refuses: a wrong password would count twice towards the account's lockout. It
 * would gain nothing, as domain controllers themselves ask the one that has the newest passwords.
 * @returns the name of a cache in memory that has it, and that nobody else can name
 * @throws ProviderError `kerberos` with the KDC's or the library's words and the remedy; `kerberos-refused` where the name,
 *   the password or the key is wrong
 */
export async function getLogonTicket(identity: LogonIdentity): Promise<string> {
  const { principal } = identity;
  const work = new Krb5(`log on to Kerberos as ${principal}`);
  const { library, context } = work;
  try {
    const name = `MEMORY:${randomUUID()}`;
    const cache = work.cache(name);
    const options = work.get(
      (pointer) => library.newOptions(context, pointer),
      (pointer) => library.freeOptions(context, pointer),
    );
    work.check(library.storeInto(context, options, cache));
    const client = clientOf(principal, work);
    const logon = work.get(
      (pointer) => library.newLogon(context, client, null, null, 0, options, pointer),
      (pointer) => library.freeLogon(context, pointer),
    );
    if (identity.kind === "password") usePassword(identity.password.reveal(), logon, work);
    else useKeytab(identity, logon, work);
    work.check(await onAnotherThread(library.logOn, context, logon));
    return name;
  } catch (thrown) {
    throw identity.kind === "keytab" ? keytabFailure(identity, ProviderError.from(thrown)) : thrown;
  } finally {
    work.close();
  }
}

/** One with an escaped `@` is an enterprise name: the library takes the first `@` for part of it where it is not escaped. */
function clientOf(principal: string, work: Krb5): Pointer {
  const escaped = principal.includes("\\@");
  return nameOf(escaped ? principal.replace("\\@", "@") : principal, work, escaped ? enterprise : 0);
}

function nameOf(text: string, work: Krb5, flags = 0): Pointer {
  const { library, context } = work;
  return work.get(
    (pointer) => library.parseName(context, text, flags, pointer),
    (pointer) => library.freePrincipal(context, pointer),
  );
}

function usePassword(password: string, logon: Pointer, work: Krb5): void {
  const bytes = Buffer.from(`${password}\0`, "utf8");
  try {
    work.check(work.library.usePassword(work.context, logon, bytes));
  } finally {
    bytes.fill(0);
  }
}

type KeytabIdentity = Extract<Identity, { readonly kind: "keytab" }>;

function useKeytab({ keytab: path, principal }: KeytabIdentity, logon: Pointer, work: Krb5): void {
  const { library, context } = work;
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ProviderError("kerberos", `The keytab ${path}, for ${principal}, cannot be read (${code}).`, {
      hint: "Check the path, and that this process may read the file.",
      cause,
    });
  }
  const keytab = work.get(
    (pointer) => library.resolveKeytab(context, `FILE:${path}`, pointer),
    (pointer) => void library.closeKeytab(context, pointer),
  );
  work.check(library.useKeytab(context, logon, keytab));
}

function keytabFailure({ keytab, principal }: KeytabIdentity, failure: ProviderError): ProviderError {
  if (!/no suitable keys|key table entry not found/i.test(failure.message)) return failure;
  return new ProviderError("kerberos", `The keytab ${keytab} has no key of ${principal}.`, {
    hint: "Look at it with klist -k -e: the name must stand there letter for letter.",
    cause: failure,
  });
}

/**
 * Copies the ticket of a logon from a credential cache of this host into a new one in memory. Tickets for services stay behind:
 * whoever uses the copy asks the KDC for them anew, and the cache stays as it is.
 * @param cache Default: this host's.
 * @returns the name of the new one
 * @throws ProviderError `kerberos` where the cache has none
 */
export function copyLogonTicket(cache: string | undefined): string {
  const work = new Krb5("use this host's credential cache");
  const { library, context } = work;
  try {
    const from = work.cache(cache);
    const client = work.get(
      (pointer) => library.principalOf(context, from, pointer),
      (pointer) => library.freePrincipal(context, pointer),
    );
    const realm = realmOf(client, work);
    const server = nameOf(`krbtgt/${realm}@${realm}`, work);

    const ticket = Buffer.alloc(credentialsSize);
    work.check(library.retrieve(context, from, 0, { client, server }, ticket));
    work.after(() => library.freeContents(context, ticket));

    const name = `MEMORY:${randomUUID()}`;
    const copy = work.cache(name);
    work.check(library.initialize(context, copy, client));
    work.check(library.store(context, copy, ticket));
    return name;
  } finally {
    work.close();
  }
}

/** Behind the last `@`; one inside of the name has a backslash in front of it. */
function realmOf(principal: Pointer, work: Krb5): string {
  const text: [string] = [""];
  work.check(work.library.unparseName(work.context, principal, text));
  return text[0].slice(text[0].lastIndexOf("@") + 1);
}
