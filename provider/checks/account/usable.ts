import { readAccountStatus } from "../../directory/account-status";
import { heading } from "../check";
import { dayOf, fail, pass, quoted } from "../finding";
import { accountCheck } from "./on-account";

export const accountUsable = accountCheck(
  "account-usable",
  "The account is enabled, and neither locked nor expired",
  heading.createAccount,
  async ({ account, name, host, subject }) => {
    const identity = quoted(account.distinguishedName);
    if (!account.enabled) return fail(name, "it is disabled.", `Enable-ADAccount -Identity ${identity}`, host);
    const status = await readAccountStatus(subject.world.directory, account);
    if (status.expires !== undefined && Date.parse(status.expires) < Date.now()) {
      const seen = `it has expired on ${dayOf(status.expires)}.`;
      return fail(name, seen, `Clear-ADAccountExpiration -Identity ${identity}`, host);
    }
    if (status.lockedOut) {
      const seen = "it is locked after wrong passwords.";
      return fail(name, seen, `Find who tries to log on with it, then Unlock-ADAccount -Identity ${identity}`, host);
    }
    if (status.passwordExpired || account.passwordLastSet === undefined) {
      return fail(name, "its password has expired.", "Roll the password, and take a computer account next time.", host);
    }
    return pass(name, "enabled.", host);
  },
);
