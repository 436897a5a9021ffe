import { hostRecords } from "../../directory/host-records";
import { type Check, type Finding, heading } from "../check";
import { fail, pass, warn } from "../finding";
import { eachName } from "./each-name";

/** A client that follows a CNAME asks for a ticket for the name that it ends at. */
export const addressRecord: Check = {
  id: "dns-address-record",
  name: "Every name has an address record of its own",
  heading: heading.createAccount,
  async run(subject) {
    const names = await subject.hostNames();
    const { dnsServers } = subject.world.settings;
    return eachName(names, async (name): Promise<Finding> => {
      const { aliases, addresses } = await hostRecords(name, dnsServers);
      const target = aliases.at(-1);
      if (addresses.length === 0) {
        const seen =
          target === undefined ? "it has no address in DNS." : `it is an alias of ${target}, which has no address.`;
        return fail(name, seen, "Add an A record that leads to the load balancer.");
      }
      if (target === undefined) return pass(name, `${addresses.join(", ")}.`);
      const remedy = `Replace the CNAME record by an A record with ${addresses.join(", ")}.`;
      const path = [...aliases].join(" → ");
      if (names.includes(target)) {
        return warn(name, `it is an alias (CNAME) of ${path}, whose SPN the account is to have as well.`, remedy);
      }
      return fail(name, `it is an alias (CNAME) of ${path}, so clients ask for a ticket for http/${target}.`, remedy);
    });
  },
};
