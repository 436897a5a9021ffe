import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { ExtendedRequest, ResultCodeError } from "ldapts";
import { trustedAuthorities } from "../authorities";
import type { Settings } from "../settings";
import type { Endpoint } from "./connection-failure";
import { exchange } from "./ldap-exchange";
import { ldapFailure } from "./ldap-failure";

/** How a connection is protected: TLS from the first byte, TLS before anything else is said, or sealing after a Kerberos logon. */
export type Protection = Settings["tls"];

/** RFC 4511, section 4.14. */
const startTls = "1.3.6.1.4.1.1466.20037";

/** The name server for hosts that the system's own resolver may not know, as `tls.connect` wants it. */
function lookupBy(dnsServers: readonly string[]): net.LookupFunction {
  const resolver = new Resolver({ timeout: 3000, tries: 2 });
  resolver.setServers(dnsServers);
  return (hostname, options, callback) => {
    resolver
      .resolve4(hostname)
      .catch(() => resolver.resolve6(hostname))
      .then(
        (addresses) => {
          const found = addresses.map((address) => ({ address, family: net.isIPv6(address) ? 6 : 4 }));
          if (options.all) callback(null, found);
          else callback(null, found[0]?.address ?? "", found[0]?.family);
        },
        (error) => callback(error, ""),
      );
  };
}

/**
 * A connection to the server, with TLS where that is asked for. Nothing but the StartTLS request is sent in clear.
 * @throws Error what Node's sockets and TLS throw, or "timed out"; ProviderError where the server refuses StartTLS, and for a
 *   file of authorities that will not do
 */
export async function connect(
  { host, port }: Endpoint,
  protection: Protection,
  settings: Settings,
): Promise<net.Socket> {
  const milliseconds = settings.directoryTimeoutSeconds * 1000;
  const lookup = settings.dnsServers && { lookup: lookupBy(settings.dnsServers) };
  const ca = protection === "kerberos" ? undefined : await trustedAuthorities(settings);
  const tlsOptions: tls.ConnectionOptions = {
    host,
    minVersion: "TLSv1.2",
    // Said, as NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would take any certificate.
    rejectUnauthorized: true,
    ...(net.isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  };

  let socket: net.Socket | undefined;
  // Between two listeners a lost connection must not end the process; whoever uses it next sees that it is destroyed.
  const quiet = <S extends net.Socket>(opened: S): S => opened.on("error", () => {});
  const deadline = setTimeout(() => socket?.destroy(new Error("timed out")), milliseconds);
  try {
    if (protection === "ldaps") {
      socket = quiet(tls.connect({ ...tlsOptions, port, ...lookup }));
      await once(socket, "secureConnect");
    } else {
      socket = quiet(net.connect({ host, port, ...lookup }));
      await once(socket, "connect");
    }
    if (protection === "starttls") {
      const request = new ExtendedRequest({ messageId: 1, oid: startTls });
      const { rest } = await exchange(socket, request, milliseconds).catch((error: unknown) => {
        throw error instanceof ResultCodeError ? ldapFailure(error, host, { what: "start TLS" }) : error;
      });
      // Whoever sits in between could have put it there, to be taken for what came protected.
      if (rest.length > 0) throw new Error("something came in clear behind the answer to StartTLS");
      socket = quiet(tls.connect({ ...tlsOptions, socket }));
      await once(socket, "secureConnect");
    }
    socket.setKeepAlive(true, 60_000);
    return socket;
  } catch (error) {
    socket?.destroy();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}
