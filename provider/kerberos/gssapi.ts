import type { LibraryHandle } from "koffi";
import { ProviderError } from "../error";

/** A buffer of the library, as it stands after a call. */
export interface GssBuffer {
  length: bigint | number;
  value: unknown;
}

export const emptyBuffer = (): GssBuffer => ({ length: 0, value: null });
export const bufferOf = (bytes: Uint8Array): GssBuffer => ({ length: bytes.length, value: bytes });

/** GSS_S_CONTINUE_NEEDED, and the bits of a major status that mean an error (RFC 2744, section 3.9.1). */
export const continueNeeded = 1;
export const failed = (major: number): boolean => (major & 0xffff0000) !== 0;

export interface Status {
  readonly major: number;
  readonly minor: number;
}

type Function = (...arguments_: unknown[]) => number;

/** Runs a quick function, which reports its minor status through its first parameter. */
export function call(run: Function, ...arguments_: unknown[]): Status {
  const minor: [number] = [0];
  const major = run(minor, ...arguments_);
  return { major, minor: minor[0] };
}

/** The same on another thread, for functions that may ask a KDC. */
export function callAsync(run: Function, ...arguments_: unknown[]): Promise<Status> {
  const minor: [number] = [0];
  return new Promise((resolve, reject) => {
    (run as ReturnType<LibraryHandle["func"]>).async(minor, ...arguments_, (error: Error | null, major: number) => {
      if (error === null) resolve({ major, minor: minor[0] });
      else reject(error);
    });
  });
}

/** A copy of a buffer that the library owns; the library's own is given back. */
export function take(buffer: GssBuffer): Buffer {
  const length = Number(buffer.length);
  if (length === 0) return Buffer.alloc(0);
  const { array, decode } = koffi();
  const bytes = Buffer.from(decode(buffer.value, array("uint8_t", length, "Typed")) as Uint8Array);
  call(gssapi().releaseBuffer, buffer);
  return bytes;
}

let loaded: ReturnType<typeof open> | undefined;

/**
 * MIT's GSSAPI (RFC 2743, RFC 2744), loaded when it is first needed: who has no use for Kerberos needs no library.
 * @throws ProviderError `kerberos` where there is none
 */
export function gssapi(): ReturnType<typeof open> {
  loaded ??= open();
  return loaded;
}

const withoutIt = "or set a username and password, and for Exchange HTTPS with exchangeAuthentication: basic.";

/**
 * What calls libraries of this host. It has a binary part for each kind of system, and not for all: who has no use for it needs none.
 * @throws ProviderError `kerberos` where there is none
 */
export function koffi(): typeof import("koffi") {
  try {
    return require("koffi") as typeof import("koffi");
  } catch (cause) {
    throw new ProviderError(
      "kerberos",
      "The package koffi, which calls this host's Kerberos library, cannot be loaded.",
      {
        hint: `Install with optional dependencies, on a system that it has a build for, ${withoutIt}`,
        cause,
      },
    );
  }
}

/**
 * @param base its name without the system's own beginning and end
 * @param version that of its interface
 * @throws ProviderError `kerberos` where this host does not have it
 */
export function loadLibrary(base: string, version: number): LibraryHandle {
  const { load } = koffi();
  const name = process.platform === "darwin" ? `lib${base}.dylib` : `lib${base}.so.${version}`;
  try {
    return load(name);
  } catch (cause) {
    throw new ProviderError("kerberos", `This host has no Kerberos library (${name}).`, {
      hint: `Install MIT Kerberos (Debian: apt-get install libgssapi-krb5-2; Red Hat: dnf install krb5-libs), ${withoutIt}`,
      cause,
    });
  }
}

function open() {
  const library = loadLibrary("gssapi_krb5", 2);
  const { struct } = koffi();
  struct("ek_gss_buffer", { length: "size_t", value: "void *" });
  struct("ek_gss_oid", { length: "uint32_t", elements: "void *" });
  struct("ek_gss_oid_set", { count: "size_t", elements: "ek_gss_oid *" });
  struct("ek_gss_element", { key: "const char *", value: "const char *" });
  struct("ek_gss_store", { count: "uint32_t", elements: "ek_gss_element *" });
  struct("ek_gss_bindings", {
    initiatorAddressType: "uint32_t",
    initiatorAddress: "ek_gss_buffer",
    acceptorAddressType: "uint32_t",
    acceptorAddress: "ek_gss_buffer",
    applicationData: "ek_gss_buffer",
  });
  const define = (name: string, parameters: string): Function =>
    library.func(`uint32_t ${name}(_Out_ uint32_t *minor, ${parameters})`) as Function;
  return {
    importName: define("gss_import_name", "ek_gss_buffer *text, ek_gss_oid *type, _Out_ void **name"),
    acquireCredentialFrom: define(
      "gss_acquire_cred_from",
      "void *name, uint32_t time, ek_gss_oid_set *mechs, int usage, ek_gss_store *store, _Out_ void **credential, void *actual, void *lifetime",
    ),
    initContext: define(
      "gss_init_sec_context",
      "void *credential, _Inout_ void **context, void *name, ek_gss_oid *mech, uint32_t flags, uint32_t time, ek_gss_bindings *bindings, ek_gss_buffer *input, void *actual, _Out_ ek_gss_buffer *output, _Out_ uint32_t *granted, _Out_ uint32_t *lifetime",
    ),
    wrap: define(
      "gss_wrap",
      "void *context, int confidential, uint32_t quality, ek_gss_buffer *input, _Out_ int *sealed, _Out_ ek_gss_buffer *output",
    ),
    unwrap: define(
      "gss_unwrap",
      "void *context, ek_gss_buffer *input, _Out_ ek_gss_buffer *output, _Out_ int *sealed, void *quality",
    ),
    setCredentialOption: define(
      "gss_set_cred_option",
      "_Inout_ void **credential, ek_gss_oid *option, ek_gss_buffer *value",
    ),
    displayStatus: define(
      "gss_display_status",
      "uint32_t status, int type, ek_gss_oid *mech, _Inout_ uint32_t *context, _Out_ ek_gss_buffer *text",
    ),
    releaseName: define("gss_release_name", "_Inout_ void **name"),
    releaseBuffer: define("gss_release_buffer", "_Inout_ ek_gss_buffer *buffer"),
    deleteContext: define("gss_delete_sec_context", "_Inout_ void **context, void *output"),
    releaseCredential: define("gss_release_cred", "_Inout_ void **credential"),
  };
}

/** An object identifier as the library wants it: the DER of its value. */
function objectIdentifier(hexadecimal: string): { length: number; elements: Buffer } {
  const elements = Buffer.from(hexadecimal, "hex");
  return { length: elements.length, elements };
}

/** 1.3.6.1.5.5.2 (RFC 4178) and 1.2.840.113554.1.2.2 (RFC 4121). */
export const mechanisms = {
  spnego: objectIdentifier("2b0601050502"),
  kerberos: objectIdentifier("2a864886f712010202"),
} as const;
export type Mechanism = keyof typeof mechanisms;

/**
 * GSS_KRB5_CRED_NO_CI_FLAGS_X, 1.2.752.43.13.29: a credential whose contexts offer neither signing nor sealing. MIT's library
 * offers both otherwise, whatever it is asked for.
 */
export const withoutProtection = objectIdentifier("2a85702b0d1d");

/** GSS_KRB5_NT_PRINCIPAL_NAME, 1.2.840.113554.1.2.2.1 (RFC 1964, section 2.1.1). */
const principalName = objectIdentifier("2a864886f71201020201");

/** A principal's name, to be given back by {@link releaseName}. */
export function importPrincipal(principal: string): { readonly name: unknown; readonly status: Status } {
  const name: [unknown] = [null];
  const status = call(gssapi().importName, bufferOf(Buffer.from(principal, "utf8")), principalName, name);
  return { name: name[0], status };
}

export function releaseName(name: unknown): void {
  if (name !== null) call(gssapi().releaseName, [name]);
}
