import { sameSpn } from "../../directory/service-principal-name";
import { spnHolders } from "../../directory/spn-holders";
import { type Check, heading } from "../check";
import { fail, pass, warn } from "../finding";

export const spnOnAccount: Check = {
  id: "spn-on-account",
  name: "Every name's SPN is on the account",
  heading: heading.associateNames,
  async run(subject) {
    const [name, account, hostNames] = await Promise.all([
      subject.accountName(),
      subject.account(),
      subject.hostNames(),
    ]);
    if (name === undefined || account === undefined) return [];
    const { directory } = subject.world;
    const { host } = await directory.domainController();
    const findings = hostNames.map(async (hostName) => {
      const spn = `http/${hostName}`;
      if (account.servicePrincipalNames.some((one) => sameSpn(one, spn))) return [pass(hostName, `${spn}.`, host)];
      const holders = await spnHolders(directory, spn);
      // Who else has it has to give it up first: spn-other-holder says so.
      if (holders.some(({ guid }) => guid !== account.guid)) return [];
      const add = `setspn -S ${spn} ${name}`;
      const alias = holders.find(({ byAlias }) => byAlias)?.servicePrincipalName;
      if (alias === undefined) return [fail(hostName, `no account has ${spn}.`, add, host)];
      const seen = `the account has no ${spn}, but ${alias}, which stands for that and for much else.`;
      return [warn(hostName, seen, `${add}, and then: setspn -D ${alias} ${name}`, host)];
    });
    return (await Promise.all(findings)).flat();
  },
};
