import { ProviderError } from "../error";
import { type Account, findAccount } from "./accounts";
import type { Directory, Forest } from "./directory";

/** `DOMAIN\name` in its parts; either slash. */
function parts(qualifiedName: string): { readonly domain: string; readonly name: string } | undefined {
  const [, domain, name] = /^([^\\/]+)[\\/]([^\\/]+)$/.exec(qualifiedName) ?? [];
  return domain === undefined || name === undefined ? undefined : { domain, name };
}

function isDomain(domain: string, { netbiosName, dnsName }: Pick<Forest, "netbiosName" | "dnsName">): boolean {
  return [netbiosName.toLowerCase(), dnsName].includes(domain.toLowerCase());
}

/**
 * Whether two `DOMAIN\name` are one: Active Directory knows no case, and Exchange shows a name as it was typed. Of names whose
 * domain may be written in two ways ask {@link canonicalName} first.
 */
export function sameAccount(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/**
 * The account named `DOMAIN\name` (NetBIOS or DNS name of the domain, either slash).
 * @throws ProviderError `input-invalid` for another form, `refused` for a domain that the connection does not serve.
 */
export async function findQualified(directory: Directory, qualifiedName: string): Promise<Account | undefined> {
  const found = parts(qualifiedName);
  if (found === undefined) {
    throw new ProviderError("input-invalid", `"${qualifiedName}" is not the qualified name of an account.`, {
      hint: "Write DOMAIN\\name, with a $ at the end of a computer's name.",
    });
  }
  await requireServed(directory, qualifiedName);
  return findAccount(directory, found.name);
}

/**
 * To be asked before an account that was not found counts as deleted: settings of another forest find none of this one's.
 * @throws ProviderError `refused` for an account of a domain that the connection does not serve.
 */
export async function requireServed(directory: Directory, qualifiedName: string): Promise<void> {
  const forest = await directory.forest();
  if (isDomain(parts(qualifiedName)?.domain ?? "", forest)) return;
  const { netbiosName, dnsName } = forest;
  throw new ProviderError("refused", `${qualifiedName} is not in ${dnsName} (${netbiosName}).`, {
    hint: "Name the connection that serves its domain.",
  });
}

/**
 * The same name with the domain's NetBIOS name in front, where it may have been typed with the DNS name or the other slash. One
 * of another domain, or of no such form, is as it was. Nobody is asked where the form is the usual one.
 */
export async function canonicalName(directory: Pick<Directory, "forest">, qualifiedName: string): Promise<string> {
  const found = parts(qualifiedName);
  if (found === undefined || /^[^.]+\\/.test(qualifiedName)) return qualifiedName;
  const forest = await directory.forest();
  return isDomain(found.domain, forest) ? `${forest.netbiosName}\\${found.name}` : qualifiedName;
}

/** `TAILSPIN\EXCH2016ASA$` */
export async function qualifiedNameOf(directory: Directory, samAccountName: string): Promise<string> {
  return `${(await directory.forest()).netbiosName}\\${samAccountName}`;
}
