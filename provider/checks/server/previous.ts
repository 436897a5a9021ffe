import { sameAccount } from "../../directory/qualified-name";
import { type Check, heading } from "../check";
import { pass, warn } from "../finding";
import type { Server } from "../subject";

/** Tickets of a domain with its own default live so long. */
const ticketLifetime = 10 * 60 * 60_000;

/** After a roll, tickets made with the password before are around for some hours; a server without that one refuses them. */
export const serverPrevious: Check = {
  id: "server-previous",
  name: "Every server can still read tickets of the password before",
  heading: heading.verifyDeployment,
  async run(subject) {
    const [name, account, { answered }] = await Promise.all([
      subject.accountName(),
      subject.account(),
      subject.servers(),
    ]);
    const set = account?.passwordLastSet;
    if (name === undefined || set === undefined) return [];
    const own = (server: Server) => server.alternate.credentials.filter((one) => sameAccount(one.account, name)).length;
    const recent = Date.now() - Date.parse(set) < ticketLifetime;
    const rolled = answered.some((server) => own(server) > 1);
    return answered
      .filter((server) => own(server) > 0)
      .map(({ fqdn, ...server }) => {
        if (own({ fqdn, ...server }) > 1) return pass(fqdn, "it has the password before, too.", fqdn);
        if (!recent || !rolled) return pass(fqdn, "no tickets of a password before are left.", fqdn);
        return warn(
          fqdn,
          `the password was rolled on ${set}, and it has the new one only: clients with older tickets fail on it.`,
          "Those clients need a new ticket (klist purge, or some hours); let a roll clean up servers that can log on.",
          fqdn,
        );
      });
  },
};
