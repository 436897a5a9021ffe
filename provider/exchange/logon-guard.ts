import { noFurtherLogon } from "../directory/ldap-failure";
import { type ErrorCode, ProviderError } from "../error";

const refusals: ReadonlySet<ErrorCode> = new Set(["kerberos-refused", "password-refused"]);

/**
 * Lets a name and its secret be tried once: many servers are worked with at the same time, and a wrong password that each of
 * them tries locks the account. Until they were taken somewhere logons go one after the other, and once they were refused none goes.
 */
export class LogonGuard {
  #taken = false;
  #refusal: ProviderError | undefined;
  /** The one that finds out. */
  #first: Promise<void> | undefined;

  /** @throws ProviderError what the logon throws; the refusal of an earlier one */
  async run<T>(logOn: () => Promise<T>): Promise<T> {
    while (!this.#taken && this.#first !== undefined) await this.#first;
    const tried = this.#try(logOn);
    if (!this.#taken) {
      const settled = () => {
        this.#first = undefined;
      };
      this.#first = tried.then(settled, settled);
    }
    return tried;
  }

  async #try<T>(logOn: () => Promise<T>): Promise<T> {
    if (this.#refusal !== undefined) throw this.#refusal;
    try {
      const session = await logOn();
      this.#taken = true;
      return session;
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      if (!refusals.has(error.code)) throw error;
      this.#refusal = new ProviderError(error.code, error.message, { hint: noFurtherLogon, cause: error });
      throw this.#refusal;
    }
  }
}
