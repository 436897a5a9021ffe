import { runInside } from "./command";
import { administrator, configurationFile, dc1, users } from "./domain-controller";

/**
 * A forest trust both ways, made from the corp side.
 * Samba's last step, a check on the other side, reports 0x6FB although the trust stands; what counts is the object with its routing.
 */
export async function createForestTrust(): Promise<void> {
  const local = administrator(dc1.domain);
  const remote = administrator(users);
  const common = [`--configfile=${configurationFile(dc1)}`];
  const created = await runInside("samba-tool", [
    ...["domain", "trust", "create", users.dnsName, "--type=forest", "--direction=both", "--create-location=both"],
    ...["-U", `${remote.name}@${users.realm}%${remote.password}`],
    ...[`--local-dc-username=${local.name}`, `--local-dc-password=${local.password}`, ...common],
  ]);
  const shown = await runInside("samba-tool", ["domain", "trust", "show", users.dnsName, ...common]);
  if (!shown.stdout.includes("TLN:"))
    throw new Error(`No trust with ${users.dnsName}:\n${created.stdout}${created.stderr}${shown.stderr}`);
}
