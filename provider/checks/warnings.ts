import { ProviderError } from "../error";
import type { Check, Finding } from "./check";
import { Subject } from "./subject";
import type { Selection, World } from "./world";

/** A finding as a line for who reads a preview; none where all is well, and none of what could not be seen. */
export function warningLines(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ outcome, object, seen, remedy }) =>
    outcome === "warn" || outcome === "fail" ? [`warning: ${object}: ${seen} ${remedy ?? ""}`.trimEnd()] : [],
  );
}

/**
 * What checks say of something that a program is about to change. A check that cannot do its work says why, and keeps nobody
 * from a preview.
 */
export async function warningsOf(
  world: Omit<World, "userForests">,
  selection: Selection,
  checks: readonly Check[],
): Promise<string[]> {
  const subject = new Subject({ ...world, userForests: [] }, selection);
  const settled = await Promise.allSettled(checks.map((check) => check.run(subject)));
  return settled.flatMap((one) =>
    one.status === "fulfilled"
      ? [...warningLines(one.value), ...unseenLines(one.value)]
      : [`warning: ${ProviderError.from(one.reason).message}`],
  );
}

function unseenLines(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ outcome, seen }) => (outcome === "unknown" ? [`warning: ${seen}`] : []));
}
