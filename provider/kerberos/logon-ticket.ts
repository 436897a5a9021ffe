import { randomUUID } from "node:crypto";
import { ProviderError } from "../error";
import { koffi, loadLibrary } from "./gssapi";

/** An object of MIT's library, known by its address alone. */
type Pointer = unknown;
/** What a function of the library returns: 0 for success (krb5_error_code). */
type Code = number;

/** More than any krb5_creds takes; nothing in it is looked at. */
const credentialsSize = 512;

/**
 * Copies from a credential cache of this host what a logon got, the ticket for the KDC itself, into a new one in memory. Tickets
 * for services stay behind: whoever uses the copy asks the KDC for them anew, and the cache stays as it is.
 * @param cache Default: this host's.
 * @returns the name of the new one
 * @throws ProviderError `kerberos` where the cache has none
 */
export function copyLogonTicket(cache: string | undefined): string {
  const library = krb5();
  const context = out((pointer) => library.initContext(pointer), undefined);
  /** What is to be given back, last things first. */
  const after: (() => void)[] = [() => library.freeContext(context)];
  const get = (make: (pointer: [Pointer]) => Code, release: (pointer: Pointer) => void): Pointer => {
    const pointer = out(make, context);
    after.unshift(() => release(pointer));
    return pointer;
  };
  try {
    const close = (pointer: Pointer) => void library.closeCache(context, pointer);
    const freeName = (pointer: Pointer) => library.freePrincipal(context, pointer);
    const from = get(
      (pointer) =>
        cache === undefined ? library.defaultCache(context, pointer) : library.resolveCache(context, cache, pointer),
      close,
    );
    const client = get((pointer) => library.principalOf(context, from, pointer), freeName);
    const realm = realmOf(library, context, client);
    const service = `krbtgt/${realm}@${realm}`;
    const server = get((pointer) => library.parseName(context, service, pointer), freeName);

    const ticket = Buffer.alloc(credentialsSize);
    check(library.retrieve(context, from, 0, { client, server }, ticket), context);
    after.unshift(() => library.freeContents(context, ticket));

    const name = `MEMORY:${randomUUID()}`;
    const copy = get((pointer) => library.resolveCache(context, name, pointer), close);
    check(library.initialize(context, copy, client), context);
    check(library.store(context, copy, ticket), context);
    return name;
  } finally {
    for (const release of after) release();
  }
}

function out(make: (pointer: [Pointer]) => Code, context: Pointer): Pointer {
  const pointer: [Pointer] = [null];
  check(make(pointer), context);
  return pointer[0];
}

function check(code: Code, context: Pointer): void {
  if (code === 0) return;
  const words = context === undefined ? `error ${code}` : krb5().errorMessage(context, code);
  throw new ProviderError("kerberos", `Could not use this host's credential cache: ${words}.`, {
    hint: "Get a ticket (kinit), or set a user name with a keytab or a password.",
  });
}

/** Behind the last `@`; one inside of the name has a backslash in front of it. */
function realmOf(library: ReturnType<typeof open>, context: Pointer, principal: Pointer): string {
  const text: [string] = [""];
  check(library.unparseName(context, principal, text), context);
  return text[0].slice(text[0].lastIndexOf("@") + 1);
}

let loaded: ReturnType<typeof open> | undefined;

/** The library below GSSAPI, which has no function for this. It is there wherever that one is. */
function krb5(): ReturnType<typeof open> {
  loaded ??= open();
  return loaded;
}

function open() {
  const library = loadLibrary("krb5", 3);
  const { array, disposable, struct } = koffi();
  struct("ek_krb5_key", { magic: "int32_t", type: "int32_t", length: "uint32_t", contents: "void *" });
  struct("ek_krb5_data", { magic: "int32_t", length: "uint32_t", data: "void *" });
  // krb5_creds as krb5.h has it.
  struct("ek_krb5_creds", {
    magic: "int32_t",
    client: "void *",
    server: "void *",
    keyblock: "ek_krb5_key",
    times: array("int32_t", 4),
    isSecondKey: "uint32_t",
    flags: "int32_t",
    addresses: "void *",
    ticket: "ek_krb5_data",
    secondTicket: "ek_krb5_data",
    authorizationData: "void *",
  });
  disposable("ek_krb5_text", "str");
  return {
    initContext: library.func("int32_t krb5_init_context(_Out_ void **context)"),
    freeContext: library.func("void krb5_free_context(void *context)"),
    errorMessage: library.func("const char *krb5_get_error_message(void *context, int32_t code)"),
    defaultCache: library.func("int32_t krb5_cc_default(void *context, _Out_ void **cache)"),
    resolveCache: library.func("int32_t krb5_cc_resolve(void *context, const char *name, _Out_ void **cache)"),
    closeCache: library.func("int32_t krb5_cc_close(void *context, void *cache)"),
    principalOf: library.func("int32_t krb5_cc_get_principal(void *context, void *cache, _Out_ void **principal)"),
    parseName: library.func("int32_t krb5_parse_name(void *context, const char *name, _Out_ void **principal)"),
    unparseName: library.func("int32_t krb5_unparse_name(void *context, void *principal, _Out_ ek_krb5_text *name)"),
    freePrincipal: library.func("void krb5_free_principal(void *context, void *principal)"),
    retrieve: library.func(
      "int32_t krb5_cc_retrieve_cred(void *context, void *cache, int32_t flags, ek_krb5_creds *wanted, void *found)",
    ),
    freeContents: library.func("void krb5_free_cred_contents(void *context, void *credentials)"),
    initialize: library.func("int32_t krb5_cc_initialize(void *context, void *cache, void *principal)"),
    store: library.func("int32_t krb5_cc_store_cred(void *context, void *cache, void *credentials)"),
  };
}
