import { sameSpn } from "../../directory/service-principal-name";
import { type SpnHolder, spnHolders } from "../../directory/spn-holders";
import { type Check, type Finding, heading } from "../check";
import { fail, pass, quoted, warn } from "../finding";

/**
 * Two holders are as bad as a wrong one: the domain controller then gives no ticket, or one that no server can read. A computer
 * whose `HOST/…` stands for the name is another matter: the name itself comes before what stands for it, and the computer needs
 * its `HOST/…`.
 */
export const spnOtherHolder: Check = {
  id: "spn-other-holder",
  name: "No other account of the forest has the SPN, HOST aliases and disabled accounts included",
  heading: heading.namesNotTaken,
  async run(subject) {
    const [name, account, hostNames] = await Promise.all([
      subject.accountName(),
      subject.account(),
      subject.hostNames(),
    ]);
    const { directory } = subject.world;
    const catalog = await directory.globalCatalog();
    const findings = hostNames.map(async (hostName) => {
      const spn = `http/${hostName}`;
      const holders = await spnHolders(directory, spn);
      const others = holders.filter(({ guid }) => guid !== account?.guid);
      if (others.length === 0) return [pass(hostName, "nobody else.", catalog.host)];
      const own = account?.servicePrincipalNames.some((value) => sameSpn(value, spn)) ?? false;
      return others.map((other): Finding => {
        if (!other.byAlias) return fail(hostName, `${seen(other)}.`, removal(other), catalog.host);
        const said = `${seen(other)}, which stands for the http SPN too`;
        if (own) return warn(hostName, `${said}: ${whyItWorks}`, otherName, catalog.host);
        return fail(hostName, `${said}: clients get tickets for it.`, addition(spn, name), catalog.host);
      });
    });
    return (await Promise.all(findings)).flat();
  },
};

const whyItWorks =
  "clients get the account's tickets all the same, as its own SPN comes first. But a computer has the load-balanced name for " +
  "its own, and by that name clients do not reach it.";
/** For one that a computer has by its `HOST/…`: without that it could not be reached itself. */
export const otherName =
  "Leave the HOST SPN, which that computer needs; give that computer, or the clients, another name. If it is gone, delete its account.";

function seen({ distinguishedName, enabled, servicePrincipalName }: SpnHolder): string {
  return `${distinguishedName}${enabled ? "" : ", which is disabled,"} has ${servicePrincipalName}`;
}

/** For a name that an account has as it stands. */
export function removal({ distinguishedName, servicePrincipalName }: SpnHolder): string {
  return `Set-ADObject ${quoted(distinguishedName)} -Remove @{servicePrincipalName=${quoted(servicePrincipalName)}}`;
}

/** The account's own SPN takes the computer every http service of its own: WinRM asks for the same tickets. */
function addition(spn: string, account: string | undefined): string {
  const added = account === undefined ? `make the account, and give it ${spn}` : `setspn -S ${spn} ${account}`;
  return `${otherName} Only where nobody reaches that computer itself by this name, WinRM included: ${added}, which comes first.`;
}
