import { sameAccount } from "../../directory/qualified-name";
import { momentIn, windowAt } from "./rotation-window";
import type { AsaDeploymentInputs, ServerState } from "./schema";

export interface Plan {
  /** Why the password rolls; `undefined` where it stays. */
  readonly roll: string | undefined;
  /** A roll that is due, and waits for its window. */
  readonly held?: { readonly because: string; readonly opens: number } | undefined;
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
  const due = dueAt(wanted, rotation, lacking, now);
  const roll = present.length === 0 ? undefined : reasonToRoll(wanted, rotation, present, lacking, due);
  const copy = roll === undefined ? lacking.map(({ server }) => server) : [];
  const held = roll === undefined && due?.opens !== undefined ? { because: due.because, opens: due.opens } : undefined;
  return { roll, held, copy, absent, remove };
}

/**
 * A window holds back what is due and nothing else: a first deployment, a new account and a repair mean that clients have no
 * Kerberos, or soon will not.
 */
function reasonToRoll(
  wanted: AsaDeploymentInputs,
  rotation: Rotation,
  present: readonly ServerState[],
  lacking: readonly ServerState[],
  due: Due | undefined,
): string | undefined {
  const { oldAccount } = rotation;
  if (oldAccount !== undefined && !sameAccount(oldAccount, wanted.account)) return `the account was ${oldAccount}`;
  if (lacking.length === present.length) return "no server is known to have the present password";
  if (due !== undefined && due.opens === undefined) return due.because;
  if (lacking.length === 0) return undefined;
  // Only the script can read a password from one server and give it to another.
  const names = lacking.map(({ server }) => server).join(", ");
  if (wanted.method === "cmdlet") return `${names} cannot get a copy by cmdlet`;
  const shared = lacking.find(({ otherAccounts }) => otherAccounts.length > 0);
  if (shared === undefined) return undefined;
  return `a copy would take the credential of ${shared.otherAccounts.join(", ")} off ${shared.server}`;
}

/** A roll that is asked for. */
interface Due {
  readonly because: string;
  /** When its window opens; `undefined` where it may roll now. */
  readonly opens: number | undefined;
}

function dueAt(
  wanted: AsaDeploymentInputs,
  rotation: Rotation,
  lacking: readonly ServerState[],
  now: number,
): Due | undefined {
  const because = reasonForDue(wanted, rotation, now);
  if (because === undefined) return undefined;
  // A roll that broke off has left passwords that nobody else knows: it goes on whenever it can.
  const brokeOff = lacking.some(({ condition }) => condition === "unconfirmed");
  const window = brokeOff ? undefined : wanted.rotation?.window;
  const state = window === undefined ? undefined : windowAt(window, now);
  return { because, opens: state?.open === false ? state.opens : undefined };
}

/** Why the password is due; `undefined` where it is not. A roll by hand does what a trigger asks for. */
function reasonForDue(wanted: AsaDeploymentInputs, rotation: Rotation, now: number): string | undefined {
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

/**
 * What state is to say of the rotation. A trigger that was not followed yet is not among it: it is still to be done, and
 * until then no difference.
 */
export function rotationToKeep(
  wanted: AsaDeploymentInputs["rotation"],
  old: AsaDeploymentInputs["rotation"],
  followed: boolean,
): AsaDeploymentInputs["rotation"] {
  if (wanted === undefined || followed) return wanted;
  const { trigger: _, ...others } = wanted;
  return old?.trigger === undefined ? others : { ...others, trigger: old.trigger };
}

/** The plan in a few lines, for whoever reads a preview. */
export function planLines(wanted: AsaDeploymentInputs, plan: Plan): string[] {
  const { account } = wanted;
  const present = wanted.servers.filter((server) => !plan.absent.includes(server)).join(", ");
  return [
    ...(plan.roll === undefined
      ? []
      : [`${account}: the password rolls, as ${plan.roll}. ${present} get it first, the directory last`]),
    ...heldLines(wanted, plan),
    ...plan.copy.map((server) => `${server} gets a copy of the credential of ${account}`),
    ...plan.absent.map((server) => `${server} is absent: it gets the credential at a later run`),
    ...plan.remove.map((server) => `${server} loses the credential of ${account}`),
  ];
}

function heldLines({ account, rotation }: AsaDeploymentInputs, { held }: Plan): string[] {
  if (held === undefined || rotation?.window === undefined) return [];
  const opens = momentIn(rotation.window, held.opens);
  return [`${account}: the password is due, as ${held.because}. It stays until the window opens: ${opens}`];
}

/** A roll that waits for its window is nothing that an `up` would do now. */
export function isEmpty(plan: Plan): boolean {
  return plan.roll === undefined && [plan.copy, plan.absent, plan.remove].every(({ length }) => length === 0);
}
