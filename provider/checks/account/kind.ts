import { heading } from "../check";
import { fail, pass, warn } from "../finding";
import { accountCheck } from "./on-account";

const replace = "Make a computer account of its own for this, and deploy that.";

export const accountKind = accountCheck(
  "account-kind",
  "The account is a computer account of its own",
  heading.createAccount,
  async ({ account, name, host }) => {
    const { objectClass } = account;
    if (objectClass === "msDS-GroupManagedServiceAccount" || objectClass === "msDS-ManagedServiceAccount") {
      const seen = "it is a managed service account, whose password no Exchange server can be given.";
      return fail(name, seen, replace, host);
    }
    if (objectClass !== "computer" && objectClass !== "user")
      return fail(name, `it is a ${objectClass}.`, replace, host);
    if (account.isDomainController) return fail(name, "it is a domain controller.", replace, host);
    if (account.isTrust) return fail(name, "it is the account of a trust.", replace, host);
    if (account.dnsHostName !== undefined) {
      const seen = `it is the account of a computer, ${account.dnsHostName}, which every roll of the password cuts off.`;
      return fail(name, seen, replace, host);
    }
    if (objectClass === "computer") return pass(name, "computer.", host);
    const seen = "it is a user account: it can log on interactively, and its password may expire.";
    return warn(name, seen, "Microsoft recommends a computer account.", host);
  },
);
