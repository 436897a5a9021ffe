import { type Check, heading } from "../check";
import { fail, pass, unknown } from "../finding";

export const accountExists: Check = {
  id: "account-exists",
  name: "The account exists",
  heading: heading.createAccount,
  async run(subject) {
    const [name, account] = await Promise.all([subject.accountName(), subject.account()]);
    const { host } = await subject.world.directory.domainController();
    if (name === undefined) {
      const { answered, silent } = await subject.servers();
      if (answered.length === 0 && silent.size > 0) {
        return [unknown(subject.world.settings.domain, "no server says whose credential it holds, and none is named.")];
      }
      return [
        fail(
          subject.world.settings.domain,
          "no server holds an alternate service account, and none is named.",
          "Make the account and deploy it; or name it with --account to look at what is there already.",
        ),
      ];
    }
    if (account === undefined) {
      const remedy =
        subject.selection.account === undefined
          ? "Make it again and deploy it; if another account is meant, take this one off the servers."
          : "Look at what was named (--account): the name of a computer's account ends in $. If it is gone, make it again and deploy it.";
      return [fail(name, "the domain has no such account.", remedy, host)];
    }
    return [pass(name, `${account.distinguishedName}.`, host)];
  },
};
