import type { AsaDeploymentInputs, ServerCondition } from "./schema";

/** What is known of one server when it is decided what to do. */
export interface ServerFacts {
  readonly server: string;
  readonly condition: ServerCondition;
  /** Its credential is known to hold the present password. */
  readonly proven: boolean;
}

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
  /** A roll has been completed, by this stack or, seen on all servers, by hand. */
  readonly everRolled: boolean;
  /** The directory has a newer password than at the last roll in state: somebody rolled since. */
  readonly rolledSince: boolean;
  /** ISO 8601, as far as it is known. */
  readonly passwordLastSet: string;
  readonly oldTrigger: string | undefined;
  readonly oldAccount: string | undefined;
}

const day = 86_400_000;

/** Why the password is due; `undefined` where it is not. A password set since by hand counts as rolled. */
export function due(wanted: AsaDeploymentInputs, rotation: Rotation, now: number): string | undefined {
  if (rotation.rolledSince) return undefined;
  const { maxPasswordAgeDays, trigger } = wanted.rotation ?? {};
  if (rotation.everRolled && trigger !== undefined && trigger !== rotation.oldTrigger) {
    return `the trigger is now "${trigger}"`;
  }
  const age = (now - Date.parse(rotation.passwordLastSet)) / day;
  if (maxPasswordAgeDays !== undefined && age >= maxPasswordAgeDays) {
    return `the password is ${Math.floor(age)} days old, and may be ${maxPasswordAgeDays}`;
  }
  return undefined;
}

/** What is to be done, from what is known; nothing here asks anybody. */
export function planFor(
  wanted: AsaDeploymentInputs,
  facts: readonly ServerFacts[],
  rotation: Rotation,
  formerServers: readonly string[],
  now: number,
): Plan {
  const remove = formerServers.filter((server) => !wanted.servers.includes(server));
  const absent = facts.filter(({ condition }) => condition === "absent").map(({ server }) => server);
  const present = facts.filter(({ condition }) => condition !== "absent");
  const lacking = present.filter(({ proven }) => !proven).map(({ server }) => server);
  const roll = reasonToRoll(wanted, rotation, present, lacking, now);
  return { roll, copy: roll === undefined ? lacking : [], absent, remove };
}

function reasonToRoll(
  wanted: AsaDeploymentInputs,
  rotation: Rotation,
  present: readonly ServerFacts[],
  lacking: readonly string[],
  now: number,
): string | undefined {
  if (present.length === 0) return undefined;
  const { oldAccount } = rotation;
  if (oldAccount !== undefined && oldAccount.toLowerCase() !== wanted.account.toLowerCase()) {
    return `the account was ${oldAccount}`;
  }
  const dueBecause = due(wanted, rotation, now);
  if (dueBecause !== undefined) return dueBecause;
  if (lacking.length === 0) return undefined;
  if (lacking.length === present.length) return "no server is known to have the present password";
  // Only the script can read a password from one server and give it to another.
  return wanted.method === "cmdlet" ? `${lacking.join(", ")} cannot get a copy by cmdlet` : undefined;
}

/** The plan in a few lines, for whoever reads a preview. */
export function planLines(wanted: AsaDeploymentInputs, plan: Plan): string[] {
  const present = wanted.servers.filter((server) => !plan.absent.includes(server));
  return [
    ...(plan.roll === undefined
      ? []
      : [
          `${wanted.account}: the password rolls, as ${plan.roll}. ${present.join(", ")} get it first, the directory last`,
        ]),
    ...plan.copy.map((server) => `${server} gets a copy of the credential of ${wanted.account}`),
    ...plan.absent.map((server) => `${server} is absent: it gets the credential at a later pulumi up`),
    ...plan.remove.map((server) => `${server} loses the credential of ${wanted.account}`),
  ];
}

export function isEmpty(plan: Plan): boolean {
  return plan.roll === undefined && [plan.copy, plan.absent, plan.remove].every(({ length }) => length === 0);
}
