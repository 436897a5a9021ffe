import { heading } from "../check";
import { fail, pass, quoted } from "../finding";
import { serverCheck } from "./on-servers";

/** Extended Protection ties a logon to the TLS channel that it came through; a load balancer that ends TLS cuts that tie. */
export const serverSslOffloading = serverCheck(
  "server-ssl-offloading",
  "No server has both SSL offloading and Extended Protection",
  heading.enableOutlook,
  async (server) => {
    const { fqdn } = server;
    const directories = await server.outlookAnywhere();
    return directories.map(({ identity, sslOffloading, extendedProtection: { tokenChecking } }) => {
      if (!sslOffloading || tokenChecking === "None") {
        return pass(fqdn, `offloading ${sslOffloading ? "on" : "off"}, protection ${tokenChecking}.`, fqdn);
      }
      const seen = `${identity} offloads SSL, and Extended Protection is ${tokenChecking}: no ticket passes.`;
      return fail(fqdn, seen, `Set-OutlookAnywhere ${quoted(identity)} -SSLOffloading $false`, fqdn);
    });
  },
);
