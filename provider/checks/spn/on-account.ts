import { sameSpn } from "../../directory/service-principal-name";
import { spnHolders } from "../../directory/spn-holders";
import { type Check, heading } from "../check";
import { fail, pass } from "../finding";

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
      // Who else has it has to give it up first: spn-other-holder says so.
      if ((await spnHolders(directory, spn)).length > 0) return [];
      return [fail(hostName, `no account has ${spn}.`, `setspn -S ${spn} ${name}`, host)];
    });
    return (await Promise.all(findings)).flat();
  },
};
