import type { Account } from "../../directory/accounts";
import { ProviderError } from "../../error";
import type { Check, Finding, Heading } from "../check";
import { unknown } from "../finding";
import type { Subject } from "../subject";

/** What a check of the account gets: where there is no account, `account-exists` says so and the others say nothing. */
export interface Looked {
  readonly account: Account;
  /** `TAILSPIN\EXCH2016ASA$` */
  readonly name: string;
  /** The domain controller that was asked. */
  readonly host: string;
  readonly subject: Subject;
}

/** A check of the one account. */
export function accountCheck(
  id: `account-${string}`,
  name: string,
  heading: Heading,
  look: (looked: Looked) => Promise<Finding | readonly Finding[]>,
): Check {
  return {
    id,
    name,
    heading,
    async run(subject) {
      const [qualifiedName, account] = await Promise.all([subject.accountName(), subject.account()]);
      if (qualifiedName === undefined || account === undefined) return [];
      const { host } = await subject.world.directory.domainController();
      try {
        return [await look({ account, name: qualifiedName, host, subject })].flat();
      } catch (thrown) {
        // It is about the account all the same, not about the domain.
        return [unknown(qualifiedName, ProviderError.from(thrown).message, undefined, host)];
      }
    },
  };
}
