import { type Check, type Finding, heading } from "../check";
import { fail, pass, warn } from "../finding";
import type { Server } from "../subject";

/** Exchange 2013 CU6: Autodiscover offers "negotiate" to Outlook from here on. */
const firstBuildOf2013 = 995;

export const serverVersion: Check = {
  id: "server-version",
  name: "Every server's version can do it",
  heading: heading.configureServers,
  async run(subject) {
    return (await subject.servers()).answered.map(judge);
  },
};

function judge({ fqdn, product, version }: Server): Finding {
  if (product === "2010") {
    const seen = "it runs Exchange 2010, which needs an account of its own.";
    return warn(fqdn, seen, "Leave it out of the deployment, and of the load balancer's pool for these names.", fqdn);
  }
  const build = Number(version.split(".")[2]);
  if (product === "2013" && build < firstBuildOf2013) {
    const seen = `it runs ${version}: before Cumulative Update 6, Autodiscover does not offer Negotiate.`;
    return fail(fqdn, seen, "Install the last Cumulative Update.", fqdn);
  }
  return pass(fqdn, `Exchange ${product}, ${version}.`, fqdn);
}
