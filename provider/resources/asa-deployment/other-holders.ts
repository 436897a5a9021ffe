import { sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import { readAlternateAccount } from "../../exchange/alternate-account";
import type { Context } from "../handler";
import type { Estate } from "./estate";
import type { Plan } from "./plan";
import { mapReachable } from "./reachable";
import type { AsaDeploymentInputs, AsaDeploymentOutputs } from "./schema";

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
  const { exchange } = context.connection(inputs.connection);
  const [entry] = survey.found.values();
  if (entry === undefined) return;
  const ours = new Set([...inputs.servers, ...(olds?.deployed ?? []).map(({ server }) => server)]);
  const others = survey.organization.filter(
    ({ fqdn, product, clientAccess }) =>
      !ours.has(fqdn) && clientAccess && (product === "2010" || plan.roll !== undefined),
  );
  const byName = new Map(others.map((server) => [server.fqdn, server]));
  // Which accounts a server has can be read from any other, with the cmdlets of the version of that one.
  const shell = exchange.endpoint(entry.exchangeServer.fqdn);
  const { product } = entry.exchangeServer;
  const { done, failed } = await mapReachable(exchange, byName, async (one) => {
    const { credentials } = await readAlternateAccount(shell, { ...one, product }, context.signal);
    return credentials.some(({ account }) => sameAccount(account, inputs.account));
  });
  for (const [server, { message }] of failed) {
    context.progress(
      `warning: whether ${server} has the credential of ${inputs.account} too cannot be seen: ${message}`,
    );
  }
  const holder = [...done].find(([, has]) => has)?.[0];
  if (holder === undefined) return;
  const is2010 = byName.get(holder)?.product === "2010";
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
