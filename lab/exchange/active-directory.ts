import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Attribute, Change, Client, EqualityFilter } from "ldapts";
import { type AccountDirectory, type DirectoryAccount, DirectoryRefusal, type LogOn } from "./model/account-directory";
import { splitQualifiedName } from "./model/credential";
import { type DomainNames, principalOf } from "./model/kerberos-names";

export interface ActiveDirectoryOptions extends DomainNames {
  /** `ldaps://` URL of the domain controller that Exchange works with. */
  readonly url: string;
  readonly caFile: string;
  /** What the servers themselves read with, as members of Exchange Trusted Subsystem would. */
  readonly reader: LogOn;
}

/** 100 ns between 1601 and 1970, and in a millisecond. */
const fileTimeEpoch = 116444736000000000n;
const fileTimeTick = 10000n;

/** The real directory over LDAPS, and real Kerberos log-ons. */
export class ActiveDirectory implements AccountDirectory {
  constructor(private readonly options: ActiveDirectoryOptions) {}

  canLogOn({ name, password }: LogOn): Promise<boolean> {
    const principal = principalOf(name, this.options);
    // Kerberos has no empty password: the KDC would only be asked in vain.
    if (principal === undefined || password === "") return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      // A cache in kinit's own memory: the ticket is gone with the process. The password goes through the pipe.
      const kinit = spawn("kinit", ["-c", "MEMORY:", principal], { stdio: ["pipe", "ignore", "ignore"] });
      kinit.on("error", reject);
      kinit.on("exit", (code) => resolve(code === 0));
      kinit.stdin.on("error", () => {});
      kinit.stdin.end(`${password}\n`);
    });
  }

  async findAccount(qualifiedName: string): Promise<DirectoryAccount | undefined> {
    const samAccountName = splitQualifiedName(qualifiedName)?.userName;
    if (samAccountName === undefined || principalOf(qualifiedName, this.options) === undefined) return undefined;
    return this.as(this.options.reader, async (client) => {
      const { searchEntries } = await client.search(namingContextOf(this.options.domain), {
        scope: "sub",
        filter: new EqualityFilter({ attribute: "sAMAccountName", value: samAccountName }),
        attributes: ["sAMAccountName", "objectClass", "pwdLastSet", "servicePrincipalName"],
      });
      const [entry] = searchEntries;
      if (entry === undefined) return undefined;
      const texts = (value: unknown) => [value ?? []].flat().map(String);
      const passwordLastSet = BigInt(texts(entry.pwdLastSet)[0] ?? "0");
      return {
        distinguishedName: entry.dn,
        samAccountName: texts(entry.sAMAccountName)[0] ?? samAccountName,
        objectClass: texts(entry.objectClass).includes("computer") ? "computer" : "user",
        passwordLastSet:
          passwordLastSet === 0n ? undefined : new Date(Number((passwordLastSet - fileTimeEpoch) / fileTimeTick)),
        servicePrincipalNames: texts(entry.servicePrincipalName),
      };
    });
  }

  resetPassword(account: DirectoryAccount, password: string, as: LogOn): Promise<void> {
    const change = new Change({ operation: "replace", modification: unicodePassword(password) });
    return this.as(as, (client) => client.modify(account.distinguishedName, [change]));
  }

  changePassword(account: DirectoryAccount, oldPassword: string, newPassword: string): Promise<void> {
    const changes = [
      new Change({ operation: "delete", modification: unicodePassword(oldPassword) }),
      new Change({ operation: "add", modification: unicodePassword(newPassword) }),
    ];
    const as = { name: account.distinguishedName, password: oldPassword };
    return this.as(as, (client) => client.modify(account.distinguishedName, changes));
  }

  private async as<Result>(who: LogOn, work: (client: Client) => Promise<Result>): Promise<Result> {
    try {
      return await withDirectory(this.options, who, work);
    } catch (thrown) {
      throw new DirectoryRefusal(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
    }
  }
}

/** One connection for one piece of work. */
export async function withDirectory<Result>(
  { url, caFile }: Pick<ActiveDirectoryOptions, "url" | "caFile">,
  who: LogOn,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({
    url,
    timeout: 10_000,
    connectTimeout: 5_000,
    tlsOptions: { ca: readFileSync(caFile) },
  });
  try {
    await client.bind(who.name, who.password);
    return await work(client);
  } finally {
    await client.unbind();
  }
}

/** The naming context of a domain, from its DNS name. */
export function namingContextOf(domain: string): string {
  return domain
    .split(".")
    .map((label) => `DC=${label}`)
    .join(",");
}

/** A password as the directory takes it: in quotation marks, UTF-16 (MS-ADTS 3.1.1.3.1.5). */
export function unicodePassword(password: string): Attribute {
  return new Attribute({ type: "unicodePwd", values: [Buffer.from(`"${password}"`, "utf16le")] });
}
