import { type SpnHolder, spnHolders } from "../../directory/spn-holders";
import { type Check, heading } from "../check";
import { fail, pass } from "../finding";

/** Two holders are as bad as a wrong one: the domain controller then gives no ticket, or one that no server can read. */
export const spnOtherHolder: Check = {
  id: "spn-other-holder",
  name: "No other account of the forest has the SPN, HOST aliases and disabled accounts included",
  heading: heading.namesNotTaken,
  async run(subject) {
    const [account, hostNames] = await Promise.all([subject.account(), subject.hostNames()]);
    const { directory } = subject.world;
    const catalog = await directory.globalCatalog();
    const findings = hostNames.map(async (hostName) => {
      const holders = await spnHolders(directory, `http/${hostName}`);
      const others = holders.filter(({ guid }) => guid !== account?.guid);
      if (others.length === 0) return [pass(hostName, "nobody else.", catalog.host)];
      return others.map((other) => fail(hostName, seen(other), remedy(other), catalog.host));
    });
    return (await Promise.all(findings)).flat();
  },
};

function seen({ distinguishedName, enabled, servicePrincipalName, byAlias }: SpnHolder): string {
  const who = `${distinguishedName}${enabled ? "" : ", which is disabled,"}`;
  return byAlias
    ? `${who} has ${servicePrincipalName}, which stands for the http SPN too.`
    : `${who} has ${servicePrincipalName}.`;
}

function remedy({ distinguishedName, servicePrincipalName }: SpnHolder): string {
  return `Set-ADObject '${distinguishedName}' -Remove @{servicePrincipalName="${servicePrincipalName}"}`;
}
