import type { SharedShell } from "../../exchange/remote-shell";
import { runRollScript } from "../../exchange/roll-script";
import { othersThan } from "./condition";
import { inUse, type RollWork, rolledLately } from "./roll-by-cmdlet";

/** A copy takes everything off the server that it goes to. */
function haveOthers({ targets, qualifiedName }: RollWork): boolean {
  return [...targets.values()].some(({ alternate }) => othersThan(qualifiedName, alternate).length > 0);
}

/**
 * Rolls the password with Exchange's own script. A first deployment goes as in the article: a new password on the first
 * server, copies on the others. The password of an account that is in use rolls on all servers in one run: the script then
 * changes the directory when all have it, while server by server the later ones could not read new tickets meanwhile.
 * @param shell A full-language shell from which the script reaches every server.
 */
export async function rollByScript(work: RollWork, shell: SharedShell): Promise<void> {
  const { account, qualifiedName, context } = work;
  const servers = [...work.targets.keys()];
  const [first, ...others] = servers;
  if (first === undefined) return;
  await work.lock.assertHeld();
  if (inUse(account) && rolledLately(account)) {
    context.progress(
      `warning: ${qualifiedName} got its present password on ${account.passwordLastSet}. The script keeps that one and the ` +
        "new one; clients with tickets from before need new ones (klist purge)",
    );
  }
  if (inUse(account) || haveOthers(work)) {
    await runRollScript(shell, { servers, generateFor: qualifiedName }, context.signal);
    return;
  }
  await runRollScript(shell, { servers: [first], generateFor: qualifiedName }, context.signal);
  if (others.length > 0) await runRollScript(shell, { servers: others, copyFrom: first }, context.signal);
}
