import { canonicalName, sameAccount } from "../../directory/qualified-name";
import { ProviderError } from "../../error";
import type { AlternateAccount } from "../../exchange/alternate-account";
import { entryServer, listExchangeServers, serverAmong } from "../../exchange/exchange-servers";
import type { Context } from "../handler";
import { type CarriedOut, carryOut } from "./carry-out";
import { strangersAmongAbsent } from "./check";
import { type Estate, lookAround, planNow } from "./estate";
import { holds, readThrough, refuseOtherHolders } from "./other-holders";
import { type Plan, planLines } from "./plan";
import { type AsaDeploymentInputs, schema } from "./schema";

/** A roll outside of any stack: what there is counts as right where no date speaks against it, as with `adopt`. */
export interface RollRequest {
  /** Name of the block of settings. */
  readonly connection: string;
  /** `DOMAIN\name$` */
  readonly account: string;
  /** Full names. Default: every server whose newest credential is the account's. */
  readonly servers?: readonly string[] | undefined;
  /** The server that lists the others, where `servers` names none. */
  readonly entry?: string | undefined;
  readonly method: string;
  readonly mayBeAbsent: readonly string[];
  /**
   * Roll only a password that is so many days old, and repair servers that lack the present one. Default: roll whatever its
   * age.
   */
  readonly olderThanDays?: number | undefined;
}

/** What a roll would do, with all that it rests on. */
export interface PlannedRoll {
  readonly inputs: AsaDeploymentInputs;
  readonly estate: Estate;
  readonly plan: Plan;
  /** The plan for people. */
  readonly lines: readonly string[];
}

/**
 * Looks at everything that a roll looks at before it changes anything. Changes nothing.
 * @throws ProviderError `refused` for what must not be done, `input-invalid` for a request that is none.
 */
export async function planRoll(request: RollRequest, context: Context): Promise<PlannedRoll> {
  const { connection, method, mayBeAbsent, olderThanDays } = request;
  const account = await canonicalName(context.connection(connection).directory, request.account);
  // The account's form is seen before anybody is asked, the servers' once they are known.
  const shared = {
    connection,
    account,
    method,
    mayBeAbsent,
    adopt: true,
    rotation: { maxPasswordAgeDays: olderThanDays },
  };
  const servers = request.servers ?? (await holders(parsed({ ...shared, servers: [nobody] }), request.entry, context));
  const inputs = parsed({ ...shared, servers });
  const [stranger] = strangersAmongAbsent(inputs);
  if (stranger !== undefined) throw new ProviderError("input-invalid", stranger.reason);

  const estate = await lookAround(inputs, undefined, context);
  if (estate.survey.found.size === 0) {
    throw new ProviderError("refused", `None of the servers answers, so ${account} cannot get a new password.`);
  }
  const alternates = [...estate.survey.found.values()].map(({ alternate }) => alternate);
  if (!alternates.some((alternate) => holds(alternate, account))) throw notDeployed(account, newestOf(alternates));
  const needed = planNow(inputs, undefined, estate);
  const roll = needed.roll ?? "that was asked for";
  const plan = olderThanDays === undefined ? { ...needed, roll, copy: [] } : needed;
  await refuseOtherHolders(inputs, undefined, estate, plan, context);
  return { inputs, estate, plan, lines: planLines(inputs, plan) };
}

/**
 * Does what was planned.
 * @throws ProviderError while nothing has been changed yet, `refused` where another run is at it.
 */
export function roll({ inputs, estate, plan }: PlannedRoll, context: Context): Promise<CarriedOut> {
  return carryOut(inputs, undefined, estate, plan, context);
}

/** A name that stands for servers not known yet. */
const nobody = "nobody.invalid";

function parsed(given: object): AsaDeploymentInputs {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ProviderError("input-invalid", `${issue?.path.join(".")}: ${issue?.message}.`, { cause: result.error });
}

/**
 * Servers whose newest credential is the account's, and those that nobody can say that of: they are no less in the way of a
 * roll than any other that does not answer.
 */
async function holders(
  { connection, account }: AsaDeploymentInputs,
  entry: string | undefined,
  context: Context,
): Promise<string[]> {
  const served = context.connection(connection);
  const { exchange, settings } = served;
  const asked = entryServer(entry ?? settings.managementHost);
  const organization = await listExchangeServers(exchange.endpoint(asked), context.signal);
  const first = serverAmong(organization, asked);
  const candidates = organization.filter(({ clientAccess, product }) => clientAccess && product !== "2010");
  const { done, failed } = await readThrough(served, first, candidates, context.signal);
  const hold = candidates.flatMap(({ fqdn }) => {
    const newest = done.get(fqdn)?.credentials[0];
    return failed.has(fqdn) || (newest !== undefined && sameAccount(newest.account, account)) ? [fqdn] : [];
  });
  if (hold.length > failed.size) return hold;
  throw notDeployed(account, newestOf([...done.values()]));
}

function newestOf(alternates: readonly AlternateAccount[]): string[] {
  return [...new Set(alternates.flatMap(({ credentials }) => credentials[0]?.account ?? []))];
}

/** A name that is mistyped must not cost somebody else the password. */
function notDeployed(account: string, others: readonly string[]): ProviderError {
  const instead = others.length === 0 ? "" : ` They have ${others.join(", ")}.`;
  return new ProviderError("refused", `No server has ${account} as its alternate service account.${instead}`, {
    hint: "A roll renews what is deployed; a first deployment is for a stack.",
  });
}
