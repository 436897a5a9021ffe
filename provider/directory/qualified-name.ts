import { ProviderError } from "../error";
import { type Account, findAccount } from "./accounts";
import type { Directory } from "./directory";

/** Whether two `DOMAIN\name` are one: Active Directory knows no case, and Exchange shows a name as it was typed. */
export function sameAccount(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/**
 * The account named `DOMAIN\name` (NetBIOS or DNS name of the domain, either slash).
 * @throws ProviderError `input-invalid` for another form, `refused` for a domain that the connection does not serve.
 */
export async function findQualified(directory: Directory, qualifiedName: string): Promise<Account | undefined> {
  const [, domain, name] = /^([^\\/]+)[\\/]([^\\/]+)$/.exec(qualifiedName) ?? [];
  if (domain === undefined || name === undefined) {
    throw new ProviderError("input-invalid", `"${qualifiedName}" is not the qualified name of an account.`, {
      hint: "Write DOMAIN\\name, with a $ at the end of a computer's name.",
    });
  }
  const { netbiosName, dnsName } = await directory.forest();
  if (![netbiosName.toLowerCase(), dnsName].includes(domain.toLowerCase())) {
    throw new ProviderError("refused", `${qualifiedName} is not in ${dnsName} (${netbiosName}).`, {
      hint: "Name the connection that serves its domain.",
    });
  }
  return findAccount(directory, name);
}

/** `TAILSPIN\EXCH2016ASA$` */
export async function qualifiedNameOf(directory: Directory, samAccountName: string): Promise<string> {
  return `${(await directory.forest()).netbiosName}\\${samAccountName}`;
}
