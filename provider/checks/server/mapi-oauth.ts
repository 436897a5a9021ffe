import { readMapiVirtualDirectories } from "../../exchange/mapi-virtual-directory";
import { heading } from "../check";
import { pass, warn } from "../finding";
import { serverCheck } from "./on-servers";

/** The article's plain `Ntlm,Negotiate` drops what hybrid and modern authentication need. */
export const serverMapiOAuth = serverCheck(
  "server-mapi-oauth",
  "MAPI over HTTP has kept OAuth",
  heading.enableOutlook,
  async (server, subject) => {
    const { fqdn } = server;
    const directories = await readMapiVirtualDirectories(server.shell, server, subject.signal);
    return directories.map(({ identity, methods }) => {
      if (methods.includes("OAuth")) return pass(fqdn, `${methods.join(", ")}.`, fqdn);
      return warn(
        fqdn,
        `${identity} does not take OAuth any more, which hybrid and modern authentication need.`,
        `Set-MapiVirtualDirectory '${identity}' -IISAuthenticationMethods ${[...methods, "OAuth"].join(",")}`,
        fqdn,
      );
    });
  },
);
