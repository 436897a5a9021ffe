import { heading } from "../check";
import { fail, pass, quoted, unknown } from "../finding";
import { serverCheck } from "./on-servers";

export const serverMapi = serverCheck(
  "server-mapi",
  "MAPI over HTTP takes Negotiate",
  heading.enableOutlook,
  async (server) => {
    const { fqdn } = server;
    const directories = await server.mapi();
    if (directories.length === 0) {
      const remedy = `Get-MapiVirtualDirectory -Server ${fqdn}; where it is gone, New-MapiVirtualDirectory makes it again.`;
      return unknown(fqdn, "it shows no directory of MAPI over HTTP that clients could reach.", remedy, fqdn);
    }
    return directories.map(({ identity, methods }) => {
      if (methods.includes("Negotiate")) return pass(fqdn, `${methods.join(", ")}.`, fqdn);
      return fail(
        fqdn,
        `${identity} takes only ${methods.join(", ")}.`,
        `Set-MapiVirtualDirectory ${quoted(identity)} -IISAuthenticationMethods ${[...methods, "Negotiate"].join(",")}`,
        fqdn,
      );
    });
  },
);
