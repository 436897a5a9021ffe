import type { Account } from "../../directory/accounts";
import { ProviderError } from "../../error";
import { readAlternateAccount } from "../../exchange/alternate-account";
import type { Context } from "../handler";
import { deployableAccount } from "./account";
import { type Judged, judge, type Known } from "./condition";
import type { Plan, Rotation, ServerFacts } from "./plan";
import { planFor } from "./plan";
import { isUnreachable, serversFailed } from "./reachable";
import type { AsaDeploymentInputs, AsaDeploymentOutputs, ServerState } from "./schema";
import { type Survey, survey } from "./survey";

/** Everything that a decision rests on, as it is now. */
export interface Estate {
  readonly account: Account;
  readonly survey: Survey;
  readonly judged: ReadonlyMap<string, Judged>;
  readonly rotation: Rotation;
}

/** What a deployment is before it is made. */
export const nothingKnown: Known = { passwordLastSet: "", deployed: [] };

/**
 * Looks at the account and at every server.
 * @throws ProviderError where a server that may not be absent does not answer, or the account must not be used.
 */
export async function lookAround(
  inputs: AsaDeploymentInputs,
  olds: AsaDeploymentOutputs | undefined,
  context: Context,
): Promise<Estate> {
  const { directory, exchange } = context.connection(inputs.connection);
  const account = await deployableAccount(directory, inputs.account);
  const found = await survey(exchange, inputs.servers, context.signal);
  const inTheWay = new Map(
    [...found.failed].filter(([server, error]) => !(inputs.mayBeAbsent.includes(server) && isUnreachable(error))),
  );
  if (inTheWay.size > 0) {
    throw serversFailed(
      `The credential of ${inputs.account} cannot get to every server, so nothing was changed`,
      inTheWay,
      "Mend the servers, or name in mayBeAbsent those that may get it later.",
    );
  }
  await refuseSharedWith2010(inputs, found, context);
  // An account made anew under the same name has another password than anything that state or a server knows.
  const same = olds?.accountGuid === account.guid ? olds : undefined;
  const known = same ?? nothingKnown;
  const judged = new Map(
    [...found.found].map(([server, one]) => [server, judge(one, account, inputs.account, known)] as const),
  );
  return { account, survey: found, judged, rotation: rotationOf(same, account, judged) };
}

function rotationOf(
  olds: AsaDeploymentOutputs | undefined,
  account: Account,
  judged: ReadonlyMap<string, Judged>,
): Rotation {
  const passwordLastSet = account.passwordLastSet ?? "";
  const rolledBefore = (olds?.passwordLastSet ?? "") !== "";
  const everywhere = judged.size > 0 && [...judged.values()].every(({ proven }) => proven);
  return {
    everRolled: rolledBefore,
    rolledSince: everywhere && rolledBefore && Date.parse(passwordLastSet) > Date.parse(olds?.passwordLastSet ?? ""),
    passwordLastSet,
    oldTrigger: olds?.rotation?.trigger,
    oldAccount: rolledBefore ? olds?.account : undefined,
  };
}

/** The plan for what was seen. */
export function planNow(inputs: AsaDeploymentInputs, olds: AsaDeploymentOutputs | undefined, estate: Estate): Plan {
  const facts = inputs.servers.map((server): ServerFacts => {
    const one = estate.judged.get(server);
    if (one === undefined) return { server, condition: "absent", proven: false };
    // Who adopts says that what is there works; dates can speak against it, and need not speak for it.
    const trusted = olds === undefined && inputs.adopt && one.state.condition === "deployed";
    return { server, condition: one.state.condition, proven: one.proven || trusted };
  });
  return planFor(inputs, facts, estate.rotation, olds?.deployed.map(({ server }) => server) ?? [], Date.now());
}

/** The states of the wanted servers, absent ones included, after another look. */
export function statesOf(
  inputs: AsaDeploymentInputs,
  judged: ReadonlyMap<string, Judged>,
  before: readonly ServerState[] = [],
): ServerState[] {
  return inputs.servers.map((server) => {
    const former = before.find((one) => one.server === server);
    const absent: ServerState = {
      server,
      version: former?.version ?? "",
      condition: "absent",
      account: former?.account ?? "",
      added: former?.added ?? "",
      hasPrevious: former?.hasPrevious ?? false,
    };
    return judged.get(server)?.state ?? absent;
  });
}

/** "Exchange 2010 and Exchange 2016 can't share the same ASA credential" (article, "Important"). */
async function refuseSharedWith2010(inputs: AsaDeploymentInputs, found: Survey, context: Context): Promise<void> {
  const { exchange } = context.connection(inputs.connection);
  const [entry] = found.found.keys();
  const old = found.organization.filter(({ product, clientAccess }) => product === "2010" && clientAccess);
  if (entry === undefined) return;
  for (const server of old) {
    try {
      const { credentials } = await readAlternateAccount(exchange.endpoint(entry), server, context.signal);
      if (!credentials.some(({ account }) => account.toLowerCase() === inputs.account.toLowerCase())) continue;
    } catch (thrown) {
      const { message } = ProviderError.from(thrown);
      context.progress(
        `warning: whether ${server.fqdn} (Exchange 2010) uses the same account cannot be seen: ${message}`,
      );
      continue;
    }
    throw new ProviderError(
      "refused",
      `${inputs.account} is the account of ${server.fqdn}, which runs Exchange 2010.`,
      {
        hint: "Exchange 2010 and later versions cannot share one: make a new account for the later ones.",
      },
    );
  }
}
