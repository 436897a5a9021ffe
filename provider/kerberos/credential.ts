import { randomUUID } from "node:crypto";
import { accessSync, constants } from "node:fs";
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
  type Status,
  withoutProtection,
} from "./gssapi";
import type { Identity, Secret } from "./identity";
import { kerberosFailure } from "./kerberos-failure";
import { copyLogonTicket } from "./logon-ticket";

/** GSS_C_INITIATE and GSS_C_INDEFINITE. */
const initiate = 1;
const indefinite = 0xffffffff;

export interface CredentialOptions {
  /**
   * Whether its contexts may sign and seal. Inside TLS domain controllers refuse who offers it. Default true.
   */
  readonly protection?: boolean | undefined;
  /**
   * Whether every ticket for a service is got from the KDC anew: one that stands in this host's cache may be of hours ago, and
   * of another password of the service. Default false.
   */
  readonly fresh?: boolean | undefined;
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
    { protection = true, fresh = false }: CredentialOptions = {},
  ): Promise<Credential> {
    // Kerberos first: SPNEGO only says that it has no mechanism, and to ask the KDC again for its words would be a second
    // try with a wrong password.
    const { pointer, from } = await acquire(identity, fresh);
    let credential = new Credential("kerberos", pointer);
    if (mechanism === "spnego") credential = await credential.#forSpnego(from, identity.kind === "password");
    if (!protection) credential.#offerNoProtection();
    return credential;
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

  /** The same tickets for SPNEGO, in place of this credential. */
  async #forSpnego(from: Store, hidden: boolean): Promise<Credential> {
    const pointer: [unknown] = [null];
    try {
      // What a password got is in a cache that nobody else can name.
      if (hidden) {
        const what = [this.pointer, initiate, mechanisms.kerberos];
        const stored = call(gssapi().storeCredentialInto, ...what, ...[1, 0, from, null, null]);
        if (failed(stored.major)) throw kerberosFailure("keep a ticket", "kerberos", stored);
      }
      const status = await acquireFrom(null, "spnego", from, pointer);
      if (failed(status.major)) throw kerberosFailure("use Kerberos inside SPNEGO", "spnego", status);
      return new Credential("spnego", pointer[0]);
    } finally {
      this.close();
    }
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

/** What the library is asked with: a store of credentials by its elements (RFC 5588 and MIT's keys). */
function store(elements: Readonly<Record<string, string | undefined>>) {
  const pairs = Object.entries(elements).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
  return { count: pairs.length, elements: pairs };
}
type Store = ReturnType<typeof store>;

function acquireFrom(name: unknown, mechanism: Mechanism, from: Store, pointer: [unknown]): Promise<Status> {
  const set = { count: 1, elements: [mechanisms[mechanism]] };
  return callAsync(gssapi().acquireCredentialFrom, name, indefinite, set, initiate, from, pointer, null, null);
}

/** The library's credential, and where it has its tickets from. */
interface Acquired {
  readonly pointer: unknown;
  readonly from: Store;
}

async function acquire(identity: Identity, fresh: boolean): Promise<Acquired> {
  const pointer: [unknown] = [null];
  if (identity.kind === "cache") {
    const { cache } = identity;
    const from = store({ ccache: fresh ? copyLogonTicket(cache) : cache });
    const status = await acquireFrom(null, "kerberos", from, pointer);
    const what = `use ${cache === undefined ? "this host's credential cache" : `the credential cache ${cache}`}`;
    if (failed(status.major)) throw kerberosFailure(what, "kerberos", status);
    return { pointer: pointer[0], from };
  }
  const { principal } = identity;
  const { name, status: imported } = importPrincipal(principal);
  if (failed(imported.major)) throw kerberosFailure(`use the name ${principal}`, "kerberos", imported);
  // A cache of its own in memory, so that the tickets of others stay what they are.
  const ccache = `MEMORY:${randomUUID()}`;
  try {
    if (identity.kind === "password") {
      const status = await withPassword(identity.password, name, pointer);
      if (failed(status.major)) throw kerberosFailure(`log on to Kerberos as ${principal}`, "kerberos", status);
      return { pointer: pointer[0], from: store({ ccache }) };
    }
    const from = store({ client_keytab: `FILE:${readable(identity)}`, ccache });
    const status = await acquireFrom(name, "kerberos", from, pointer);
    if (failed(status.major)) throw keytabFailure(identity, status);
    return { pointer: pointer[0], from };
  } finally {
    releaseName(name);
  }
}

type KeytabIdentity = Extract<Identity, { readonly kind: "keytab" }>;

function readable({ keytab, principal }: KeytabIdentity): string {
  try {
    accessSync(keytab, constants.R_OK);
    return keytab;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ProviderError("kerberos", `The keytab ${keytab}, for ${principal}, cannot be read (${code}).`, {
      hint: "Check the path, and that this process may read the file.",
      cause,
    });
  }
}

/** Where a keytab has no key of the user, the library goes on to our own cache and only says that it is empty. */
function keytabFailure({ keytab, principal }: KeytabIdentity, status: Status): ProviderError {
  const failure = kerberosFailure(`log on to Kerberos as ${principal}`, "kerberos", status);
  if (!/credentials cache/i.test(failure.message)) return failure;
  return new ProviderError("kerberos", `The keytab ${keytab} has no key of ${principal}.`, {
    hint: "Look at it with klist -k -e: the name must stand there letter for letter.",
    cause: failure,
  });
}

async function withPassword(password: Secret, name: unknown, pointer: [unknown]): Promise<Status> {
  const bytes = Buffer.from(password.reveal(), "utf8");
  const set = { count: 1, elements: [mechanisms.kerberos] };
  try {
    return await callAsync(
      gssapi().acquireCredentialWithPassword,
      ...[name, bufferOf(bytes), indefinite, set, initiate, pointer, null, null],
    );
  } finally {
    bytes.fill(0);
  }
}
