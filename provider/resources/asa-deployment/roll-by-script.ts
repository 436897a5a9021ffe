import type { RemoteShell } from "../../exchange/remote-shell";
import { runRollScript } from "../../exchange/roll-script";
import type { RollWork } from "./roll-by-cmdlet";

/** Whether clients get tickets for this account already: then no server may be without its password for a moment. */
function inUse(work: RollWork): boolean {
  return work.account.servicePrincipalNames.some((spn) => /^http\//i.test(spn));
}

/**
 * Rolls the password with Exchange's own script. A first deployment goes as in the article: a new password on the first
 * server, copies on the others. The password of an account that is in use rolls on all servers in one run: the script then
 * changes the directory when all have it, while server by server the later ones could not read new tickets meanwhile.
 * @param shell A full-language shell from which the script reaches every server.
 */
export async function rollByScript(work: RollWork, shell: RemoteShell): Promise<void> {
  const servers = [...work.targets.keys()];
  const [first, ...others] = servers;
  if (first === undefined) return;
  await work.lock.assertHeld();
  if (inUse(work)) {
    await runRollScript(shell, { servers, generateFor: work.qualifiedName }, work.signal);
    return;
  }
  await runRollScript(shell, { servers: [first], generateFor: work.qualifiedName }, work.signal);
  if (others.length > 0) await runRollScript(shell, { servers: others, copyFrom: first }, work.signal);
}
