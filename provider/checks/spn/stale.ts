import { parseServicePrincipalName, sameSpn } from "../../directory/service-principal-name";
import { spnHolders } from "../../directory/spn-holders";
import { type Check, heading } from "../check";
import { pass, someOf, warn } from "../finding";

/** SPNs that are named; the account itself lists all. */
const named = 20;

export const spnStale: Check = {
  id: "spn-stale",
  name: "The account has no SPN that clients do not need",
  heading: heading.identifyNames,
  async run(subject) {
    // Who looks at a part of the names or of the servers does not see who needs the others.
    if (subject.selection.hostNames !== undefined || subject.selection.servers !== undefined) return [];
    const [name, account, hostNames] = await Promise.all([
      subject.accountName(),
      subject.account(),
      subject.hostNames(),
    ]);
    if (name === undefined || account === undefined) return [];
    const { directory } = subject.world;
    const { host } = await directory.domainController();
    const own = (spn: string) => account.servicePrincipalNames.some((one) => sameSpn(one, spn));
    const lacking = hostNames.map((hostName) => `http/${hostName}`).filter((spn) => !own(spn));
    const holders = (await Promise.all(lacking.map((spn) => spnHolders(directory, spn)))).flat();
    // By these it answers to a name as long as that has none of its own: spn-on-account says so.
    const standIns = holders.filter(({ guid }) => guid === account.guid).map((one) => one.servicePrincipalName);
    const stale = account.servicePrincipalNames.filter((spn) => {
      const parts = parseServicePrincipalName(spn);
      const needed = parts?.serviceClass.toLowerCase() === "http" && parts.port === undefined;
      return !standIns.includes(spn) && !(needed && hostNames.includes(parts.host.toLowerCase()));
    });
    if (stale.length === 0) return [pass(name, `${account.servicePrincipalNames.length} SPNs, all in use.`, host)];
    return [warn(name, `no client needs ${someOf(stale, named)}.`, `setspn -D ${stale[0]} ${name}`, host)];
  },
};
