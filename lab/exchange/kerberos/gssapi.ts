import koffi from "koffi";

/** GSS_C_ACCEPT, GSS_S_CONTINUE_NEEDED and the bits of an error (RFC 2744). */
export const acceptUsage = 2;
/** GSS_C_CHANNEL_BOUND_FLAG of MIT 1.19: the client bound the logon to the channel that the server named. */
export const channelBound = 2048;
export const continueNeeded = 1;
export const failed = (major: number) => (major & 0xffff0000) !== 0;

/** A buffer of the library, as it stands after a call. */
export interface GssBuffer {
  length: bigint | number;
  value: unknown;
}

export const emptyBuffer = (): GssBuffer => ({ length: 0, value: null });
export const bufferOf = (bytes: Uint8Array): GssBuffer => ({ length: bytes.length, value: bytes });

/** Runs a function that reports its minor status through a pointer. */
export function gssCall(run: (minor: [number]) => number): { minor: number; major: number } {
  const minor: [number] = [0];
  const major = run(minor);
  return { minor: minor[0], major };
}

/** A copy of a buffer that the library owns; the library's own is given back. */
export function take(buffer: GssBuffer): Buffer | undefined {
  const length = Number(buffer.length);
  if (length === 0) return undefined;
  const bytes = Buffer.from(koffi.decode(buffer.value, koffi.array("uint8_t", length, "Typed")) as Uint8Array);
  gssCall((status) => gssapi().releaseBuffer(status, buffer));
  return bytes;
}

let loaded: ReturnType<typeof open> | undefined;

/** MIT's GSSAPI, loaded when it is first needed. */
export function gssapi(): ReturnType<typeof open> {
  loaded ??= open();
  return loaded;
}

function open() {
  const library = koffi.load("libgssapi_krb5.so.2");
  koffi.struct("lab_gss_buffer", { length: "size_t", value: "void *" });
  koffi.struct("lab_gss_element", { key: "const char *", value: "const char *" });
  koffi.struct("lab_gss_store", { count: "uint32_t", elements: "lab_gss_element *" });
  koffi.struct("lab_gss_bindings", {
    initiatorType: "uint32_t",
    initiatorAddress: "lab_gss_buffer",
    acceptorType: "uint32_t",
    acceptorAddress: "lab_gss_buffer",
    applicationData: "lab_gss_buffer",
  });
  const define = (text: string) =>
    library.func(text.replaceAll("STATUS", "_Out_ uint32_t *minor")) as (...args: unknown[]) => number;
  return {
    acquireCredentialFrom: define(
      "uint32_t gss_acquire_cred_from(STATUS, void *name, uint32_t time, void *mechs, int usage, lab_gss_store *store, _Out_ void **credential, void *actual, void *lifetime)",
    ),
    acceptContext: define(
      "uint32_t gss_accept_sec_context(STATUS, _Inout_ void **context, void *credential, lab_gss_buffer *input, lab_gss_bindings *bindings, _Out_ void **name, void *mech, _Out_ lab_gss_buffer *output, _Out_ uint32_t *flags, void *lifetime, void *delegated)",
    ),
    wrap: define(
      "uint32_t gss_wrap(STATUS, void *context, int confidential, uint32_t quality, lab_gss_buffer *input, _Out_ int *sealed, _Out_ lab_gss_buffer *output)",
    ),
    unwrap: define(
      "uint32_t gss_unwrap(STATUS, void *context, lab_gss_buffer *input, _Out_ lab_gss_buffer *output, _Out_ int *sealed, void *quality)",
    ),
    displayName: define("uint32_t gss_display_name(STATUS, void *name, _Out_ lab_gss_buffer *text, void *type)"),
    releaseName: define("uint32_t gss_release_name(STATUS, _Inout_ void **name)"),
    releaseBuffer: define("uint32_t gss_release_buffer(STATUS, _Inout_ lab_gss_buffer *buffer)"),
    deleteContext: define("uint32_t gss_delete_sec_context(STATUS, _Inout_ void **context, void *output)"),
    releaseCredential: define("uint32_t gss_release_cred(STATUS, _Inout_ void **credential)"),
  };
}
