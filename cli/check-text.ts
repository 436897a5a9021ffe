import type { CheckResult, Outcome } from "../provider/checks/check";
import type { CheckReport } from "../provider/checks/report";
import { faint, outcomeWord, strong } from "./terminal";

/** So many objects are named in a line; the others are counted. JSON has them all. */
const named = 4;

/**
 * The report for people: what is well takes one line a check, however many servers there are; what is not is said once for
 * all objects that have it in common, with the remedy.
 */
export function checkText(report: CheckReport): string {
  const checks = [...Map.groupBy(report.results, ({ check }) => check).values()];
  const lines = checks.flatMap((results) => checkLines(results));
  return [...lines, "", summary(report)].join("\n");
}

function checkLines(results: readonly CheckResult[]): string[] {
  const [first] = results;
  if (first === undefined) return [];
  const passes = results.filter(({ outcome }) => outcome === "pass");
  const others = results.filter(({ outcome }) => outcome !== "pass");
  const lines: string[] = [];
  if (passes.length > 0) lines.push(`${outcomeWord("pass")}  ${first.name}: ${objects(passes)}`);
  const alike = Map.groupBy(others, ({ outcome, seen, remedy }) => JSON.stringify([outcome, seen, remedy]));
  for (const group of alike.values()) lines.push(...trouble(group));
  return lines;
}

function trouble(group: readonly CheckResult[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { outcome, check, seen, remedy, heading } = first;
  const places = [...new Set(group.flatMap(({ where }) => where ?? []))];
  const at = places.length === 0 || (places.length === 1 && places[0] === first.object) ? "" : ` (${some(places)})`;
  return [
    `${outcomeWord(outcome)}  ${strong(objects(group))}${at}: ${seen} ${faint(`[${check}]`)}`,
    ...(remedy === undefined ? [] : [`         ${remedy}`]),
    ...(outcome === "fail" ? [faint(`         Article: “${heading}”`)] : []),
  ];
}

function objects(results: readonly CheckResult[]): string {
  return some([...new Set(results.map(({ object }) => object))]);
}

function some(words: readonly string[]): string {
  const shown = words.slice(0, named).join(", ");
  return words.length <= named ? shown : `${shown} and ${words.length - named} more`;
}

function summary({ results, account, names, servers }: CheckReport): string {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  const counts = (["pass", "warn", "fail", "unknown"] as const).map((outcome) => `${count(outcome)} ${outcome}`);
  const looked = `${names.length} names, ${servers.length} servers, account ${account?.qualifiedName ?? "none"}`;
  return `${counts.join(", ")} · ${looked}`;
}
