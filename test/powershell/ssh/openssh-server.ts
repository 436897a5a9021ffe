import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mustRun, runCommand, waitUntil } from "../../../lab/command";
import { labFolder } from "../../../lab/folders";
import { addAddress } from "../../../lab/network-namespace";

/** Who may log on. Both are root inside, so that they may read the engine wherever it is. */
export const user = "shelly";
/** Gets something else than it asked for, as a server's administrator may decide. */
export const forcedUser = "forced";

/**
 * Debian's sshd on an address of its own in the lab, with the real engine behind the subsystem `powershell` and as `powershell.exe`.
 * It sees accounts of its own: files mounted over the machine's in a mount namespace that ends with it.
 */
export class OpenSshServer {
  readonly folder = join(labFolder, `sshd-${process.pid}`);
  readonly knownHosts = join(this.folder, "known_hosts");
  readonly clientKey = join(this.folder, "client_key");
  #process: ChildProcess | undefined;
  #log = "";

  private constructor(readonly address: string) {}

  static async start(address: string, engine: string, password: string): Promise<OpenSshServer> {
    const server = new OpenSshServer(address);
    await addAddress(address);
    await server.#prepare(engine, password);
    await server.#run();
    return server;
  }

  /** What sshd has said since {@link forgetLog}. */
  get log(): string {
    return this.#log;
  }

  forgetLog(): void {
    this.#log = "";
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** The host's public key of a type, as a line of known_hosts has it after the name. */
  hostKey(type: "ed25519" | "rsa"): string {
    return readFileSync(this.file(`host_${type}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  }

  /** As the server's administrator reads it off. */
  async fingerprint(type: "ed25519" | "rsa"): Promise<string> {
    const said = await mustRun("ssh-keygen", ["-l", "-f", this.file(`host_${type}.pub`)]);
    return said.split(" ")[1] ?? "";
  }

  async stop(): Promise<void> {
    const running = this.#process;
    if (running !== undefined && running.exitCode === null) {
      running.kill("SIGTERM");
      await once(running, "close");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #prepare(engine: string, password: string): Promise<void> {
    mkdirSync(this.file("bin"), { recursive: true });
    mkdirSync(this.file("run/sshd"), { recursive: true });
    for (const type of ["ed25519", "rsa"]) await newKey(this.file(`host_${type}`), type);
    await newKey(this.clientKey, "ed25519");
    writeFileSync(this.file("authorized_keys"), readFileSync(`${this.clientKey}.pub`));
    writeFileSync(this.file("bin/powershell.exe"), `#!/bin/sh\nexec '${engine}' "$@"\n`);
    chmodSync(this.file("bin/powershell.exe"), 0o755);

    const hash = (await mustRun("openssl", ["passwd", "-6", "-stdin"], { input: password })).trim();
    const people = [user, forcedUser];
    const passwd = people.map((name) => `${name}:x:0:0::${this.folder}:/bin/sh`);
    writeFileSync(this.file("passwd"), `${passwd.join("\n")}\nsshd:x:105:65534::/run/sshd:/usr/sbin/nologin\n`);
    writeFileSync(this.file("shadow"), people.map((name) => `${name}:${hash}:20000:0:99999:7:::\n`).join(""));
    const settings = [
      `ListenAddress ${this.address}:22`,
      ...["ed25519", "rsa"].map((type) => `HostKey ${this.file(`host_${type}`)}`),
      "PidFile none",
      "UsePAM no",
      "PermitRootLogin yes",
      "StrictModes no",
      `AuthorizedKeysFile ${this.file("authorized_keys")}`,
      `SetEnv PATH=${this.file("bin")}:/usr/bin:/bin`,
      `Subsystem powershell ${engine} -sshs -NoLogo -NoProfile`,
      `Match User ${forcedUser}`,
      "ForceCommand echo no shell for you; echo ask the administrator >&2",
    ];
    writeFileSync(this.file("sshd_config"), `${settings.join("\n")}\n`);
  }

  async #run(): Promise<void> {
    const mounts = [
      ["run", "/run"],
      ["passwd", "/etc/passwd"],
      ["shadow", "/etc/shadow"],
    ].map(([own, over]) => `mount --bind '${this.file(own ?? "")}' ${over}`);
    const sshd = join(await sshdFolder(), "sshd");
    const script = `${mounts.join(" && ")} && exec ${sshd} -D -e -f '${this.file("sshd_config")}'`;
    const child = spawn("unshare", ["--mount", "sh", "-c", script], { stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    child.stderr.on("data", (text: Buffer) => {
      this.#log += text.toString();
    });
    await waitUntil("sshd listens", async () => {
      if (child.exitCode !== null) throw new Error(`sshd ended:\n${this.#log}`);
      return this.#log.includes("Server listening");
    });
  }
}

export async function newKey(file: string, type: string, passphrase = ""): Promise<void> {
  await mustRun("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-f", file]);
}

async function sshdFolder(): Promise<string> {
  const { stdout } = await runCommand("sh", ["-c", "PATH=$PATH:/usr/sbin:/sbin command -v sshd"]);
  if (stdout.trim() === "") throw new Error("There is no sshd: the tests need Debian's package openssh-server.");
  return dirname(stdout.trim());
}
