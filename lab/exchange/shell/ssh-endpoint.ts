import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AuthContext,
  Server,
  type ServerChannel,
  type Session,
  type Connection as SshConnection,
  utils,
} from "ssh2";
import { encodePacket, type OutOfProcessPacket, OutOfProcessReader, poolGuid } from "../../../provider/powershell/psrp";
import type { LogOn } from "../model/account-directory";
import { principalOf } from "../model/kerberos-names";
import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";
import type { Endpoint } from "../server-host";
import { FullLanguageShell } from "./full-language-shell";
import { RunspacePool } from "./runspace-pool";
import type { ShellRegistry } from "./shell-registry";

export interface SshEndpointOptions {
  readonly organization: Organization;
  readonly registry: ShellRegistry;
  readonly server: ExchangeServer;
  readonly address: string;
  /** Where the server keeps its state; its host key, and `authorized_keys` of administrators. */
  readonly folder: string;
  /** What a session by key may pass on, as delegation would. Without it, such a session reaches no other machine. */
  readonly delegated?: LogOn | undefined;
}

/** OpenSSH of one server: the subsystem `powershell`, or `powershell.exe -s` and `pwsh -s` as a command. */
export class SshEndpoint implements Endpoint {
  private listener: Server | undefined;
  private readonly connections = new Set<SshConnection>();

  constructor(private readonly options: SshEndpointOptions) {}

  async start(): Promise<void> {
    const listener = new Server({ hostKeys: [hostKey(this.options.folder)] }, (connection) => this.accept(connection));
    this.listener = listener;
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(22, this.options.address, resolve);
    });
  }

  async stop(): Promise<void> {
    const { listener } = this;
    this.listener = undefined;
    for (const connection of this.connections) connection.end();
    if (listener !== undefined) await new Promise<void>((resolve) => listener.close(() => resolve()));
  }

  private accept(connection: SshConnection): void {
    let user = "";
    let logOn: LogOn | undefined;
    this.connections.add(connection);
    connection.on("close", () => this.connections.delete(connection));
    connection.on("error", () => connection.end());
    connection.on("authentication", (context) => {
      this.authenticate(context).then(
        (proved) => {
          if (proved === undefined) return context.reject(["password", "publickey"]);
          ({ user, logOn } = proved);
          context.accept();
        },
        () => context.reject(),
      );
    });
    connection.on("ready", () => {
      connection.on("session", (accept) => this.session(accept(), () => ({ user, logOn })));
    });
  }

  private async authenticate(context: AuthContext): Promise<{ user: string; logOn: LogOn | undefined } | undefined> {
    const { organization, folder, delegated } = this.options;
    const { domain, netbiosName } = organization.state;
    const name = /[@\\]/.test(context.username) ? context.username : `${netbiosName}\\${context.username}`;
    const user = principalOf(name, { domain, netbiosName })?.toLowerCase();
    if (user === undefined) return undefined;
    if (context.method === "password") {
      const logOn = { name: user, password: context.password };
      return (await organization.directory.canLogOn(logOn)) ? { user, logOn } : undefined;
    }
    if (context.method !== "publickey") return undefined;
    const path = join(folder, "authorized_keys");
    const offered = context.key.data.toString("base64");
    const known = existsSync(path) && readFileSync(path, "utf8").split(/\s+/).includes(offered);
    if (!known) return undefined;
    // The first question has no signature yet: it asks whether this key would do.
    if (context.signature !== undefined && !signedBy(context)) return undefined;
    return { user, logOn: delegated };
  }

  private session(session: Session, who: () => { user: string; logOn: LogOn | undefined }): void {
    const open = (channel: ServerChannel) => {
      const { organization, registry, server } = this.options;
      try {
        const shell = new FullLanguageShell(organization, registry, { entry: server, ...who() });
        serve(channel, shell);
      } catch (thrown) {
        channel.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
        channel.exit(1);
        channel.end();
      }
    };
    session.on("subsystem", (accept, reject, { name }) => {
      if (name.toLowerCase() === "powershell") open(accept());
      else reject();
    });
    session.on("exec", (accept, reject, { command }) => {
      if (/^"?([^"]*[\\/])?(powershell|pwsh)(\.exe)?"?(\s+-\S+)*\s+-s(shs|erver(mode)?)?(\s|$)/i.test(command))
        open(accept());
      else reject();
    });
  }
}

/** PSRP's lines over a channel: everything is acknowledged, a pipeline's data only after its command. */
function serve(channel: ServerChannel, shell: FullLanguageShell): void {
  const reader = new OutOfProcessReader();
  const send = (packet: OutOfProcessPacket) => channel.write(encodePacket(packet));
  const pool = new RunspacePool(shell, "full", (pieces) => {
    for (const { pipelineId, stream, data } of pieces) send({ type: "data", id: pipelineId ?? poolGuid, stream, data });
  });
  const take = (packet: OutOfProcessPacket) => {
    const { id } = packet;
    switch (packet.type) {
      case "data":
        pool.receive(packet.data, id === poolGuid ? null : id);
        return send({ type: "dataAck", id });
      case "command":
        return send({ type: "commandAck", id });
      case "signal":
        send({ type: "signalAck", id });
        return pool.stop(id);
      case "close":
        if (id === poolGuid) pool.close();
        else pool.closePipeline(id);
        return send({ type: "closeAck", id });
      default:
        return;
    }
  };
  channel.on("data", (bytes: Buffer) => {
    try {
      for (const packet of reader.receive(bytes)) take(packet);
    } catch (thrown) {
      channel.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
      channel.exit(1);
      channel.end();
    }
  });
  channel.on("end", () => {
    channel.exit(0);
    channel.end();
  });
  channel.on("close", () => pool.close());
}

function signedBy(context: Extract<AuthContext, { method: "publickey" }>): boolean {
  const key = utils.parseKey(`${context.key.algo} ${context.key.data.toString("base64")}`);
  const { blob, signature, hashAlgo } = context;
  if (key instanceof Error || Array.isArray(key) || blob === undefined || signature === undefined) return false;
  return key.verify(blob, signature, hashAlgo) === true;
}

function hostKey(folder: string): string {
  const path = join(folder, "ssh_host_key");
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
      publicKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    writeFileSync(path, privateKey, { mode: 0o600 });
  }
  return readFileSync(path, "utf8");
}
