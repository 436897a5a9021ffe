import type { Account } from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { canonicalName, findQualified, sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import { adoptionRefusal } from "../asa-account/existing-account";

/** @throws ProviderError for an account that does not exist, or whose password must not be rolled. */
export async function deployableAccount(directory: Directory, qualifiedName: string): Promise<Account> {
  const account = await findQualified(directory, qualifiedName);
  if (account === undefined) {
    throw new ProviderError("directory-not-found", `There is no account ${qualifiedName}.`, {
      hint: "Take the qualifiedName of an AsaAccount, or write DOMAIN\\name$.",
    });
  }
  const name = await canonicalName(directory, qualifiedName);
  if (!sameAccount(name, qualifiedName)) {
    throw new ProviderError("input-invalid", `${qualifiedName} is the same account as ${name}.`, {
      hint: `Write ${name}: all servers are to show one name for it.`,
    });
  }
  const refusal = adoptionRefusal(account, account.objectClass === "user" ? "user" : "computer");
  if (refusal !== undefined) throw new ProviderError("refused", refusal);
  if (!account.enabled) {
    throw new ProviderError("refused", `${account.distinguishedName} is disabled.`, {
      hint: "Enable it first: nobody gets a ticket for a disabled account.",
    });
  }
  return account;
}
