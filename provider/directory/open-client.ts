import net from "node:net";
import type { Duplex } from "node:stream";
import { debuglog } from "node:util";
import { Client, ResultCodeError } from "ldapts";
import { ProviderError } from "../error";
import { kerberosIdentity } from "../kerberos/identity";
import type { Settings } from "../settings";
import { AnswerLimits, limited } from "./answer-limits";
import { connect, type Protection } from "./connect";
import { connectionFailure, type Endpoint } from "./connection-failure";
import { ldapFailure } from "./ldap-failure";

/** A bound client that never connects twice: once `usable` is false it is thrown away, as it would come back unbound. */
export interface OpenClient {
  readonly client: Client;
  readonly usable: boolean;
  /** Why the connection ended, where it is not for the network: ldapts keeps the words of an error only. */
  readonly failure: ProviderError | undefined;
  /** How much the other end has sent, and may send. */
  readonly limits: Pick<AnswerLimits, "asked" | "volume">;
  close(): Promise<void>;
}

/** How a session opens its connections. */
export interface Transport {
  readonly settings: Settings;
  readonly protection: Protection;
}

/**
 * Connects, protects and binds: by name and password inside TLS, else by Kerberos. Nothing is sent in clear, the StartTLS
 * request and the tokens of Kerberos apart.
 * @throws ProviderError `directory-unreachable`, `directory-certificate`, `directory-credentials`, `kerberos` or `settings-invalid`.
 */
export async function openClient(endpoint: Endpoint, transport: Transport): Promise<OpenClient> {
  const { host } = endpoint;
  const { settings, protection } = transport;
  const { username, password, keytab } = settings;
  if (debuglog("ldapts").enabled) {
    throw new ProviderError("refused", "NODE_DEBUG=ldapts would print every password that is sent.", {
      hint: "Leave ldapts out of NODE_DEBUG.",
    });
  }
  // An empty password would be an anonymous bind, and look like success (RFC 4513 5.1.2).
  const simple = protection !== "kerberos" && username && password && !keytab ? { username, password } : undefined;
  const logon = simple === undefined ? await kerberosLogon(endpoint, transport) : undefined;
  const milliseconds = settings.directoryTimeoutSeconds * 1000;
  const limits = new AnswerLimits(endpoint);
  let socket: net.Socket | undefined;
  try {
    socket = await connect(endpoint, protection, settings);
    const stream = limited(logon === undefined ? socket : await logon.bind(socket, milliseconds), limits);
    const client = clientOver(stream, endpoint, milliseconds);
    if (simple !== undefined) await client.bind(simple.username, simple.password);
    return {
      client,
      limits,
      get usable() {
        return !stream.destroyed && !stream.readableEnded;
      },
      get failure() {
        return stream.errored instanceof ProviderError ? stream.errored : undefined;
      },
      async close() {
        if (!stream.destroyed) await client.unbind().catch(() => undefined);
        stream.destroy();
      },
    };
  } catch (thrown) {
    socket?.destroy();
    if (thrown instanceof ResultCodeError) throw ldapFailure(thrown, host, { what: `log on as ${username}` });
    throw limits.fault ?? connectionFailure(thrown, endpoint);
  } finally {
    logon?.close();
  }
}

/** The native library is loaded when it is needed: who has a password needs none. */
async function kerberosLogon({ host }: Endpoint, { settings, protection }: Transport) {
  const { username, password, keytab, domain } = settings;
  const secret = password ? { reveal: () => password } : undefined;
  const identity = kerberosIdentity({ username, password: secret, keytab }, domain);
  if (net.isIP(host) !== 0) {
    throw new ProviderError("settings-invalid", `Kerberos does not know ${host}, which is an address.`, {
      hint: "Set domainController to the domain controller's full name.",
    });
  }
  const { KerberosLogon } = require("./kerberos-logon") as typeof import("./kerberos-logon");
  return KerberosLogon.acquire(identity, host, protection === "kerberos");
}

/** A client over one connection. In place of a lost one ldapts would silently open another, unbound: it gets none. */
function clientOver(stream: Duplex, { host, port }: Endpoint, milliseconds: number): Client {
  let given = false;
  const createConnection = () => {
    if (given) throw new Error("the connection was closed");
    given = true;
    return stream;
  };
  return new Client({
    url: `ldap://${net.isIPv6(host) ? `[${host}]` : host}:${port}`,
    timeout: milliseconds,
    connectTimeout: milliseconds,
    createConnection: createConnection as unknown as typeof net.connect,
  });
}
