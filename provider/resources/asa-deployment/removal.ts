import { findQualified } from "../../directory/accounts";
import { ProviderError } from "../../error";
import { readAlternateAccount, removeAlternateAccounts } from "../../exchange/alternate-account";
import type { Context } from "../handler";
import { isUnreachable, mapReachable, serversFailed } from "./reachable";
import type { AsaDeploymentOutputs } from "./schema";
import { survey } from "./survey";

/**
 * Takes the credential off servers (article, "To remove the ASA credential"). Where another account has one there too it
 * stays, and is named: Exchange can only take off all. A server that is down keeps its own, and is named.
 * @throws ProviderError `refused` while clients still get tickets for the account that no server could read.
 */
export async function removeFrom(
  olds: AsaDeploymentOutputs,
  servers: readonly string[],
  context: Context,
): Promise<void> {
  const { exchange } = context.connection(olds.connection);
  const last = olds.deployed.every(({ server }) => servers.includes(server));
  if (last) await refuseWhileInUse(olds, context);
  const keeps = (server: string, error: ProviderError) =>
    context.progress(
      `warning: ${server} keeps the credential of ${olds.account}, as it cannot be reached (${error.message}). When it is ` +
        `back, run there: Set-ClientAccessService ${server} -RemoveAlternateServiceAccountCredentials`,
    );
  const { found, failed: unread } = await survey(exchange, servers, context.signal);
  const { failed } = await mapReachable(exchange, [...found.keys()], async (server) => {
    const one = found.get(server);
    if (one === undefined) return;
    const { credentials } = one.alternate;
    const ours = credentials.filter(({ account }) => account.toLowerCase() === olds.account.toLowerCase());
    const others = credentials.filter((one) => !ours.includes(one)).map(({ account }) => account);
    if (ours.length === 0) return;
    if (others.length > 0) {
      context.progress(
        `warning: ${server} also holds the credential of ${[...new Set(others)].join(", ")}. Exchange can only remove all ` +
          `of them, so that of ${olds.account} stays there too`,
      );
      return;
    }
    const shell = exchange.endpoint(server);
    await removeAlternateAccounts(shell, one.exchangeServer, context.signal);
    const left = await readAlternateAccount(shell, one.exchangeServer, context.signal);
    if (left.credentials.length === 0) return;
    throw new ProviderError("powershell-failed", `${server} still shows a credential after it was removed.`);
  });
  const left = [...unread, ...failed];
  for (const [server, error] of left) if (isUnreachable(error)) keeps(server, error);
  // What is no server of the organization any more has nothing to remove.
  const broken = new Map(left.filter(([, error]) => !isUnreachable(error) && error.code !== "refused"));
  if (broken.size === 0) return;
  throw serversFailed("The credential was not removed from every server", broken, "Run pulumi destroy again.");
}

/** "Remove the SPNs" comes first in the article, "Turn Kerberos authentication off". */
async function refuseWhileInUse(olds: AsaDeploymentOutputs, context: Context): Promise<void> {
  const { directory } = context.connection(olds.connection);
  const account = await findQualified(directory, olds.account);
  const names = account?.servicePrincipalNames.filter((spn) => /^http\//i.test(spn)) ?? [];
  if (account === undefined || names.length === 0 || account.guid !== olds.accountGuid) return;
  throw new ProviderError(
    "refused",
    `${account.distinguishedName} still has ${names.join(", ")}: without the credential no server could read the tickets ` +
      "that clients get for it.",
    { hint: "Remove the service principal names first; resources that make them should name this deployment." },
  );
}
