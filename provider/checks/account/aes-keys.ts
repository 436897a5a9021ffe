import { aesSince } from "../../directory/account-status";
import { heading } from "../check";
import { dayOf, fail, pass, unknown } from "../finding";
import { accountCheck } from "./on-account";

/** A password makes AES keys only when it is set where domain controllers know AES. */
export const accountAesKeys = accountCheck(
  "account-aes-keys",
  "The account's password is young enough to have AES keys",
  heading.createAccount,
  async ({ account, name, host, subject }) => {
    const since = await aesSince(subject.world.directory, account);
    const set = account.passwordLastSet;
    if (set === undefined) return [];
    if (since === undefined)
      return unknown(name, "the domain does not show since when it has AES keys.", undefined, host);
    if (Date.parse(set) < Date.parse(since)) {
      const seen = `its password is of ${dayOf(set)}; the domain makes AES keys since ${dayOf(since)}.`;
      return fail(name, seen, "Roll the password.", host);
    }
    return pass(name, `the password is of ${dayOf(set)}.`, host);
  },
);
