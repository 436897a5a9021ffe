import { readFile } from "node:fs/promises";
import { type ConnectConfig, utils } from "ssh2";
import { ProviderError } from "../../error";
import type { SecureString } from "../psrp";

/** How to log on. What is given is tried in this order: key, password, agent, which has keys for other hosts too. */
export interface LogonOptions {
  /** Such as `administrator`, `DOMAIN\name` or `name@domain`, as the server's sshd wants it. */
  readonly user: string;
  /** The agent's socket or pipe, such as the value of `SSH_AUTH_SOCK`, or `pageant`. */
  readonly agent?: string | undefined;
  /** A private key's file. */
  readonly keyFile?: string | undefined;
  readonly passphrase?: SecureString | undefined;
  readonly password?: SecureString | undefined;
}

type Logon = Pick<ConnectConfig, "username" | "agent" | "privateKey" | "passphrase" | "password" | "authHandler">;

/** @throws ProviderError `settings-invalid` where nothing to log on with is given, or the key cannot be read */
export async function logon(options: LogonOptions): Promise<Logon> {
  const { user, agent, keyFile, passphrase, password } = options;
  const methods = [
    ...(keyFile === undefined ? [] : (["publickey"] as const)),
    ...(password === undefined ? [] : (["password"] as const)),
    ...(agent === undefined ? [] : (["agent"] as const)),
  ];
  if (methods.length === 0) {
    throw new ProviderError("settings-invalid", `There is nothing to log on to SSH with as ${user}.`, {
      hint: "Give a key file, an agent or a password.",
    });
  }
  return {
    username: user,
    authHandler: methods,
    ...(agent === undefined ? {} : { agent }),
    ...(keyFile === undefined ? {} : { privateKey: await privateKey(keyFile, passphrase) }),
    ...(passphrase === undefined ? {} : { passphrase: passphrase.reveal() }),
    ...(password === undefined ? {} : { password: password.reveal() }),
  };
}

async function privateKey(file: string, passphrase: SecureString | undefined): Promise<Buffer> {
  let key: Buffer;
  try {
    key = await readFile(file);
  } catch (cause) {
    throw new ProviderError("settings-invalid", `The SSH key file ${file} cannot be read.`, { cause });
  }
  const parsed = utils.parseKey(key, passphrase?.reveal());
  if (!(parsed instanceof Error)) {
    if (parsed.isPrivateKey()) return key;
    throw new ProviderError("settings-invalid", `The SSH key file ${file} holds a public key.`, {
      hint: "Give the private one, whose file has no .pub at its end.",
    });
  }
  const encrypted = /passphrase|integrity check|decrypt/i.test(parsed.message);
  const what = encrypted
    ? "is encrypted, and the passphrase is missing or wrong"
    : "holds no private key that can be read";
  throw new ProviderError("settings-invalid", `The SSH key file ${file} ${what}.`, {
    hint: encrypted ? "Give its passphrase, or load it into an agent." : "OpenSSH, PEM and PuTTY keys are read.",
    cause: parsed,
  });
}
