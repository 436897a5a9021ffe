import { OutOfProcessChannel } from "../out-of-process-channel";
import type { PowerShellSession } from "../pipeline";
import { RunspacePoolSession, type SessionOptions } from "../runspace-pool-session";
import { type SshOptions, startOverSsh } from "./connection";

export type { SshOptions } from "./connection";
export type { HostKeyOptions } from "./host-key";
export { fingerprint, KnownHosts, type Verdict } from "./known-hosts";
export type { LogonOptions } from "./logon";

/**
 * A PowerShell session over SSH.
 * @throws ProviderError `name-not-resolved`, `port-closed`, `password-refused`, `access-denied`, `wrong-server` (host key), `settings-invalid` (unknown host key, unusable key file), `timeout`, `protocol`
 */
export async function openSshSession(options: SshOptions & SessionOptions): Promise<PowerShellSession> {
  return RunspacePoolSession.open(options.host, new OutOfProcessChannel(await startOverSsh(options)), options);
}
