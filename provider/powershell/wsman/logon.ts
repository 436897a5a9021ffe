import { Credential, type Identity, type Mechanism } from "../../kerberos";

/** One Kerberos logon for all connections of a session: each would ask the KDC for tickets again. */
export class Logon {
  readonly #identity: Identity;
  readonly #credentials = new Map<Mechanism, Promise<Credential>>();

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** @throws ProviderError `kerberos`; the next call tries again */
  credential(mechanism: Mechanism): Promise<Credential> {
    const known = this.#credentials.get(mechanism);
    if (known !== undefined) return known;
    const acquired = Credential.acquire(this.#identity, mechanism);
    this.#credentials.set(mechanism, acquired);
    acquired.catch(() => this.#credentials.delete(mechanism));
    return acquired;
  }

  /** Idempotent, never throws. */
  close(): void {
    for (const acquired of this.#credentials.values())
      acquired.then((credential) => credential.close()).catch(() => {});
    this.#credentials.clear();
  }
}
