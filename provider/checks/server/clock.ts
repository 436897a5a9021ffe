import { clockAhead } from "../../directory/clock";
import { readWebClock } from "../../exchange/web-site";
import { type Check, type Finding, heading } from "../check";
import { fail, pass, unknown, warn } from "../finding";
import { serverCheck } from "./on-servers";

const seconds = 1000;
/** Kerberos allows five minutes by default; at half of it somebody should look. */
const most = 300 * seconds;
const worrying = 120 * seconds;

export const serverClock: Check = serverCheck(
  "server-clock",
  "Every server's clock is that of the domain controller",
  heading.verifyClients,
  async ({ fqdn }, subject): Promise<Finding> => {
    const { directory, settings } = subject.world;
    const dc = await directory.domainController();
    const [domain, server] = await Promise.all([clockAhead(dc), readWebClock(fqdn, settings, subject.signal)]);
    if (domain === undefined) return unknown(fqdn, `${dc.host} does not show its time.`);
    const apart = server - domain;
    const words = `its clock is ${Math.abs(Math.round(apart / seconds))} seconds ${apart < 0 ? "behind" : "ahead of"} ${dc.host}`;
    const remedy = "w32tm /resync, on the server; look at where it gets its time from (w32tm /query /source).";
    if (Math.abs(apart) > most) return fail(fqdn, `${words}: Kerberos allows five minutes.`, remedy, fqdn);
    if (Math.abs(apart) > worrying) return warn(fqdn, `${words}.`, remedy, fqdn);
    // Both clocks show whole seconds.
    return pass(fqdn, Math.abs(apart) <= 2 * seconds ? "the same time." : `${words}.`, fqdn);
  },
);
