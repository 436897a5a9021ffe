import { heading } from "../check";
import { pass, quoted, warn } from "../finding";
import { serverCheck } from "./on-servers";

/** The article's plain `Ntlm,Negotiate` drops what hybrid and modern authentication need. */
export const serverMapiOAuth = serverCheck(
  "server-mapi-oauth",
  "MAPI over HTTP has kept OAuth",
  heading.enableOutlook,
  async (server) => {
    const { fqdn } = server;
    const directories = await server.mapi();
    return directories.map(({ identity, methods }) => {
      if (methods.includes("OAuth")) return pass(fqdn, `${methods.join(", ")}.`, fqdn);
      return warn(
        fqdn,
        `${identity} does not take OAuth any more, which hybrid and modern authentication need.`,
        `Set-MapiVirtualDirectory ${quoted(identity)} -IISAuthenticationMethods ${[...methods, "OAuth"].join(",")}`,
        fqdn,
      );
    });
  },
);
