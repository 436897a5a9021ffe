import { existsSync } from "node:fs";
import { join } from "node:path";
import { qualifiedUserName } from "../model/credential";
import { principalOf, saltOf } from "../model/kerberos-names";
import type { Organization } from "../model/organization";
import type { ExchangeServer } from "../model/server";
import { type AcceptedClient, KerberosAcceptor } from "./acceptor";
import { type KeySource, writeKeytab } from "./keytab";

/** Tickets of this client were opened by one of the server's own keys or by one of a deployed credential. */
export class ServerKeys {
  private readonly machine: KerberosAcceptor | undefined;
  private deployed: KerberosAcceptor | undefined;
  private refreshing: Promise<void> = Promise.resolve();

  /** @param folder Where the server keeps its state; `machine.keytab` in it holds the keys of its computer account. */
  constructor(
    private readonly organization: Organization,
    private readonly server: ExchangeServer,
    private readonly folder: string,
  ) {
    const keytab = join(folder, "machine.keytab");
    this.machine = existsSync(keytab) ? new KerberosAcceptor(keytab) : undefined;
    server.onPickUp(() => this.refresh());
    this.refresh();
  }

  /** @param channel as of {@link KerberosAcceptor.accept} */
  accept(token: Buffer, channel?: Buffer): AcceptedClient | undefined {
    return this.deployed?.accept(token, channel) ?? this.machine?.accept(token, channel);
  }

  /** Resolves when all credentials picked up so far have become keys. */
  settled(): Promise<void> {
    return this.refreshing;
  }

  /** One refresh after the other: the keys that count are those of the last one. */
  private refresh(): void {
    this.refreshing = this.refreshing
      .then(() => this.load())
      .catch((thrown) => console.error(`${this.server.fqdn}: the credentials could not be loaded:`, thrown));
  }

  private async load(): Promise<void> {
    const sources: KeySource[] = [];
    for (const credential of this.server.kerberosCredentials) {
      const name = qualifiedUserName(credential);
      const principal = principalOf(name, this.organization.state);
      if (principal === undefined || !credential.isValid || credential.password === "") continue;
      // The salt has the account's name as the directory spells it, whatever case the administrator typed.
      const spelled = await this.organization.directory.findAccount(name).catch(() => undefined);
      const salt = saltOf(spelled?.samAccountName ?? credential.userName, this.organization.state);
      sources.push({ principal, password: credential.password, salt });
    }
    const former = this.deployed;
    if (sources.length === 0) {
      this.deployed = undefined;
    } else {
      const keytab = join(this.folder, "alternate.keytab");
      await writeKeytab(keytab, sources);
      this.deployed = new KerberosAcceptor(keytab);
    }
    former?.close();
  }
}
