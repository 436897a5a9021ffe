import { hostname } from "node:os";
import { trustedAuthorities } from "../authorities";
import { ProviderError } from "../error";
import { type Identity, kerberosIdentity } from "../kerberos/identity";
import type { PowerShellSession } from "../powershell/pipeline";
import { SecureString } from "../powershell/psrp";
import type { WsmanIdentity } from "../powershell/wsman";
import type { Settings } from "../settings";
import { LogonGuard } from "./logon-guard";
import type { SessionFactory } from "./organization";

/**
 * Opens sessions as the settings say. The transports are loaded when first used: most programs need one of them. They are
 * loaded by `require`, as `import()` would look for the compiled file where the sources run.
 */
export function openSessions(settings: Settings): SessionFactory {
  const guards = { exchange: new LogonGuard(), ssh: new LogonGuard() };
  const tickets = new SharedTicket(guards.exchange);
  return {
    async endpoint(server): Promise<PowerShellSession> {
      const { openWsmanSession } = require("../powershell/wsman") as typeof import("../powershell/wsman");
      const identity = identityOf(settings);
      const ca = await trustedAuthorities(settings);
      const open = (as: WsmanIdentity) =>
        openWsmanSession({
          url: `${settings.exchangeProtocol}://${server}/PowerShell/?${query(server)}`,
          resourceUri: "http://schemas.microsoft.com/powershell/Microsoft.Exchange",
          identity: as,
          realm: settings.domain.toUpperCase(),
          ca,
        });
      return identity.kind === "basic" ? guards.exchange.run(() => open(identity)) : open(await tickets.of(identity));
    },

    async managementShell(host, there) {
      if (settings.managementTransport === "local" && (!there || isThisMachine(host))) {
        const { LocalSession } = require("../powershell/local") as typeof import("../powershell/local");
        return new LocalSession();
      }
      const user = settings.sshUsername ?? settings.exchangeUsername ?? settings.username;
      if (user === undefined) {
        throw new ProviderError("settings-invalid", `It is not said who logs on to ${host} over SSH.`, {
          hint: "Set sshUsername.",
        });
      }
      const { openSshSession } = require("../powershell/ssh") as typeof import("../powershell/ssh");
      const open = () =>
        openSshSession({
          host,
          port: settings.sshPort,
          user,
          keyFile: settings.sshKeyFile,
          passphrase: secret(settings.sshKeyPassphrase),
          password: secret(settings.sshPassword),
          agent: process.env.SSH_AUTH_SOCK,
          fingerprint: settings.sshHostKey,
          shell: "windows-powershell",
        });
      // A key that one host does not have is nothing that others count.
      return settings.sshPassword === undefined ? open() : guards.ssh.run(open);
    },
  };
}

/** How long, in milliseconds, a ticket does for sessions that are opened anew: far less than any policy lets it live. */
const ticketAge = 10 * 60_000;

/** One logon to Kerberos for the sessions with all servers: each of its own would ask the KDC again, with a wrong password too. */
class SharedTicket {
  #cache: Promise<string> | undefined;
  #since = 0;

  constructor(private readonly guard: LogonGuard) {}

  /** Whose sessions are opened, with what the KDC has given already. */
  async of(identity: Identity): Promise<Identity> {
    if (identity.kind === "cache") return identity;
    if (this.#cache === undefined || performance.now() - this.#since > ticketAge) {
      const { getLogonTicket } = require("../kerberos") as typeof import("../kerberos");
      const cache = this.guard.run(() => getLogonTicket(identity));
      this.#cache = cache;
      this.#since = performance.now();
      cache.catch(() => {
        if (this.#cache === cache) this.#cache = undefined;
      });
    }
    return { kind: "cache", cache: await this.#cache };
  }
}

/**
 * What Exchange reads from the address: full objects instead of texts, and the server that must answer.
 * Without the latter its front end may hand the session to any server of the organization.
 */
function query(server: string): string {
  return ["serializationLevel=Full", "clientApplication=ManagementShell", `TargetServer=${server}`].join(";");
}

function isThisMachine(host: string): boolean {
  const label = (name: string) => name.toLowerCase().split(".")[0];
  return label(host) === label(hostname()) || label(host) === "localhost";
}

function secret(text: string | undefined): SecureString | undefined {
  return text === undefined ? undefined : new SecureString(text);
}

function identityOf(settings: Settings): WsmanIdentity {
  const [username, password] =
    settings.exchangeUsername === undefined
      ? [settings.username, secret(settings.password)]
      : [settings.exchangeUsername, secret(settings.exchangePassword)];
  if (settings.exchangeAuthentication === "kerberos") {
    // A keytab has room for several users; whoever has a password of its own needs none.
    const keytab = password === undefined ? settings.keytab : undefined;
    return kerberosIdentity({ username, password, keytab }, settings.domain);
  }
  if (username === undefined || password === undefined) {
    throw new ProviderError("settings-invalid", "It is not said who logs on to Exchange by password.", {
      hint: "Set exchangeUsername and exchangePassword.",
    });
  }
  return { kind: "basic", username, password };
}
