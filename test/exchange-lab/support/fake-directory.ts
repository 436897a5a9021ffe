import type { AccountDirectory, DirectoryAccount, LogOn } from "../../../lab/exchange/model/account-directory";
import { DirectoryRefusal } from "../../../lab/exchange/model/account-directory";
import { splitQualifiedName } from "../../../lab/exchange/model/credential";

interface Entry {
  account: DirectoryAccount;
  password: string;
}

/** A directory of a few accounts, for the rules that need no domain controller. */
export class FakeDirectory implements AccountDirectory {
  private readonly entries = new Map<string, Entry>();

  add(samAccountName: string, password: string): void {
    this.entries.set(samAccountName.toLowerCase(), {
      password,
      account: {
        distinguishedName: `CN=${samAccountName.replace("$", "")},CN=Computers,DC=corp,DC=tailspintoys,DC=com`,
        samAccountName,
        objectClass: samAccountName.endsWith("$") ? "computer" : "user",
        passwordLastSet: new Date("2016-01-12T10:19:53Z"),
        servicePrincipalNames: [],
      },
    });
  }

  passwordOf(samAccountName: string): string | undefined {
    return this.entries.get(samAccountName.toLowerCase())?.password;
  }

  async canLogOn({ name, password }: LogOn): Promise<boolean> {
    return this.entry(name)?.password === password;
  }

  async findAccount(qualifiedName: string): Promise<DirectoryAccount | undefined> {
    return this.entry(qualifiedName)?.account;
  }

  async resetPassword(account: DirectoryAccount, password: string, as: LogOn): Promise<void> {
    if (as.password === "") throw new DirectoryRefusal("Access is denied.");
    this.set(account, password);
  }

  async changePassword(account: DirectoryAccount, oldPassword: string, newPassword: string): Promise<void> {
    if (this.passwordOf(account.samAccountName) !== oldPassword)
      throw new DirectoryRefusal("The old password is wrong.");
    this.set(account, newPassword);
  }

  private set({ samAccountName }: DirectoryAccount, password: string): void {
    const entry = this.entry(samAccountName);
    if (entry === undefined) throw new DirectoryRefusal("The account is gone.");
    entry.password = password;
    entry.account = { ...entry.account, passwordLastSet: new Date() };
  }

  private entry(name: string): Entry | undefined {
    return this.entries.get((splitQualifiedName(name)?.userName ?? name).toLowerCase());
  }
}
