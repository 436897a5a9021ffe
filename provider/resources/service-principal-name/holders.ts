import { type Account, readAccount } from "../../directory/accounts";
import type { Directory } from "../../directory/directory";
import { sameDistinguishedName } from "../../directory/distinguished-name";
import { sameSpn } from "../../directory/service-principal-name";
import { addSpn, removeSpn, type SpnHolder, spnHolders } from "../../directory/spn-holders";
import { ProviderError } from "../../error";

export interface Claim {
  readonly spn: string;
  /** Distinguished names of accounts that may lose the name. */
  readonly takeFrom: readonly string[];
  readonly allowServerName: boolean;
}

/** Those who hold a name and are not among `ours`, by object GUID. */
export async function strangers(directory: Directory, spn: string, ours: readonly string[]): Promise<SpnHolder[]> {
  return (await spnHolders(directory, spn)).filter((holder) => !ours.includes(holder.guid));
}

function mayLose(holder: SpnHolder, { takeFrom }: Claim): boolean {
  return !holder.byAlias && takeFrom.some((name) => sameDistinguishedName(name, holder.distinguishedName));
}

/** Why a name cannot be had, naming who holds it; `undefined` where it can. */
export function holderRefusal(claim: Claim, holders: readonly SpnHolder[]): string | undefined {
  const inTheWay = holders.filter((holder) => !mayLose(holder, claim) && !(holder.byAlias && claim.allowServerName));
  const [first] = inTheWay;
  if (first === undefined) return undefined;
  const described = inTheWay.map(
    ({ distinguishedName, enabled, servicePrincipalName }) =>
      `${distinguishedName} (${enabled ? "enabled" : "disabled"}, as ${servicePrincipalName})`,
  );
  const held = `${claim.spn} is held by ${described.join(" and ")}. `;
  if (inTheWay.every((holder) => holder.byAlias)) {
    return (
      `${held}HOST stands for http and other classes, so this is the name of a server. Clients use the name of the load ` +
      "balancer; give that one. allowServerName: true takes the name of a server all the same."
    );
  }
  const exact = inTheWay.filter((holder) => !holder.byAlias);
  const names = exact.map((holder) => JSON.stringify(holder.distinguishedName));
  const kept = exact.length < inTheWay.length ? "A HOST/… is to stay: that computer needs it. " : "";
  return (
    `${held}${kept}With two holders in a forest nobody gets a ticket. Remove it there, or move it to this account with ` +
    `takeFrom: [${names.join(", ")}].`
  );
}

export function hasName(account: Account, spn: string): boolean {
  return account.servicePrincipalNames.some((value) => sameSpn(value, spn));
}

/**
 * Gives a name to an account, after taking it from those who may lose it. When the account cannot have it, the former
 * holder gets it back.
 * @throws ProviderError `directory-conflict`, naming the holder.
 */
export async function claimName(directory: Directory, account: Account, claim: Claim): Promise<void> {
  const { spn } = claim;
  const holders = await strangers(directory, spn, [account.guid]);
  const refusal = holderRefusal(claim, holders);
  if (refusal !== undefined) throw new ProviderError("directory-conflict", refusal);
  const losers = holders.filter((holder) => mayLose(holder, claim));
  for (const loser of losers) await removeSpn(directory, loser, spn);
  try {
    await addSpn(directory, account, spn);
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    // Where it is not known whether the account has it, a second holder would be worse than none.
    if (losers.length === 0 || error.code === "directory-unclear") throw error;
    const back = await Promise.allSettled(losers.map((loser) => addSpn(directory, loser, spn)));
    const names = losers.map((loser) => loser.distinguishedName).join(", ");
    const outcome = back.every(({ status }) => status === "fulfilled")
      ? `${names} has the name again.`
      : `${names} has lost the name and could not be given it back: add it by hand.`;
    throw new ProviderError(error.code, `${error.message} ${outcome}`, { cause: thrown });
  }
}

/** Takes a name off an account, if both are still there. */
export async function releaseName(directory: Directory, guid: string, spn: string): Promise<void> {
  const account = await readAccount(directory, guid);
  if (account !== undefined && hasName(account, spn)) await removeSpn(directory, account, spn);
}
