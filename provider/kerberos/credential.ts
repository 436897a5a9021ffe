import { ProviderError } from "../error";
import { call, callAsync, emptyBuffer, failed, gssapi, type Mechanism, mechanisms, withoutProtection } from "./gssapi";
import type { Identity } from "./identity";
import { kerberosFailure } from "./kerberos-failure";
import { copyLogonTicket, getLogonTicket } from "./logon-ticket";

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
    const from = await storeOf(identity, fresh);
    // Kerberos first: SPNEGO only says that it has no mechanism.
    let credential = await Credential.#from(from, "kerberos", whereOf(identity));
    if (mechanism === "spnego") {
      credential.close();
      credential = await Credential.#from(from, "spnego", "Kerberos inside SPNEGO");
    }
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

  static async #from(from: Store, mechanism: Mechanism, where: string): Promise<Credential> {
    const pointer: [unknown] = [null];
    const set = { count: 1, elements: [mechanisms[mechanism]] };
    const status = await callAsync(
      gssapi().acquireCredentialFrom,
      ...[null, indefinite, set, initiate, from, pointer, null, null],
    );
    if (failed(status.major)) throw kerberosFailure(`use ${where}`, mechanism, status);
    return new Credential(mechanism, pointer[0]);
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
function store(ccache: string | undefined) {
  return ccache === undefined ? { count: 0, elements: [] } : { count: 1, elements: [{ key: "ccache", value: ccache }] };
}
type Store = ReturnType<typeof store>;

/** Where the tickets of an identity are. A logon has a cache of its own in memory, so that the tickets of others stay what they are. */
async function storeOf(identity: Identity, fresh: boolean): Promise<Store> {
  if (identity.kind !== "cache") return store(await getLogonTicket(identity));
  return store(fresh ? copyLogonTicket(identity.cache) : identity.cache);
}

function whereOf(identity: Identity): string {
  if (identity.kind !== "cache") return `the ticket of ${identity.principal}`;
  return identity.cache === undefined ? "this host's credential cache" : `the credential cache ${identity.cache}`;
}
