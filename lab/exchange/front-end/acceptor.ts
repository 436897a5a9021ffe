import koffi from "koffi";

/** A security context that a client has opened. */
export interface AcceptedClient {
  /** Kerberos principal, e.g. `wendy@USERS.CONTOSO.COM`. */
  readonly principal: string;
  /** What goes back to the client: the proof that the server is who it says. */
  readonly reply: Buffer | undefined;
}

/** Accepts the one token of a Kerberos client, bare or inside SPNEGO, with the keys of a keytab and no others. */
export class KerberosAcceptor {
  private readonly library = load();
  private readonly credential: unknown;

  /** @param keytab Path of the keytab. The key is what decides: neither the name in a ticket nor the key version has to match. */
  constructor(keytab: string) {
    const { acquireCredentialFrom } = this.library;
    const credential: [unknown] = [null];
    const store = { count: 1, elements: [{ key: "keytab", value: `FILE:${keytab}` }] };
    const [minor, major] = call((status) =>
      acquireCredentialFrom(status, null, 0xffffffff, null, accept, store, credential, null, null),
    );
    if (failed(major)) throw new Error(`The keytab ${keytab} cannot be used (GSSAPI ${major.toString(16)}, ${minor}).`);
    this.credential = credential[0];
  }

  /** @returns The client, or undefined when no key opens the ticket or the client would need another round. */
  accept(token: Buffer): AcceptedClient | undefined {
    const { acceptContext, displayName, releaseName, releaseBuffer, deleteContext } = this.library;
    const context: [unknown] = [null];
    const name: [unknown] = [null];
    const output = { length: 0n, value: null };
    const [, major] = call((status) =>
      acceptContext(
        status,
        context,
        this.credential,
        { length: token.length, value: token },
        null,
        name,
        null,
        output,
        null,
        null,
        null,
      ),
    );
    try {
      if (failed(major) || (major & continueNeeded) !== 0) return undefined;
      const text = { length: 0n, value: null };
      call((status) => displayName(status, name[0], text, null));
      const principal = take(text)?.toString("utf8") ?? "";
      call((status) => releaseBuffer(status, text));
      return { principal, reply: take(output) };
    } finally {
      call((status) => releaseBuffer(status, output));
      if (name[0] !== null) call((status) => releaseName(status, name));
      if (context[0] !== null) call((status) => deleteContext(status, context, null));
    }
  }

  close(): void {
    call((status) => this.library.releaseCredential(status, [this.credential]));
  }
}

/** GSS_C_ACCEPT, GSS_S_CONTINUE_NEEDED and the bits of an error (RFC 2744). */
const accept = 2;
const continueNeeded = 1;
const failed = (major: number) => (major & 0xffff0000) !== 0;

function call(run: (minor: [number]) => number): [minor: number, major: number] {
  const minor: [number] = [0];
  const major = run(minor);
  return [minor[0], major];
}

/** A copy of a buffer that the library owns. */
function take(buffer: { length: bigint | number; value: unknown }): Buffer | undefined {
  const length = Number(buffer.length);
  if (length === 0) return undefined;
  return Buffer.from(koffi.decode(buffer.value, koffi.array("uint8_t", length, "Typed")) as Uint8Array);
}

type Library = ReturnType<typeof open>;
let loaded: Library | undefined;

function load(): Library {
  loaded ??= open();
  return loaded;
}

function open() {
  const gssapi = koffi.load("libgssapi_krb5.so.2");
  koffi.struct("lab_gss_buffer", { length: "size_t", value: "void *" });
  koffi.struct("lab_gss_element", { key: "const char *", value: "const char *" });
  koffi.struct("lab_gss_store", { count: "uint32_t", elements: "lab_gss_element *" });
  const define = (text: string) => gssapi.func(text) as (...args: unknown[]) => number;
  return {
    acquireCredentialFrom: define(
      "uint32_t gss_acquire_cred_from(_Out_ uint32_t *minor, void *name, uint32_t time, void *mechs, int usage, lab_gss_store *store, _Out_ void **credential, void *actual, void *lifetime)",
    ),
    acceptContext: define(
      "uint32_t gss_accept_sec_context(_Out_ uint32_t *minor, _Inout_ void **context, void *credential, lab_gss_buffer *input, void *bindings, _Out_ void **name, void *mech, _Out_ lab_gss_buffer *output, void *flags, void *lifetime, void *delegated)",
    ),
    displayName: define(
      "uint32_t gss_display_name(_Out_ uint32_t *minor, void *name, _Out_ lab_gss_buffer *text, void *type)",
    ),
    releaseName: define("uint32_t gss_release_name(_Out_ uint32_t *minor, _Inout_ void **name)"),
    releaseBuffer: define("uint32_t gss_release_buffer(_Out_ uint32_t *minor, _Inout_ lab_gss_buffer *buffer)"),
    deleteContext: define(
      "uint32_t gss_delete_sec_context(_Out_ uint32_t *minor, _Inout_ void **context, void *output)",
    ),
    releaseCredential: define("uint32_t gss_release_cred(_Out_ uint32_t *minor, _Inout_ void **credential)"),
  };
}
