import { canonicalName } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import { type AlternateAccount, readAlternateAccount, underNames } from "../../exchange/alternate-account";
import { type ExchangeServer, listExchangeServers, serverAmong } from "../../exchange/exchange-servers";
import type { ExchangeOrganization } from "../../exchange/organization";
import type { RemoteShell } from "../../exchange/remote-shell";
import type { Connection } from "../connection";
import { isUnreachable, mapReachable } from "./reachable";

/** What one server was found to have. */
export interface Found {
  readonly exchangeServer: ExchangeServer;
  readonly alternate: AlternateAccount;
}

export interface Survey {
  /** By full name; those that answered. */
  readonly found: ReadonlyMap<string, Found>;
  /** Those that did not, or cannot have the credential, and why. */
  readonly failed: ReadonlyMap<string, ProviderError>;
  /** Every server of the organization, ours or not. */
  readonly organization: readonly ExchangeServer[];
}

/**
 * Asks every server, over its own endpoint, what it has.
 * @param known the organization's servers, where they have just been listed
 * @throws ProviderError where none lists them.
 */
export async function survey(
  connection: Connection,
  servers: readonly string[],
  signal: AbortSignal,
  known?: readonly ExchangeServer[],
): Promise<Survey> {
  const { exchange } = connection;
  const organization = known ?? (await organizationFrom(exchange, servers, signal));
  const wanted = new Map(servers.map((server) => [server, server]));
  const { done, failed } = await mapReachable(exchange, wanted, async (server) => {
    const exchangeServer = clientAccessServer(organization, server);
    return { exchangeServer, alternate: await heldBy(exchangeServer, exchange.endpoint(server), connection, signal) };
  });
  return { found: done, failed, organization };
}

/** What a server has, under names that can be compared. */
export async function heldBy(
  server: ExchangeServer,
  shell: RemoteShell,
  { directory }: Connection,
  signal: AbortSignal,
): Promise<AlternateAccount> {
  const alternate = await readAlternateAccount(shell, server, signal);
  return underNames(alternate, (account) => canonicalName(directory, account));
}

/** The list of servers, from the first that gives it. */
async function organizationFrom(
  exchange: ExchangeOrganization,
  servers: readonly string[],
  signal: AbortSignal,
): Promise<ExchangeServer[]> {
  const failures: ProviderError[] = [];
  for (const server of servers) {
    try {
      return await listExchangeServers(exchange.endpoint(server), signal);
    } catch (thrown) {
      failures.push(ProviderError.from(thrown));
    }
    // One that refuses may be no server at all; a second time it is us, and a wrong password must not go to fifty.
    const refusals = failures.filter((error) => !isUnreachable(error));
    if (refusals[1] !== undefined) throw refusals[0];
  }
  const refusal = failures.find((error) => !isUnreachable(error));
  if (refusal !== undefined) throw refusal;
  throw new ProviderError(failures[0]?.code ?? "unexpected", "No server of the deployment can be reached.", {
    hint: failures.map((error) => error.message).join(" "),
    cause: failures[0],
  });
}

/** @throws ProviderError `refused` for what cannot have the credential, with the reason. */
function clientAccessServer(organization: readonly ExchangeServer[], server: string): ExchangeServer {
  const found = serverAmong(organization, server);
  if (found.product === "2010") {
    throw new ProviderError(
      "refused",
      `${server} runs Exchange 2010, which cannot share the account with later versions.`,
      {
        hint: "Give Exchange 2010 an account of its own, by its own tools (article, “Important”).",
      },
    );
  }
  if (!found.clientAccess) {
    throw new ProviderError("refused", `${server} does not run Client Access services.`, {
      hint: "Leave it out: only servers that clients connect to need the credential.",
    });
  }
  return found;
}
