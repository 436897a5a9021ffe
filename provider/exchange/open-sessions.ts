import { readFile } from "node:fs/promises";
import { ProviderError } from "../error";
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
        identity: await identityOf(settings),
        realm: settings.domain.toUpperCase(),
        ca: settings.caFile === undefined ? undefined : await readAuthorities(settings.caFile),
      });
    },

    async managementShell(host) {
      if (settings.managementTransport === "local") {
        const { LocalSession } = require("../powershell/local") as typeof import("../powershell/local");
        return new LocalSession();
      }
      const user = settings.sshUsername ?? settings.exchangeUsername ?? settings.username;
      if (user === undefined) {
        throw new ProviderError("settings-invalid", `It is not said who logs on to ${host} over SSH.`, {
          hint: "Set sshUsername.",
        });
      }
      const secret = (text: string | undefined) => (text === undefined ? undefined : new SecureString(text));
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

/** The user with a password if there is one, else whoever has a ticket on this host. */
async function identityOf(settings: Settings): Promise<WsmanIdentity> {
  const { principalOf } = require("../kerberos") as typeof import("../kerberos");
  const [username, password] =
    settings.exchangeUsername === undefined
      ? [settings.username, settings.password]
      : [settings.exchangeUsername, settings.exchangePassword];
  if (settings.exchangeAuthentication === "basic") {
    if (username === undefined || password === undefined)
      throw new ProviderError("settings-invalid", "It is not said who logs on to Exchange by password.", {
        hint: "Set exchangeUsername and exchangePassword.",
      });
    return { kind: "basic", username, password: new SecureString(password) };
  }
  if (username === undefined || password === undefined) return { kind: "cache" };
  const principal = principalOf(username, settings.domain);
  return { kind: "password", principal, password: new SecureString(password) };
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new ProviderError("settings-invalid", `The file of certificate authorities ${file} cannot be read.`, {
      hint: "Set caFile to a PEM file that this process may read.",
      cause,
    });
  }
}
