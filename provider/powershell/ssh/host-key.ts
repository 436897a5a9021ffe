import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ProviderError } from "../../error";
import { fingerprint, KnownHosts } from "./known-hosts";

/** How the server's key is known. One of the two always decides; there is no way to skip it. */
export interface HostKeyOptions {
  /** `SHA256:…`, as `ssh-keygen -l` shows it. Decides alone where it is given. */
  readonly fingerprint?: string | undefined;
  /** known_hosts files. Default: those of OpenSSH, `~/.ssh/known_hosts` and the machine's. */
  readonly knownHostsFiles?: readonly string[] | undefined;
}

/** What decides about a server's key. */
export interface HostKeyCheck {
  /** Key types to ask for first. */
  readonly keyTypes: readonly string[];
  /** `undefined` where the key is the one that is expected. */
  refusal(key: Uint8Array): ProviderError | undefined;
}

/** @throws ProviderError `settings-invalid` where a fingerprint is no SHA256 one, or a named file cannot be read */
export async function hostKeyCheck(host: string, port: number, options: HostKeyOptions): Promise<HostKeyCheck> {
  if (options.fingerprint !== undefined) return byFingerprint(host, options.fingerprint);
  const known = new KnownHosts(await knownHostsText(options.knownHostsFiles));
  const name = port === 22 ? host : `[${host}]:${port}`;
  return {
    keyTypes: known.keyTypes(host, port),
    refusal(key) {
      const shown = fingerprint(key);
      switch (known.verdict(host, port, key)) {
        case "known":
          return undefined;
        case "revoked":
          return new ProviderError(
            "wrong-server",
            `The SSH host key of ${host} (${shown}) is marked as revoked in known_hosts.`,
            {
              hint: "Do not connect: that key may be in somebody else's hands.",
            },
          );
        case "changed":
          return new ProviderError(
            "wrong-server",
            `The SSH host key of ${host} is ${shown}, not the one in known_hosts.`,
            {
              hint: `Another machine answers under this name, or the server got a new key. Only if you know of that: ssh-keygen -R '${name}', then add the new key.`,
            },
          );
        case "unknown":
          return new ProviderError(
            "settings-invalid",
            `The SSH host key of ${host} (${shown}) is not in known_hosts.`,
            {
              hint: `Compare it with the server's own (ssh-keygen -lf on it), then give this fingerprint in the settings or add the key for ${name} to known_hosts.`,
            },
          );
      }
    },
  };
}

function byFingerprint(host: string, expected: string): HostKeyCheck {
  if (!/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(expected)) {
    throw new ProviderError(
      "settings-invalid",
      `The SSH host key fingerprint given for ${host} is not of the form SHA256:….`,
      {
        hint: "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the server shows it.",
      },
    );
  }
  return {
    keyTypes: [],
    refusal(key) {
      const shown = fingerprint(key);
      if (shown === expected.replace(/=$/, "")) return undefined;
      return new ProviderError(
        "wrong-server",
        `The SSH host key of ${host} is ${shown}, not the fingerprint that was given.`,
        {
          hint: "Another machine answers under this name, the server got a new key, or the fingerprint is that of a key of another type.",
        },
      );
    },
  };
}

async function knownHostsText(files: readonly string[] | undefined): Promise<string> {
  if (files === undefined) {
    const ssh = join(homedir(), ".ssh");
    const system = process.platform === "win32" ? join(process.env.ProgramData ?? "", "ssh") : "/etc/ssh";
    const usual = [join(ssh, "known_hosts"), join(ssh, "known_hosts2"), join(system, "ssh_known_hosts")];
    return (await Promise.all(usual.map((file) => readFile(file, "utf8").catch(() => "")))).join("\n");
  }
  const read = async (file: string) => {
    try {
      return await readFile(file, "utf8");
    } catch (cause) {
      throw new ProviderError("settings-invalid", `The known_hosts file ${file} cannot be read.`, { cause });
    }
  };
  return (await Promise.all(files.map(read))).join("\n");
}
