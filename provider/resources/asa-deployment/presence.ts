import { canonicalName, sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import { type ExchangeServer, listExchangeServers } from "../../exchange/exchange-servers";
import type { ExchangeOrganization } from "../../exchange/organization";
import type { Connection } from "../connection";
import type { Context } from "../handler";
import { perDomain } from "../per-domain";
import { isUnreachable } from "./reachable";
import type { AsaDeploymentOutputs } from "./schema";
import { heldBy } from "./survey";

/** `OBJECT GUID@FIRST SERVER`: whose password it is, and a server to ask. */
export const deploymentId = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@(\S+)$/;

export function deploymentIdOf(accountGuid: string, firstServer: string): string {
  return `${accountGuid}@${firstServer}`;
}

/** What this run knows of a deployment. */
interface Deployment {
  servers: readonly string[];
  /** Whose credential it is. Its id tells only whose it was at first: a deployment may go to another account, or to one made anew. */
  accountGuid: string | undefined;
  /** A resource of the program is this deployment, or was made in this run; another may only have been asked about. */
  inProgram?: true;
  /** Whether a server was seen to have the credential; many names ask, and one answer does for a run. */
  seen?: Promise<void>;
}

const deployments = perDomain(() => new Map<string, Deployment>());

function deploymentOf(exchange: ExchangeOrganization, id: string): Deployment {
  const known = deployments(exchange);
  const [, accountGuid, first = ""] = deploymentId.exec(id) ?? [];
  const deployment = known.get(id) ?? { servers: [first], accountGuid };
  known.set(id, deployment);
  return deployment;
}

/** What state, or a run that has just written, says of a deployment. */
type Facts = Pick<AsaDeploymentOutputs, "servers" | "accountGuid">;

/** Remembers whose a deployment is, and on which servers; its id names only the first that it ever had. */
export function deploymentIsOn(exchange: ExchangeOrganization, id: string, { servers, accountGuid }: Facts): void {
  const deployment = deploymentOf(exchange, id);
  Object.assign(deployment, { servers, accountGuid, inProgram: true });
  delete deployment.seen;
}

/** Remembers that this run has just read the credential on a server. */
export function deploymentWasSeen(exchange: ExchangeOrganization, id: string, { servers, accountGuid }: Facts): void {
  Object.assign(deploymentOf(exchange, id), { servers, accountGuid, inProgram: true, seen: Promise.resolve() });
}

/**
 * Those of the servers of a deployment that is to be deleted on which the program wants the same account all the same: the
 * resource has another name now. Nobody asks what is to become of one that the program does not have any more, so what this
 * run knows is of others.
 */
export function takenOverServers(exchange: ExchangeOrganization, olds: AsaDeploymentOutputs): readonly string[] {
  const others = [...deployments(exchange).values()].filter(
    ({ inProgram, accountGuid }) => inProgram === true && accountGuid === olds.accountGuid,
  );
  return olds.deployed.map(({ server }) => server).filter((one) => others.some(({ servers }) => servers.includes(one)));
}

export interface Claimant {
  readonly connection: string;
  /** Id of the deployment. */
  readonly deployment: string;
  /** `DOMAIN\name`, and its object GUID. */
  readonly account: string;
  readonly accountGuid: string;
}

/**
 * Asks the servers of a deployment, in turn, until one has the credential.
 * @throws ProviderError `refused`, with what each has instead.
 */
export async function requireCredential(claimant: Claimant, context: Context): Promise<void> {
  const { connection, deployment: id, account, accountGuid } = claimant;
  const served = context.connection(connection);
  const deployment = deploymentOf(served.exchange, id);
  // Where the run leaves it out, its id is all that is known of it: the account and the server that it had at first.
  const more = deployment.inProgram === true ? "" : " With --target, name the deployment as a target too.";
  if (deployment.accountGuid !== accountGuid) {
    throw new ProviderError("refused", `The deployment ${id} is of another account than ${account}.`, {
      hint: `Give the id of the AsaDeployment of this account.${more}`,
    });
  }
  deployment.seen ??= seeOn(deployment.servers, account, served, more, context.signal);
  await deployment.seen;
}

async function seeOn(
  servers: readonly string[],
  account: string,
  connection: Connection,
  moreHint: string,
  signal: AbortSignal,
): Promise<void> {
  const { directory, exchange } = connection;
  const wanted = await canonicalName(directory, account);
  const instead: string[] = [];
  let organization: ExchangeServer[] | undefined;
  for (const server of servers) {
    try {
      const shell = exchange.endpoint(server);
      organization ??= await listExchangeServers(shell, signal);
      const one = organization.find(({ fqdn }) => fqdn === server);
      const { credentials } = one === undefined ? { credentials: [] } : await heldBy(one, shell, connection, signal);
      const accounts = [...new Set(credentials.map((credential) => credential.account))];
      if (accounts.some((name) => sameAccount(name, wanted))) return;
      instead.push(`${server} has ${accounts.length === 0 ? "none" : `that of ${accounts.join(", ")}`}`);
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      // What one server refuses, the others would too; only silence moves on.
      if (!isUnreachable(error)) throw error;
      instead.push(`${server} does not answer (${error.message})`);
    }
  }
  throw new ProviderError(
    "refused",
    `No server of the deployment has the credential of ${account}: ${instead.join("; ")}.`,
    {
      hint: `Clients would get tickets that nobody can read. Run pulumi refresh, then pulumi up, to deploy it again.${moreHint}`,
    },
  );
}
