import { randomUUID } from "node:crypto";
import { ProviderError } from "../error";
import {
  bufferOf,
  call,
  callAsync,
  emptyBuffer,
  failed,
  gssapi,
  importPrincipal,
  type Mechanism,
  mechanisms,
  releaseName,
  withoutProtection,
} from "./gssapi";
import type { Identity, Secret } from "./identity";
import { kerberosFailure } from "./kerberos-failure";

/** GSS_C_INITIATE and GSS_C_INDEFINITE. */
const initiate = 1;
const indefinite = 0xffffffff;

export interface CredentialOptions {
  /**
   * Whether its contexts may sign and seal. Inside TLS domain controllers refuse who offers it. Default true.
   */
  readonly protection?: boolean | undefined;
}

/** The library's hold on an identity. Getting it with a password or a keytab asks the KDC. */
export class Credential {
  private users = 0;
  private closed = false;

  constructor(
    readonly mechanism: Mechanism,
    private pointer: unknown,
  ) {}

  /**
   * @param mechanism What it will be used with: SPNEGO wants credentials of its own.
   * @throws ProviderError `kerberos` with the KDC's or the library's words and the remedy; `kerberos-refused` where the name,
   *   the password or the key is wrong
   */
  static async acquire(
    identity: Identity,
    mechanism: Mechanism,
    { protection = true }: CredentialOptions = {},
  ): Promise<Credential> {
    try {
      const credential = await acquire(identity, mechanism);
      if (!protection) credential.#offerNoProtection();
      return credential;
    } catch (error) {
      // SPNEGO only says that it has no mechanism; Kerberos says why.
      if (mechanism === "spnego") (await acquire(identity, "kerberos")).close();
      throw error;
    }
  }

  /** Runs a call of the library with the pointer; a {@link close} meanwhile takes effect behind it, for the call is on another thread. */
  async use<T>(work: (pointer: unknown) => Promise<T>): Promise<T> {
    if (this.closed) throw new ProviderError("kerberos", "The Kerberos logon is closed.");
    this.users += 1;
    try {
      return await work(this.pointer);
    } finally {
      this.users -= 1;
      this.release();
    }
  }

  /** Gives the tickets back; it can be used no more. Idempotent. */
  close(): void {
    this.closed = true;
    this.release();
  }

  #offerNoProtection(): void {
    const pointer: [unknown] = [this.pointer];
    const status = call(gssapi().setCredentialOption, pointer, withoutProtection, emptyBuffer());
    if (!failed(status.major)) return;
    this.close();
    throw kerberosFailure("do without signing and sealing", this.mechanism, status);
  }

  private release(): void {
    if (!this.closed || this.users > 0 || this.pointer === null) return;
    call(gssapi().releaseCredential, [this.pointer]);
    this.pointer = null;
  }
}

async function acquire(identity: Identity, mechanism: Mechanism): Promise<Credential> {
  const set = { count: 1, elements: [mechanisms[mechanism]] };
  const pointer: [unknown] = [null];
  const from = (name: unknown, elements: ReturnType<typeof store>) =>
    callAsync(gssapi().acquireCredentialFrom, name, indefinite, set, initiate, elements, pointer, null, null);
  if (identity.kind === "cache") {
    const { cache } = identity;
    const status = await from(null, store(cache === undefined ? {} : { ccache: cache }));
    const what = `use ${cache === undefined ? "this host's credential cache" : `the credential cache ${cache}`}`;
    if (failed(status.major)) throw kerberosFailure(what, mechanism, status);
    return new Credential(mechanism, pointer[0]);
  }
  const { principal } = identity;
  const { name, status: imported } = importPrincipal(principal);
  if (failed(imported.major)) throw kerberosFailure(`use the name ${principal}`, "kerberos", imported);
  try {
    const status =
      identity.kind === "password"
        ? await withPassword(identity.password, name, set, pointer)
        : await from(name, keytabStore(identity.keytab));
    if (failed(status.major)) throw kerberosFailure(`log on to Kerberos as ${principal}`, mechanism, status);
    return new Credential(mechanism, pointer[0]);
  } finally {
    releaseName(name);
  }
}

function store(elements: Readonly<Record<string, string>>) {
  const pairs = Object.entries(elements).map(([key, value]) => ({ key, value }));
  return { count: pairs.length, elements: pairs };
}

/** A cache of its own in memory, so that the tickets of others stay what they are. */
function keytabStore(keytab: string) {
  return store({ client_keytab: `FILE:${keytab}`, ccache: `MEMORY:${randomUUID()}` });
}

async function withPassword(password: Secret, name: unknown, set: unknown, pointer: [unknown]) {
  const bytes = Buffer.from(password.reveal(), "utf8");
  try {
    return await callAsync(
      gssapi().acquireCredentialWithPassword,
      ...[name, bufferOf(bytes), indefinite, set, initiate, pointer, null, null],
    );
  } finally {
    bytes.fill(0);
  }
}
