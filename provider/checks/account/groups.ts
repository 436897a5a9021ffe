import { privilegedGroups } from "../../directory/privileged-groups";
import { heading } from "../check";
import { pass, unknown, warn } from "../finding";
import { accountCheck } from "./on-account";

export const accountGroups = accountCheck(
  "account-groups",
  "The account is in no privileged group",
  heading.createAccount,
  async ({ account, name, host, subject }) => {
    const groups = await privilegedGroups(subject.world.directory, account);
    if (groups === undefined) {
      const seen = "this user may not see which groups it is in (tokenGroups).";
      return unknown(name, seen, 'Grant the connection\'s user "Read all properties" on it.', host);
    }
    if (groups.length === 0) return pass(name, "no privileged group.", host);
    const needed = `Domain ${account.objectClass === "computer" ? "Computers" : "Users"}`;
    const seen = `it is in ${groups.join(", ")}, and every Exchange server knows its password.`;
    return warn(name, seen, `Take it out: it needs no more than ${needed}.`, host);
  },
);
