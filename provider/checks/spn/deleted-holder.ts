import { deletedSpnHolders, seesDeletedObjects } from "../../directory/deleted-spn-holders";
import { sameSpn } from "../../directory/service-principal-name";
import { type Check, heading } from "../check";
import { pass, unknown, warn } from "../finding";

export const spnDeletedHolder: Check = {
  id: "spn-deleted-holder",
  name: "No deleted account would bring the SPN back with it",
  heading: heading.namesNotTaken,
  async run(subject) {
    const hostNames = await subject.hostNames();
    const { directory } = subject.world;
    const { host } = await directory.domainController();
    if (!(await seesDeletedObjects(directory))) {
      const { domain, dnsName } = await directory.forest();
      const seen = `this user may not look at what was deleted in ${dnsName}.`;
      const remedy =
        `Run this check as an administrator, or let the user look: dsacls "CN=Deleted Objects,${domain}" /takeOwnership, then ` +
        `dsacls "CN=Deleted Objects,${domain}" /G USER:LCRP`;
      return [unknown(dnsName, seen, remedy, host)];
    }
    const spns = hostNames.map((hostName) => `http/${hostName}`);
    const holders = await deletedSpnHolders(directory, spns);
    return hostNames.map((hostName) => {
      const spn = `http/${hostName}`;
      const holder = holders.find((one) => one.servicePrincipalNames.some((value) => sameSpn(value, spn)));
      if (holder === undefined) return pass(hostName, "none in the Recycle Bin.", host);
      const seen = `the Recycle Bin has ${holder.distinguishedName.replace(/\\0A/gi, " ")}, which had ${spn}.`;
      return warn(hostName, seen, "Do not restore it, or take the SPN off it in the same moment.", host);
    });
  },
};
