import { spnHolders } from "../../directory/spn-holders";
import { type Check, heading } from "../check";
import { fail, pass } from "../finding";
import { otherName, removal } from "./other-holder";

/** A domain controller looks for an SPN in its own forest first; one that it finds there never leads here. */
export const spnUserForest: Check = {
  id: "spn-user-forest",
  name: "No account in the users' own forests has the SPN",
  heading: heading.crossForest,
  async run(subject) {
    const hostNames = await subject.hostNames();
    const findings = subject.world.userForests.flatMap((directory) =>
      hostNames.map(async (hostName) => {
        const [holders, catalog] = await Promise.all([
          spnHolders(directory, `http/${hostName}`),
          directory.globalCatalog(),
        ]);
        if (holders.length === 0) return [pass(hostName, "nobody there.", catalog.host)];
        return holders.map((holder) => {
          const { distinguishedName, servicePrincipalName } = holder;
          const seen = `${distinguishedName} has ${servicePrincipalName}: users of that forest get a ticket for it.`;
          return fail(hostName, seen, holder.byAlias ? otherName : removal(holder), catalog.host);
        });
      }),
    );
    return (await Promise.all(findings)).flat();
  },
};
