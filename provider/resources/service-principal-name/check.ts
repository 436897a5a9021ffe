import { addressRecord } from "../../checks/dns/address-record";
import { warningsOf } from "../../checks/warnings";
import type { Directory } from "../../directory/directory";
import { findQualified, sameAccount } from "../../directory/qualified-name";
import { sameSpn } from "../../directory/service-principal-name";
import { accountsToAdopt } from "../account-fates";
import { type Context, type PreviewInputs, type Refusal, unknown } from "../handler";
import { hasName, holderRefusal, strangers } from "./holders";
import { beforeDeployment, clientName, nameRefusal, portWarning } from "./name-rules";
import { claimedTwice, claimsOf } from "./program-claims";
import type { SpnInputs } from "./schema";

/** Looks for holders only when the program has changed the name or the account: a preview without changes asks nothing. */
export async function check(
  inputs: PreviewInputs<SpnInputs>,
  olds: Partial<SpnInputs>,
  context: Context,
): Promise<Refusal[]> {
  const { spn, account, deployment, allowBeforeDeployment, allowShortName, allowIpAddress } = inputs;
  const { directory } = context.connection(inputs.connection);
  const claims = claimsOf(directory);
  if (spn !== unknown && olds.account !== undefined && sameSpn(olds.spn ?? "", spn)) claims.keeps(spn, olds.account);

  if (deployment === undefined && allowBeforeDeployment === false) {
    return [{ property: "deployment", reason: beforeDeployment }];
  }
  if (spn === unknown) return [];
  const rules = { allowShortName: allowShortName !== false, allowIpAddress: allowIpAddress !== false };
  const badName = nameRefusal(spn, rules);
  if (badName !== undefined) return [{ property: "spn", reason: badName }];
  if (olds.spn === undefined && !claims.asksFor(spn)) return [{ property: "spn", reason: claimedTwice(spn) }];

  const sameName = sameSpn(olds.spn ?? "", spn);
  const keepsAccount = account === unknown || (olds.account !== undefined && sameAccount(account, olds.account));
  if (sameName && keepsAccount) return [];
  if (!sameName) await warnOfName(spn, inputs.connection, context);

  const owner = account === unknown ? undefined : await findQualified(directory, account);
  if (account !== unknown && owner === undefined) {
    return [{ property: "account", reason: `There is no account ${account}.` }];
  }
  if (owner !== undefined && hasName(owner, spn)) return [];
  const { takeFrom, allowServerName } = inputs;
  if (takeFrom === unknown || takeFrom.includes(unknown) || allowServerName === unknown) return [];
  const former = await formerOwners(directory, claims.accountsInState(spn));
  const ours = [...(owner === undefined ? accountsToAdopt(directory) : [owner.guid]), ...former];
  const claim = { spn, takeFrom: takeFrom as readonly string[], allowServerName };
  const reason = holderRefusal(claim, await strangers(directory, spn, ours));
  return reason === undefined ? [] : [{ property: "spn", reason }];
}

/** What clients will stumble over although the directory takes the name. */
async function warnOfName(spn: string, connection: string, context: Context): Promise<void> {
  const warning = portWarning(spn);
  if (warning !== undefined) context.progress(warning);
  const host = clientName(spn);
  if (host === undefined) return;
  const lines = await warningsOf(context.connection(connection), { hostNames: [host] }, [addressRecord]);
  for (const line of lines) context.progress(line);
}

/** The accounts on which this stack has the name now: it leaves them when their resources change. */
async function formerOwners(directory: Directory, qualifiedNames: readonly string[]): Promise<string[]> {
  const found = await Promise.all(qualifiedNames.map((name) => findQualified(directory, name)));
  return found.flatMap((account) => (account === undefined ? [] : [account.guid]));
}
