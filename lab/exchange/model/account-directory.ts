/** A name and a password, as a credential or a shell brings them. */
export interface LogOn {
  /** `DOMAIN\name` or a UPN. */
  readonly name: string;
  readonly password: string;
}

/** What Exchange asks Active Directory about an account that serves as alternate service account. */
export interface DirectoryAccount {
  readonly distinguishedName: string;
  readonly samAccountName: string;
  readonly objectClass: "computer" | "user";
  readonly passwordLastSet: Date | undefined;
  readonly servicePrincipalNames: readonly string[];
}

/** Why the directory did not do it, in the words that the script prints. */
export class DirectoryRefusal extends Error {
  override readonly name = "DirectoryRefusal";
}

/** The real directory, seen from an Exchange server. */
export interface AccountDirectory {
  /** A Kerberos log-on, never NTLM: NTLM takes the old password for another hour. */
  canLogOn(logOn: LogOn): Promise<boolean>;
  findAccount(qualifiedName: string): Promise<DirectoryAccount | undefined>;
  /**
   * Sets a new password with the rights of `as`.
   * @throws DirectoryRefusal when those rights or the policy do not allow it.
   */
  resetPassword(account: DirectoryAccount, password: string, as: LogOn): Promise<void>;
  /**
   * Changes a password by means of the old one, as the account itself.
   * @throws DirectoryRefusal when the old one is wrong or the policy does not allow it.
   */
  changePassword(account: DirectoryAccount, oldPassword: string, newPassword: string): Promise<void>;
}
