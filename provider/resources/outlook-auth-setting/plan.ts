import type { Refusal } from "../handler";
import { type Directory, type Kind, type Settings, wishesOf } from "./directories";
import type { DirectoryState } from "./schema";
import { type Change, changedByOthers, fulfilled, sameValue, show, takenBack, type Value } from "./wish";

/** What is to be done with one directory. */
export interface Step {
  readonly directory: Directory;
  /** Settings that change; nothing is written where there is none. */
  readonly values: Readonly<Record<string, Value>>;
  /** What state keeps afterwards. */
  readonly state: DirectoryState;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** What a person should know beforehand. */
  readonly lines: readonly string[];
}

/** What has to be done so that each directory is as wanted; what is not wanted any more goes back to what it was. */
export function planFor(wanted: Settings, directories: readonly Directory[], before: readonly DirectoryState[]): Plan {
  const lines: string[] = [];
  const steps = directories.map((directory) => {
    const changes = before.find(({ identity }) => same(identity, directory.identity))?.settings ?? {};
    const { values, settings } = planDirectory(directory, wishesOf(wanted, directory.kind), changes, lines);
    return { directory, values, state: { identity: directory.identity, settings } };
  });
  return { steps, lines };
}

function planDirectory(
  directory: Directory,
  wishes: ReturnType<typeof wishesOf>,
  changes: Readonly<Record<string, Change>>,
  lines: string[],
): { values: Record<string, Value>; settings: Record<string, Change> } {
  const values: Record<string, Value> = {};
  const settings: Record<string, Change> = {};
  for (const [name, now] of Object.entries(directory.values)) {
    const change = changes[name];
    const wish = wishes[name];
    let next = now;
    if (wish !== undefined) {
      next = fulfilled(wish, change === undefined ? now : takenBack(change, now));
      settings[name] = { before: change?.before ?? now, wish };
    } else if (change !== undefined) {
      next = takenBack(change, now);
      // A directory without any method is one that Exchange does not take, or that could not be read.
      if (next.length === 0 || now.length === 0) next = now;
      if (sameValue(next, now) && changedByOthers(change, now)) {
        lines.push(
          `${directory.identity}: ${name} is ${show(now)}, which somebody else has set. It stays; before the stack it was ${show(change.before)}`,
        );
      }
    }
    if (sameValue(next, now)) continue;
    values[name] = next;
    lines.push(`${directory.identity}: ${name} ${show(now)} -> ${show(next)}`);
    if (directory.kind === "mapi" && now.includes("OAuth") && !next.includes("OAuth")) {
      lines.push(
        `warning: ${directory.identity} loses OAuth, which hybrid deployments and modern authentication need. ` +
          'include: ["Negotiate"] adds to the list instead',
      );
    }
  }
  return { values, settings };
}

/** Why a plan cannot be carried out, and which input asks for it; `undefined` where it can. */
export function objectionTo(plan: Plan, wanted: Settings, server: string): Refusal | undefined {
  for (const property of kindsOf(wanted)) {
    if (plan.steps.some(({ directory }) => directory.kind === property)) continue;
    const name = property === "mapi" ? "MAPI over HTTP" : "Outlook Anywhere";
    const reason =
      `${server} has no directory of ${name} that clients could reach. Leave out ${property} for this server, or the ` +
      "whole server if it runs no Client Access services.";
    return { property, reason };
  }
  for (const { directory, values } of plan.steps) {
    if (addsToNothing(directory, wishesOf(wanted, directory.kind))) {
      const reason =
        `${directory.identity} shows no IISAuthenticationMethods, and Exchange lets no directory be without: to add to an ` +
        "empty list would take away all that are really there. Give exactly: the whole list.";
      return { property: directory.kind, reason };
    }
    if (Object.keys(values).length === 0) continue;
    const reason = directory.complaint(values);
    if (reason !== undefined) return { property: directory.kind, reason };
  }
  return undefined;
}

/** A list that could not be read comes as an empty one, and what is set is always the whole list. */
function addsToNothing({ values }: Directory, wishes: ReturnType<typeof wishesOf>): boolean {
  return Object.entries(wishes).some(
    ([name, wish]) => typeof wish !== "string" && wish.include !== undefined && values[name]?.length === 0,
  );
}

/** The kinds of directories that inputs, or what state remembers, are about. */
export function kindsOf(wanted: Settings, before: readonly DirectoryState[] = []): Kind[] {
  const remembered = (name: string) => before.some(({ settings }) => settings[name] !== undefined);
  const kinds: Kind[] = [];
  if (wanted.outlookAnywhere !== undefined || ["internal", "external", "iis"].some(remembered)) {
    kinds.push("outlookAnywhere");
  }
  if (wanted.mapi !== undefined || remembered("methods")) kinds.push("mapi");
  return kinds;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
