import { hostname } from "node:os";
import { trustedAuthorities } from "../authorities";
import { ProviderError } from "../error";
import { kerberosIdentity } from "../kerberos/identity";
import type { PowerShellSession } from "../powershell/pipeline";
import { SecureString } from "../powershell/psrp";
import type { WsmanIdentity } from "../powershell/wsman";
import type { Settings } from "../settings";
import type { SessionFactory } from "./organization";

/**
 * Opens sessions as the settings say. The transports are loaded when first used: most programs need one of them. They are
 * loaded by `require`, as `import()` would look for the compiled file where the sources run.
 */
export function openSessions(settings: Settings): SessionFactory {
  return {
    async endpoint(server): Promise<PowerShellSession> {
      const { openWsmanSession } = require("../powershell/wsman") as typeof import("../powershell/wsman");
      return openWsmanSession({
        url: `${settings.exchangeProtocol}://${server}/PowerShell/?${query(server)}`,
        resourceUri: "http://schemas.microsoft.com/powershell/Microsoft.Exchange",
        identity: identityOf(settings),
        realm: settings.domain.toUpperCase(),
        ca: await trustedAuthorities(settings),
      });
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
      return openSshSession({
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
    },
  };
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
