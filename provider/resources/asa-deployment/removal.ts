import { readAccount } from "../../directory/accounts";
import { sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import { readAlternateAccount, removeAlternateAccounts, type StoredCredential } from "../../exchange/alternate-account";
import { clientAccessNoun, type ExchangeServer } from "../../exchange/exchange-servers";
import type { Context } from "../handler";
import { isUnreachable, mapReachable, serversFailed } from "./reachable";
import type { AsaDeploymentOutputs } from "./schema";
import { type Found, heldBy, survey } from "./survey";

/**
 * Takes the credential off servers (article, "To remove the ASA credential"). Where another account has one there too it
 * stays, and is named: Exchange can only take off all. A server that is down keeps its own, and is named.
 * @param organization its servers, where others of the deployment have just listed them: then those left may all be down
 * @throws ProviderError naming the servers that answer and did not lose it; where none answers that should.
 */
export async function removeFrom(
  olds: AsaDeploymentOutputs,
  servers: readonly string[],
  context: Context,
  organization?: readonly ExchangeServer[],
): Promise<void> {
  const connection = context.connection(olds.connection);
  const { exchange } = connection;
  const ours = [olds.account, ...olds.formerAccounts];
  const isOurs = ({ account }: StoredCredential) => ours.some((one) => sameAccount(one, account));
  const { found, failed: unread } = await surveyLeft(olds, servers, context, organization);
  const { failed } = await mapReachable(exchange, found, async ({ exchangeServer, alternate }, server) => {
    if (!alternate.credentials.some(isOurs)) return;
    await exchange.endpoint(server).inTurn(
      "the removal of the credential",
      async (shell) => {
        // Looked at once more: all servers were read before, and one may have got another account's since, in this very run too.
        const { credentials } = await heldBy(exchangeServer, shell, connection, context.signal);
        const others = credentials.filter((one) => !isOurs(one));
        if (credentials.length === others.length) return;
        if (others.length > 0) {
          const names = [...new Set(others.map(({ account }) => account))].join(", ");
          context.progress(
            `warning: ${server} also holds the credential of ${names}. Exchange can only remove all of them, so that of ` +
              `${olds.account} stays there too`,
          );
          return;
        }
        await removeAlternateAccounts(shell, exchangeServer, context.signal);
        const left = await readAlternateAccount(shell, exchangeServer, context.signal);
        if (left.credentials.length === 0) return;
        throw new ProviderError("powershell-failed", `${server} still shows a credential after it was removed.`);
      },
      context.signal,
    );
  });
  const left = [...unread, ...failed];
  for (const [server, error] of left) {
    if (!isUnreachable(error)) continue;
    context.progress(
      `warning: ${server} keeps the credential of ${olds.account}, as it cannot be reached (${error.message}) When it is ` +
        `back, run there: Set-${nounOn(server, olds)} ${server} -RemoveAlternateServiceAccountCredentials`,
    );
  }
  // What is no server of the organization any more has nothing to remove.
  const broken = new Map(left.filter(([, error]) => !isUnreachable(error) && error.code !== "refused"));
  if (broken.size === 0) return;
  throw serversFailed("The credential was not removed from every server", broken, "Mend that, then run pulumi again.");
}

/** Of one that does not answer: by the version that it was last seen with. */
function nounOn(server: string, { deployed }: AsaDeploymentOutputs) {
  const seen = deployed.find((one) => one.server === server)?.version ?? "";
  return clientAccessNoun(seen.startsWith("15.0.") ? "2013" : "2016");
}

/** When none answers, the fault is more likely here than there; unless it is said that all may be down. */
async function surveyLeft(
  olds: AsaDeploymentOutputs,
  servers: readonly string[],
  context: Context,
  organization: readonly ExchangeServer[] | undefined,
) {
  try {
    return await survey(context.connection(olds.connection), servers, context.signal, organization);
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    if (!isUnreachable(error) || !servers.every((server) => olds.mayBeAbsent.includes(server))) throw error;
    return { found: new Map<string, Found>(), failed: new Map(servers.map((server) => [server, error])) };
  }
}

/**
 * "Remove the SPNs" comes first in the article, "Turn Kerberos authentication off".
 * @throws ProviderError `refused` while clients still get tickets for the account that no server could read.
 */
export async function refuseWhileInUse(olds: AsaDeploymentOutputs, context: Context): Promise<void> {
  const { directory } = context.connection(olds.connection);
  const account = await readAccount(directory, olds.accountGuid);
  const names = account?.servicePrincipalNames.filter((spn) => /^http\//i.test(spn)) ?? [];
  if (account === undefined || names.length === 0) return;
  throw new ProviderError(
    "refused",
    `${account.distinguishedName} still has ${names.join(", ")}: without the credential no server could read the tickets ` +
      "that clients get for it.",
    { hint: "Remove the service principal names first; resources that make them should name this deployment." },
  );
}
