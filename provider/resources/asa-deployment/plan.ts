import { sameAccount } from "../../directory/qualified-name";
import type { AsaDeploymentInputs, ServerState } from "./schema";

export interface Plan {
  /** Why the password rolls; `undefined` where it stays. */
  readonly roll: string | undefined;
  /** Servers that get a copy of another server's credential, without a new password. */
  readonly copy: readonly string[];
  /** Servers that stay without until a later `up`. */
  readonly absent: readonly string[];
  /** Servers that are no longer of the deployment. */
  readonly remove: readonly string[];
}

/** How the present password came to be, as far as it decides about the next one. */
export interface Rotation {
  /** When the account got its password: ISO 8601, as far as it is known. */
  readonly passwordLastSet: string;
  /** All servers were rolled since state was written, by hand or by a run that could not say so any more. */
  readonly rolledSince: boolean;
  readonly oldTrigger: string | undefined;
  readonly oldAccount: string | undefined;
}

const day = 86_400_000;

/** What is to be done about servers in such states; nothing here asks anybody. */
export function planFor(
  wanted: AsaDeploymentInputs,
  states: readonly ServerState[],
  rotation: Rotation,
  formerServers: readonly string[],
  now: number,
): Plan {
  const remove = formerServers.filter((server) => !wanted.servers.includes(server));
  const absent = states.filter(({ condition }) => condition === "absent").map(({ server }) => server);
  const present = states.filter(({ condition }) => condition !== "absent");
  const lacking = present.filter(({ condition }) => condition !== "deployed");
  const roll = present.length === 0 ? undefined : reasonToRoll(wanted, rotation, present, lacking, now);
  return { roll, copy: roll === undefined ? lacking.map(({ server }) => server) : [], absent, remove };
}

function reasonToRoll(
  wanted: AsaDeploymentInputs,
  rotation: Rotation,
  present: readonly ServerState[],
  lacking: readonly ServerState[],
  now: number,
): string | undefined {
  const { oldAccount } = rotation;
  if (oldAccount !== undefined && !sameAccount(oldAccount, wanted.account)) return `the account was ${oldAccount}`;
  if (lacking.length === present.length) return "no server is known to have the present password";
  const dueBecause = due(wanted, rotation, now);
  if (dueBecause !== undefined) return dueBecause;
  if (lacking.length === 0) return undefined;
  // Only the script can read a password from one server and give it to another.
  const names = lacking.map(({ server }) => server).join(", ");
  if (wanted.method === "cmdlet") return `${names} cannot get a copy by cmdlet`;
  const shared = lacking.find(({ otherAccounts }) => otherAccounts.length > 0);
  if (shared === undefined) return undefined;
  return `a copy would take the credential of ${shared.otherAccounts.join(", ")} off ${shared.server}`;
}

/** Why the password is due; `undefined` where it is not. A roll by hand does what a trigger asks for. */
function due(wanted: AsaDeploymentInputs, rotation: Rotation, now: number): string | undefined {
  const { maxPasswordAgeDays, trigger } = wanted.rotation ?? {};
  if (trigger !== undefined && trigger !== rotation.oldTrigger && !rotation.rolledSince) {
    return `the trigger is now "${trigger}"`;
  }
  const age = (now - Date.parse(rotation.passwordLastSet)) / day;
  if (maxPasswordAgeDays !== undefined && age >= maxPasswordAgeDays) {
    return `the password is ${Math.floor(age)} days old, and may be ${maxPasswordAgeDays}`;
  }
  return undefined;
}

/** The plan in a few lines, for whoever reads a preview. */
export function planLines(wanted: AsaDeploymentInputs, plan: Plan): string[] {
  const { account } = wanted;
  const present = wanted.servers.filter((server) => !plan.absent.includes(server)).join(", ");
  return [
    ...(plan.roll === undefined
      ? []
      : [`${account}: the password rolls, as ${plan.roll}. ${present} get it first, the directory last`]),
    ...plan.copy.map((server) => `${server} gets a copy of the credential of ${account}`),
    ...plan.absent.map((server) => `${server} is absent: it gets the credential at a later pulumi up`),
    ...plan.remove.map((server) => `${server} loses the credential of ${account}`),
  ];
}

export function isEmpty(plan: Plan): boolean {
  return plan.roll === undefined && [plan.copy, plan.absent, plan.remove].every(({ length }) => length === 0);
}
