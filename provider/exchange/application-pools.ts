import { Limiter } from "../directory/concurrency";
import type { ExchangeOrganization } from "./organization";
import { run } from "./remote-shell";

const turns = new WeakMap<ExchangeOrganization, Limiter>();

/**
 * Recycles application pools of one server, in a full-language shell on it: IIS has no remote commands. One server after
 * the other, so that the load balancer always has somebody to send clients to.
 */
export function recycleApplicationPools(
  exchange: ExchangeOrganization,
  server: string,
  pools: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const turn = turns.get(exchange) ?? new Limiter(1);
  turns.set(exchange, turn);
  return turn.run(async () => {
    const shell = exchange.serverShell(server);
    const module = { name: "Import-Module", parameters: { Name: "WebAdministration" } };
    await run(shell, [module], { what: `load IIS's commands on ${server}`, signal });
    for (const pool of pools) {
      const restart = { name: "Restart-WebAppPool", parameters: { Name: pool } };
      await run(shell, [restart], { what: `recycle ${pool} on ${server}`, signal });
    }
  });
}
