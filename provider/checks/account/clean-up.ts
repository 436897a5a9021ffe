import { readAccountStatus } from "../../directory/account-status";
import { heading } from "../check";
import { daysSince, pass, warn } from "../finding";
import { accountCheck } from "./on-account";

/** What clean-ups of stale computers take for a sign of life is usually not older than this. */
const staleDays = 90;

/** The account never logs on, so a clean-up of computers that nobody uses sees nothing but its password. */
export const accountCleanUp = accountCheck(
  "account-clean-up",
  "The account does not look like a computer that nobody uses",
  heading.createAccount,
  async ({ account, name, host, subject }) => {
    if (account.objectClass !== "computer" || account.passwordLastSet === undefined) return [];
    const { lastLogon } = await readAccountStatus(subject.world.directory, account);
    const signs = [account.passwordLastSet, ...(lastLogon === undefined ? [] : [lastLogon])];
    const age = Math.min(...signs.map(daysSince));
    if (age <= staleDays) return pass(name, `it was last changed ${age} days ago.`, host);
    return warn(
      name,
      `it has neither logged on nor got a password for ${age} days: clean-ups of stale computers take it for one.`,
      "Roll the password more often, and leave its organizational unit out of such scripts.",
      host,
    );
  },
);
