import { labStatus } from "../../lab/exchange/control/client";
import { exchangeControlSocket } from "../../lab/exchange/up";
import { labIsUp } from "../../lab/up";

/** Skips, and says why: a skip without a reason would look like a pass. */
export function skip(context: Mocha.Context, reason: string): never {
  const title = (context.currentTest ?? context.test)?.fullTitle() ?? "";
  console.log(`      skipped: ${title}: ${reason}`);
  return context.skip();
}

/** For a suite's `before`: the tests of this suite talk to the lab's forest, from inside its namespace. */
export function requireLab(context: Mocha.Context): void {
  if (process.env.LAB_NAMESPACE === undefined || !labIsUp()) skip(context, "no lab here; `npm test` brings one up");
}

/** The same for suites that talk to the lab's Exchange servers too. */
export async function requireExchange(context: Mocha.Context): Promise<void> {
  requireLab(context);
  const up = await labStatus(exchangeControlSocket).catch(() => undefined);
  if (up === undefined) skip(context, "the lab has no Exchange; bring it up with --exchange 2");
}
