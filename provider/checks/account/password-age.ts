import { heading } from "../check";
import { day, dayOf, daysSince, pass, warn } from "../finding";
import { accountCheck } from "./on-account";

const defaultMaximum = 365;

export const accountPasswordAge = accountCheck(
  "account-password-age",
  "The account's password is not old",
  heading.maintain,
  async ({ account, name, host, subject }) => {
    const { passwordLastSet } = account;
    if (passwordLastSet === undefined) return [];
    const maximum = subject.selection.maxPasswordAgeDays ?? defaultMaximum;
    const age = daysSince(passwordLastSet);
    const seen = `its password is of ${dayOf(passwordLastSet)}, ${age} days old`;
    if (Date.now() - Date.parse(passwordLastSet) <= maximum * day) return pass(name, `${seen}.`, host);
    return warn(name, `${seen}; ${maximum} are allowed.`, "Roll the password: it goes to all servers first.", host);
  },
);
