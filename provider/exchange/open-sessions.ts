import { ProviderError } from "../error";
import type { PowerShellSession } from "../powershell/pipeline";
import { SecureString } from "../powershell/psrp";
import type { Settings } from "../settings";
import type { SessionFactory } from "./organization";

/** Opens sessions as the settings say. The transports are loaded when first used: most programs need one of them. */
export function openSessions(settings: Settings): SessionFactory {
  return {
    async endpoint(): Promise<PowerShellSession> {
      throw new ProviderError("settings-invalid", "no wsman yet");
    },

    async managementShell(host) {
      const user = settings.sshUsername ?? settings.exchangeUsername ?? settings.username;
      if (user === undefined) {
        throw new ProviderError("settings-invalid", `It is not said who logs on to ${host} over SSH.`, {
          hint: "Set sshUsername.",
        });
      }
      const secret = (text: string | undefined) => (text === undefined ? undefined : new SecureString(text));
      const { openSshSession } = await import("../powershell/ssh/index.js");
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
