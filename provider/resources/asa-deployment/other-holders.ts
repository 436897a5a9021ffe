import { sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import type { AlternateAccount } from "../../exchange/alternate-account";
import type { ExchangeServer } from "../../exchange/exchange-servers";
import type { Connection } from "../connection";
import type { Context } from "../handler";
import type { Estate } from "./estate";
import type { Plan } from "./plan";
import { mapReachable, type Outcome } from "./reachable";
import type { AsaDeploymentInputs, AsaDeploymentOutputs } from "./schema";
import { heldBy } from "./survey";

/** What servers have, as one of them tells: with the cmdlets of its own version, and without a shell on the others. */
export function readThrough(
  connection: Connection,
  entry: ExchangeServer,
  servers: readonly ExchangeServer[],
  signal: AbortSignal,
): Promise<Outcome<AlternateAccount>> {
  const { exchange } = connection;
  const shell = exchange.endpoint(entry.fqdn);
  const byName = new Map(servers.map((server) => [server.fqdn, server]));
  return mapReachable(exchange, byName, (one) => heldBy({ ...one, product: entry.product }, shell, connection, signal));
}

/** Whether a server has a credential of that account, the newest or an older one. */
export function holds({ credentials }: AlternateAccount, qualifiedName: string): boolean {
  return credentials.some(({ account }) => sameAccount(account, qualifiedName));
}

/**
 * Looks at the servers that are not of the deployment: one that has the same account would be cut off by a new password.
 * "Exchange 2010 and Exchange 2016 can't share the same ASA credential" in any case (article, "Important").
 * @throws ProviderError `refused`, naming such a server.
 */
export async function refuseOtherHolders(
  inputs: AsaDeploymentInputs,
  olds: AsaDeploymentOutputs | undefined,
  { survey }: Estate,
  plan: Plan,
  context: Context,
): Promise<void> {
  const [entry] = survey.found.values();
  if (entry === undefined) return;
  const connection = context.connection(inputs.connection);
  const ours = new Set([...inputs.servers, ...(olds?.deployed ?? []).map(({ server }) => server)]);
  const others = survey.organization.filter(
    ({ fqdn, product, clientAccess }) =>
      !ours.has(fqdn) && clientAccess && (product === "2010" || plan.roll !== undefined),
  );
  const { done, failed } = await readThrough(connection, entry.exchangeServer, others, context.signal);
  for (const [server, { message }] of failed) {
    context.progress(
      `warning: whether ${server} has the credential of ${inputs.account} too cannot be seen: ${message}`,
    );
  }
  const holder = [...done].find(([, one]) => holds(one, inputs.account))?.[0];
  if (holder === undefined) return;
  const is2010 = others.find(({ fqdn }) => fqdn === holder)?.product === "2010";
  throw new ProviderError(
    "refused",
    `${inputs.account} is the account of ${holder} too, which ${is2010 ? "runs Exchange 2010" : "is not among the servers"}.`,
    {
      hint: is2010
        ? "Exchange 2010 and later versions cannot share one: make a new account for the later ones."
        : "A new password would cut it off from Kerberos: name it among the servers of this one deployment.",
    },
  );
}
