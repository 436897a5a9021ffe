import { Resolver } from "node:dns/promises";
import net from "node:net";
import tls from "node:tls";
import { debuglog } from "node:util";
import { Client, ResultCodeError } from "ldapts";
import { trustedAuthorities } from "../authorities";
import { ProviderError } from "../error";
import type { Settings } from "../settings";
import { connectionFailure, type Endpoint } from "./connection-failure";
import { ldapFailure } from "./ldap-failure";

/** A bound client that never connects twice: once `usable` is false it is thrown away, as it would come back unbound. */
export interface OpenClient {
  readonly client: Client;
  readonly usable: boolean;
  close(): Promise<void>;
}

/** How a session opens its connections. */
export interface Transport {
  readonly settings: Settings;
  /** LDAP over TLS from the first byte; `false` is StartTLS, before anything else is said. */
  readonly implicitTls: boolean;
}

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

function credentialsOf(settings: Settings): { username: string; password: string } {
  const { username, password } = settings;
  // An empty password would be an anonymous bind, and look like success (RFC 4513 5.1.2).
  if (username && password) return { username, password };
  throw new ProviderError(
    "settings-invalid",
    `The connection to ${settings.domain} has no ${username ? "password" : "username"}.`,
    { hint: "Set it in the stack configuration (with --secret) or in the environment." },
  );
}

/**
 * Connects, protects and binds. Nothing is sent in clear, the StartTLS request apart.
 * @throws ProviderError `directory-unreachable`, `directory-certificate`, `directory-credentials` or `settings-invalid`.
 */
export async function openClient(endpoint: Endpoint, transport: Transport): Promise<OpenClient> {
  const { host, port } = endpoint;
  const { settings, implicitTls } = transport;
  const { username, password } = credentialsOf(settings);
  if (debuglog("ldapts").enabled) {
    throw new ProviderError("refused", "NODE_DEBUG=ldapts would print every password that is sent.", {
      hint: "Leave ldapts out of NODE_DEBUG.",
    });
  }
  const milliseconds = settings.directoryTimeoutSeconds * 1000;
  const tlsOptions: tls.ConnectionOptions = {
    host,
    minVersion: "TLSv1.2",
    ...(net.isIP(host) === 0 && { servername: host }),
  };
  const ca = await trustedAuthorities(settings);
  if (ca !== undefined) tlsOptions.ca = ca;
  if (settings.dnsServers !== undefined) tlsOptions.lookup = lookupBy(settings.dnsServers);

  let socket: net.Socket | undefined;
  let closed = false;
  // ldapts would silently open a new, unbound connection in place of a lost one: the first is the only one it gets.
  const once = <S extends net.Socket>(open: () => S): S => {
    if (socket !== undefined) throw new Error("the connection was closed");
    const opened = open();
    socket = opened;
    opened.setKeepAlive(true, 60_000);
    opened.on("close", () => {
      closed = true;
    });
    return opened;
  };
  const connectTcp = () => net.connect({ host, port, ...(tlsOptions.lookup && { lookup: tlsOptions.lookup }) });
  const url = `${implicitTls ? "ldaps" : "ldap"}://${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
  const client = new Client({
    url,
    timeout: milliseconds,
    connectTimeout: milliseconds,
    createConnection: () => once(connectTcp),
    // With StartTLS this is the upgrade of the one socket, with LDAPS it is the first and only connection.
    createSecureConnection: ((...args: unknown[]) =>
      implicitTls
        ? once(() => tls.connect({ ...tlsOptions, port }))
        : tls.connect(args[0] as tls.ConnectionOptions)) as typeof tls.connect,
  });

  const deadline = setTimeout(() => socket?.destroy(new Error("timed out")), milliseconds);
  try {
    if (!implicitTls) await client.startTLS(tlsOptions);
    await client.bind(username, password);
  } catch (thrown) {
    socket?.destroy();
    if (thrown instanceof ResultCodeError) throw ldapFailure(thrown, host, { what: `log on as ${username}` });
    throw connectionFailure(thrown, endpoint);
  } finally {
    clearTimeout(deadline);
  }
  return {
    client,
    get usable() {
      return !closed && client.isBound;
    },
    async close() {
      if (!closed) await client.unbind().catch(() => undefined);
      socket?.destroy();
    },
  };
}
