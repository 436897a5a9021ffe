import { heading } from "../check";
import { fail, pass, quoted, unknown } from "../finding";
import { serverCheck } from "./on-servers";

export const serverOutlookAnywhere = serverCheck(
  "server-outlook-anywhere",
  "Outlook Anywhere tells internal clients to use Negotiate, and takes it",
  heading.enableOutlook,
  async (server) => {
    const { fqdn } = server;
    const directories = await server.outlookAnywhere();
    if (directories.length === 0) {
      const remedy = `Get-OutlookAnywhere -Server ${fqdn}, as an administrator.`;
      return unknown(fqdn, "it shows no directory of Outlook Anywhere that clients could reach.", remedy, fqdn);
    }
    return directories.map(({ identity, internal, iis }) => {
      const change = `Set-OutlookAnywhere ${quoted(identity)} `;
      if (internal !== "Negotiate") {
        const seen = `${identity} tells internal clients to use ${internal}.`;
        return fail(fqdn, seen, `${change}-InternalClientAuthenticationMethod Negotiate`, fqdn);
      }
      if (!iis.includes("Negotiate")) {
        const seen = `IIS takes only ${iis.join(", ")} for ${identity}.`;
        return fail(fqdn, seen, `${change}-IISAuthenticationMethods ${[...iis, "Negotiate"].join(",")}`, fqdn);
      }
      return pass(fqdn, "Negotiate.", fqdn);
    });
  },
);
