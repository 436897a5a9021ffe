import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Attribute, Change, type Client, Attribute as LdapAttribute } from "ldapts";
import { authorityFile } from "../../../lab/certificates";
import { mustRun, runCommand } from "../../../lab/command";
import { administrator, corp, dc1, hostName } from "../../../lab/domain-controller";
import { unicodePassword, withDirectory } from "../../../lab/exchange/active-directory";
import { control } from "../../../lab/exchange/control/client";
import type { ControlRequest } from "../../../lab/exchange/control/request";
import { httpProxyRows as rowsOf } from "../../../lab/exchange/front-end/http-proxy-rows";
import { exchangeControlSocket, exchangeFolder } from "../../../lab/exchange/up";
import { labFolder } from "../../../lab/folders";
import { password } from "../../../lab/passwords";
import { corpUser } from "../../../lab/people";

export const tell = (request: ControlRequest) => control(exchangeControlSocket, request);

export const exchangeAdministrator = `Administrator@${corp.dnsName}`;

/** Puts a credential on top of a server's list and waits until Kerberos works with it. */
export async function deploy(server: string, account: string, secret: string): Promise<void> {
  const credential = { userName: `${corp.netbiosName}\\${account}`, password: secret };
  await tell({
    request: "invoke",
    server,
    user: exchangeAdministrator,
    commands: [
      {
        name: "Set-ClientAccessService",
        parameters: { Identity: server, AlternateServiceAccountCredential: [credential] },
      },
    ],
  });
  await tell({ request: "settle", server });
}

export async function removeCredentials(server: string): Promise<void> {
  await tell({
    request: "invoke",
    server,
    user: exchangeAdministrator,
    commands: [
      {
        name: "Set-ClientAccessService",
        parameters: { Identity: server, RemoveAlternateServiceAccountCredentials: true },
      },
    ],
  });
  await tell({ request: "settle", server });
}

/** An account in the real directory, to be removed by who made it. */
export class TestAccount {
  readonly dn: string;

  constructor(
    readonly name: string,
    readonly secret: string,
    container = `CN=Computers,${corp.baseDn}`,
  ) {
    this.dn = `CN=${name},${container}`;
  }

  get samAccountName(): string {
    return `${this.name}$`;
  }

  async create(encryptionTypes = 28): Promise<void> {
    const text = (type: string, ...values: string[]) => new LdapAttribute({ type, values });
    await this.with((client) =>
      client.add(this.dn, [
        text("objectClass", "computer"),
        text("sAMAccountName", this.samAccountName),
        text("userAccountControl", "4096"),
        text("msDS-SupportedEncryptionTypes", String(encryptionTypes)),
        unicodePassword(this.secret),
      ]),
    );
  }

  setPassword(secret: string): Promise<void> {
    return this.modify("replace", unicodePassword(secret));
  }

  addSpn(spn: string): Promise<void> {
    return this.modify("add", new LdapAttribute({ type: "servicePrincipalName", values: [spn] }));
  }

  removeSpn(spn: string): Promise<void> {
    return this.modify("delete", new LdapAttribute({ type: "servicePrincipalName", values: [spn] }));
  }

  delete(): Promise<void> {
    return this.with((client) => client.del(this.dn));
  }

  private modify(operation: "add" | "delete" | "replace", modification: Attribute): Promise<void> {
    return this.with((client) => client.modify(this.dn, [new Change({ operation, modification })]));
  }

  private with<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const { name, password: secret } = administrator(corp);
    const who = { name: `${name}@${corp.dnsName}`, password: secret };
    return withDirectory({ url: `ldaps://${hostName(dc1)}`, caFile: authorityFile }, who, work);
  }
}

/** A mail client with a Kerberos ticket cache of its own. */
export class MailClient {
  private readonly cache = join(labFolder, `client-${process.pid}.ccache`);

  /** Logs on anew, as somebody of either forest: service tickets of before are forgotten. */
  async logOn(user = corpUser, forest: Pick<typeof corp, "dnsName" | "realm"> = corp): Promise<void> {
    const input = `${password(`${user}@${forest.dnsName}`)}\n`;
    await mustRun("kinit", ["-c", this.cache, `${user}@${forest.realm}`], { input });
  }

  /** Whether the KDC has a ticket for this name, and if not, why. */
  async ticket(spn: string): Promise<"granted" | string> {
    const { status, stderr } = await runCommand("kvno", ["-c", this.cache, spn]);
    return status === 0 ? "granted" : stderr.trim();
  }

  /** One request. @returns the status, and which server answered ("" where none did) */
  async get(url: string, ...options: string[]): Promise<{ status: number; server: string; offers: string[] }> {
    const kerberos = options.length > 0 ? options : ["--negotiate", "-u", ":"];
    const { stdout } = await runCommand(
      "curl",
      ["-s", "-D", "-", "-o", "/dev/null", "--cacert", authorityFile, ...kerberos, url],
      {
        environment: { ...process.env, KRB5CCNAME: this.cache },
      },
    );
    // The last head counts: before it may stand the challenge that curl has answered.
    const head =
      stdout
        .trim()
        .split(/\r?\n\r?\n/)
        .at(-1) ?? "";
    const header = (name: string) =>
      [...head.matchAll(new RegExp(`^${name}: *(.*?)\\r?$`, "gim"))].map(([, value]) => value ?? "");
    return {
      status: Number(/^HTTP\/\S+ (\d+)/.exec(head)?.[1] ?? 0),
      server: header("X-FEServer")[0] ?? "",
      offers: header("WWW-Authenticate").map((offer) => offer.split(" ")[0] ?? ""),
    };
  }
}

/** Basic, with the password in a file that only curl reads. */
export function basicOptions(): string[] {
  const path = join(labFolder, `client-${process.pid}.netrc`);
  const user = `${corp.netbiosName}\\${corpUser}`;
  writeFileSync(path, `default login ${user} password ${password(`${corpUser}@${corp.dnsName}`)}\n`, { mode: 0o600 });
  return ["--basic", "--netrc-file", path];
}

/** Rows of a server's HttpProxy logs of one protocol, by column name. */
export function httpProxyRows(server: string, protocol: string): Record<string, string>[] {
  return rowsOf(join(exchangeFolder, "servers", server), protocol);
}
