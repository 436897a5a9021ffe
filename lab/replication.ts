import { type DomainController, hostName, sambaTool } from "./domain-controller";

/**
 * Has a controller fetch at once what another one has.
 * @param partition its distinguished name. Default: the domain.
 */
export async function replicateTo(
  to: DomainController,
  from: DomainController,
  partition = to.domain.baseDn,
): Promise<void> {
  await sambaTool(to, ["drs", "replicate", hostName(to), hostName(from), partition]);
}

/** Whether a controller fetches from others by itself. Default of a new one: it does. */
export async function inboundReplication(controller: DomainController, on: boolean): Promise<void> {
  const option = `--dsa-option=${on ? "-" : "+"}DISABLE_INBOUND_REPL`;
  await sambaTool(controller, ["drs", "options", hostName(controller), option]);
}
