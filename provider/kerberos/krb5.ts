import type { LibraryHandle } from "koffi";
import { koffi, loadLibrary } from "./gssapi";
import { failureInWords } from "./kerberos-failure";

/** An object of MIT's library, known by its address alone. */
export type Pointer = unknown;
/** What a function of the library returns: 0 for success (krb5_error_code). */
type Code = number;

/** A piece of work with the library below GSSAPI: its context, and all that has to be given back behind it. */
export class Krb5 {
  readonly library = krb5();
  readonly context: Pointer = null;
  /** What is to be given back, last things first. */
  readonly #after: (() => void)[] = [];

  /**
   * @param what for messages: "log on to Kerberos as …"
   * @throws ProviderError `kerberos` where krb5.conf cannot be read
   */
  constructor(private readonly what: string) {
    this.context = this.#out((pointer) => this.library.initContext(pointer));
    this.after(() => this.library.freeContext(this.context));
  }

  /** What a function gives through its pointer. @param release how it is given back */
  get(make: (pointer: [Pointer]) => Code, release: (pointer: Pointer) => void): Pointer {
    const pointer = this.#out(make);
    this.after(() => release(pointer));
    return pointer;
  }

  after(release: () => void): void {
    this.#after.unshift(release);
  }

  /** @throws ProviderError `kerberos`, `kerberos-refused`, with the library's words and the remedy */
  check(code: Code): void {
    if (code === 0) return;
    const words = this.context === null ? `error ${code}` : this.library.errorMessage(this.context, code);
    throw failureInWords(this.what, words);
  }

  /** @param name such as `MEMORY:…`. Default: this host's */
  cache(name: string | undefined): Pointer {
    const { library, context } = this;
    return this.get(
      (pointer) =>
        name === undefined ? library.defaultCache(context, pointer) : library.resolveCache(context, name, pointer),
      (pointer) => void library.closeCache(context, pointer),
    );
  }

  close(): void {
    for (const release of this.#after.splice(0)) release();
  }

  #out(make: (pointer: [Pointer]) => Code): Pointer {
    const pointer: [Pointer] = [null];
    this.check(make(pointer));
    return pointer[0];
  }
}

/** Runs a function that may ask a KDC. */
export function onAnotherThread(run: ReturnType<LibraryHandle["func"]>, ...arguments_: unknown[]): Promise<Code> {
  return new Promise((resolve, reject) => {
    run.async(...arguments_, (error: Error | null, code: Code) => (error === null ? resolve(code) : reject(error)));
  });
}

let loaded: ReturnType<typeof open> | undefined;

/** It is there wherever GSSAPI is. */
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

    parseName: library.func(
      "int32_t krb5_parse_name_flags(void *context, const char *name, int flags, _Out_ void **principal)",
    ),
    unparseName: library.func("int32_t krb5_unparse_name(void *context, void *principal, _Out_ ek_krb5_text *name)"),
    freePrincipal: library.func("void krb5_free_principal(void *context, void *principal)"),

    defaultCache: library.func("int32_t krb5_cc_default(void *context, _Out_ void **cache)"),
    resolveCache: library.func("int32_t krb5_cc_resolve(void *context, const char *name, _Out_ void **cache)"),
    closeCache: library.func("int32_t krb5_cc_close(void *context, void *cache)"),
    principalOf: library.func("int32_t krb5_cc_get_principal(void *context, void *cache, _Out_ void **principal)"),
    initialize: library.func("int32_t krb5_cc_initialize(void *context, void *cache, void *principal)"),
    store: library.func("int32_t krb5_cc_store_cred(void *context, void *cache, void *credentials)"),
    retrieve: library.func(
      "int32_t krb5_cc_retrieve_cred(void *context, void *cache, int32_t flags, ek_krb5_creds *wanted, void *found)",
    ),
    freeContents: library.func("void krb5_free_cred_contents(void *context, void *credentials)"),

    resolveKeytab: library.func("int32_t krb5_kt_resolve(void *context, const char *name, _Out_ void **keytab)"),
    closeKeytab: library.func("int32_t krb5_kt_close(void *context, void *keytab)"),

    newOptions: library.func("int32_t krb5_get_init_creds_opt_alloc(void *context, _Out_ void **options)"),
    freeOptions: library.func("void krb5_get_init_creds_opt_free(void *context, void *options)"),
    storeInto: library.func(
      "int32_t krb5_get_init_creds_opt_set_out_ccache(void *context, void *options, void *cache)",
    ),
    newLogon: library.func(
      "int32_t krb5_init_creds_init(void *context, void *client, void *prompter, void *data, int32_t start, void *options, _Out_ void **logon)",
    ),
    usePassword: library.func("int32_t krb5_init_creds_set_password(void *context, void *logon, uint8_t *password)"),
    useKeytab: library.func("int32_t krb5_init_creds_set_keytab(void *context, void *logon, void *keytab)"),
    logOn: library.func("int32_t krb5_init_creds_get(void *context, void *logon)"),
    freeLogon: library.func("void krb5_init_creds_free(void *context, void *logon)"),
  };
}
