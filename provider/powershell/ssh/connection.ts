import { Client, type ClientChannel, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";
import { ProviderError } from "../../error";
import { within } from "../deadline";
import { Deferred } from "../deferred";
import { LastWords } from "../last-words";
import type { ServerStreams } from "../out-of-process-channel";
import { serverArguments } from "../server-process";
import { type HostKeyOptions, hostKeyCheck } from "./host-key";
import { type LogonOptions, logon } from "./logon";

export interface SshOptions extends LogonOptions, HostKeyOptions {
  readonly host: string;
  /** Default 22. */
  readonly port?: number | undefined;
  /**
   * What answers: the subsystem `powershell` of PowerShell 7, as its documentation sets it up (default),
   * or Windows PowerShell 5.1, started by a command. Exchange's own cmdlets and scripts need the latter.
   */
  readonly shell?: "subsystem" | "windows-powershell" | undefined;
  /** Milliseconds until logged on, and again until PowerShell is started. Default 20,000. */
  readonly connectDeadline?: number | undefined;
}

const windowsPowerShell = `powershell.exe ${serverArguments.join(" ")}`;

/** Connects, checks the host's key, logs on and starts PowerShell. */
export async function startOverSsh(options: SshOptions): Promise<ServerStreams> {
  const { host, port = 22, connectDeadline = 20_000 } = options;
  const check = await hostKeyCheck(host, port, options);
  const credentials = await logon(options);
  let refusal: ProviderError | undefined;
  const client = await connect({
    ...credentials,
    host,
    port,
    readyTimeout: connectDeadline,
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
    algorithms: { serverHostKey: knownFirst(check.keyTypes) },
    hostVerifier: (key: Buffer) => {
      refusal = check.refusal(key);
      return refusal === undefined;
    },
  }).catch((cause: unknown) => {
    throw refusal ?? connectError(options, cause);
  });
  try {
    const late = () => new ProviderError("timeout", `The SSH server on ${host} did not start PowerShell in time.`);
    return await within(startShell(client, options), connectDeadline, late);
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** What a host's key may sign with, and the type of the key: one of type ssh-rsa signs with SHA-2 nowadays (RFC 8332). */
const keyTypeOf: ReadonlyMap<ServerHostKeyAlgorithm, string> = new Map([
  ["ssh-ed25519", "ssh-ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"],
  ["ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"],
  ["ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"],
  ["rsa-sha2-512", "ssh-rsa"],
  ["rsa-sha2-256", "ssh-rsa"],
]);

/** A host has keys of several types; one that is on record must be the one it is asked for. */
function knownFirst(keyTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const known = (algorithm: ServerHostKeyAlgorithm) => keyTypes.includes(keyTypeOf.get(algorithm) ?? "");
  return [...keyTypeOf.keys()].sort((a, b) => Number(known(b)) - Number(known(a)));
}

async function connect(config: ConnectConfig): Promise<Client> {
  const client = new Client();
  const ready = new Deferred();
  client.on("ready", () => ready.resolve());
  // An agent that does not answer is not the end: another way to log on may be next.
  let agent: Error | undefined;
  client.on("error", (error: Error & { level?: string }) => {
    if (error.level === "agent") agent = error;
    else ready.reject(agent === undefined ? error : Object.assign(error, { agent }));
  });
  client.on("close", () => ready.reject(new Error("The connection was closed.")));
  try {
    client.connect(config);
    await ready.promise;
    return client;
  } catch (error) {
    client.destroy();
    throw error;
  }
}

function startShell(client: Client, options: SshOptions): Promise<ServerStreams> {
  const { host, shell } = options;
  return new Promise((resolve, reject) => {
    const lost = (cause?: unknown) =>
      reject(
        new ProviderError(
          "protocol",
          `The SSH server on ${host} let us in, and closed before PowerShell was started.`,
          {
            hint: "Its log says why (on Windows the event log OpenSSH/Operational).",
            cause,
          },
        ),
      );
    // Told before what was asked for fails for that reason.
    client.once("close", () => lost());
    const started = (cause: Error | undefined, channel: ClientChannel) => {
      // Now, not a turn later: its end may be in the same packet.
      if (cause === undefined) return resolve(streams(client, channel, options));
      const what = shell === "windows-powershell" ? "the command powershell.exe" : 'the subsystem "powershell"';
      const hint =
        shell === "windows-powershell"
          ? "Its sshd may force another command for this user."
          : "Add `Subsystem powershell …/pwsh -sshs` to its sshd_config, or choose Windows PowerShell in the settings.";
      reject(new ProviderError("access-denied", `The SSH server on ${host} does not start ${what}.`, { hint, cause }));
    };
    try {
      if (shell === "windows-powershell") client.exec(windowsPowerShell, started);
      else client.subsys("powershell", started);
    } catch (notConnected) {
      lost(notConnected);
    }
  });
}

/**
 * Milliseconds for the last words of a PowerShell that has ended. The channel may stay open long after: for as long as a program
 * lives that it started, and that holds its ends.
 */
const afterExit = 5_000;

function streams(client: Client, channel: ClientChannel, { host }: SshOptions): ServerStreams {
  const ended = new Deferred<ProviderError>();
  const words = new LastWords(channel.stderr);
  let exit = "";
  let fault = "";
  channel.on("exit", (code: number | null, signal?: string) => {
    exit = code === null ? ` (signal ${signal})` : ` (exit code ${code})`;
    setTimeout(gone, afterExit).unref();
  });
  client.on("error", (error) => {
    fault = ` ${error.message.replace(/\.?$/, ".")}`;
  });
  const gone = () => {
    ended.resolve(
      new ProviderError("protocol", `PowerShell on ${host} ended${exit}, or SSH lost it.${fault}${words.quoted}`),
    );
    client.end();
  };
  channel.on("close", gone);
  client.on("close", gone);
  return { toServer: channel, fromServer: channel, ended: ended.promise, destroy: () => client.destroy() };
}

function connectError({ host, port = 22, user, password }: SshOptions, cause: unknown): ProviderError {
  const { code, level, message, agent } = cause as {
    /** Of a server that ends the connection it is a number (RFC 4253, 11.1). */
    code?: string | number;
    level?: string;
    message: string;
    agent?: Error;
  };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new ProviderError("name-not-resolved", `The name ${host} could not be resolved.`, {
      hint: "Check its spelling, and this machine's DNS servers.",
      cause,
    });
  }
  const refused = password === undefined ? "access-denied" : "password-refused";
  // OpenSSH's words at its MaxAuthTries. The password was refused by then: its turn is before that of the agent's keys.
  if (/too many authentication failures/i.test(message)) {
    return new ProviderError(
      refused,
      `The SSH server on ${host} did not accept ${user} in as many tries as it allows.`,
      {
        hint: "Check the password. Each key of an agent is a try: give the right one as a file, or take the others out of the agent.",
        cause,
      },
    );
  }
  if (level === "client-authentication") {
    const alone = agent === undefined ? "" : ` The agent was no help: ${agent.message.replace(/\.?$/, ".")}`;
    return new ProviderError(refused, `The SSH server on ${host} did not accept ${user}.${alone}`, {
      hint: "Check the user name's form, the key in its authorized_keys (for administrators: administrators_authorized_keys), or the password.",
      cause,
    });
  }
  if (level === "client-timeout") {
    return new ProviderError("timeout", `The SSH server on ${host}, port ${port}, did not finish the logon in time.`, {
      cause,
    });
  }
  if ((typeof code === "string" && code.startsWith("E")) || level === "client-socket") {
    return new ProviderError("port-closed", `Port ${port} of ${host} did not answer (${code ?? message}).`, {
      hint: "Check that sshd runs there, and the firewall between.",
      cause,
    });
  }
  const reason = message.replace(/\.?$/, ".");
  return new ProviderError("protocol", `The SSH connection with ${host} failed: ${reason}`, { cause });
}
