import { dc1, sambaTool } from "../domain-controller";

/** Stops a domain controller from taking changes in, or lets it go on. */
export async function lagController(controller: string, lag: boolean): Promise<void> {
  const option = `${lag ? "+" : "-"}DISABLE_INBOUND_REPL`;
  await sambaTool(dc1, ["drs", "options", controller, `--dsa-option=${option}`]);
}
