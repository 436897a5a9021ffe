import { heading } from "../check";
import { fail, pass } from "../finding";
import { serverCheck } from "./on-servers";

export const serverMapi = serverCheck(
  "server-mapi",
  "MAPI over HTTP takes Negotiate",
  heading.enableOutlook,
  async (server) => {
    const { fqdn } = server;
    const directories = await server.mapi();
    return directories.map(({ identity, methods }) => {
      if (methods.includes("Negotiate")) return pass(fqdn, `${methods.join(", ")}.`, fqdn);
      return fail(
        fqdn,
        `${identity} takes only ${methods.join(", ")}.`,
        `Set-MapiVirtualDirectory '${identity}' -IISAuthenticationMethods ${[...methods, "Negotiate"].join(",")}`,
        fqdn,
      );
    });
  },
);
