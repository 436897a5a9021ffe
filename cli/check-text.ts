import type { CheckResult, Outcome } from "../provider/checks/check";
import { someOf } from "../provider/checks/finding";
import type { CheckReport } from "../provider/checks/report";
import { harmless } from "./table";
import { faint, outcomeWord, strong } from "./terminal";

/** So many objects are named in a line; the others are counted. JSON has them all. */
const named = 4;

/**
 * The report for people: what is well takes one line a check, however many servers there are; what is not is said once for
 * all objects that have it in common, with the remedy.
 */
export function checkText(report: CheckReport): string {
  const unseen = sameUnknowns(report.results);
  const told = new Set(unseen.flat());
  const checks = Map.groupBy(
    report.results.filter((result) => !told.has(result)),
    ({ check }) => check,
  );
  const lines = [...unseen.flatMap(unseenLines), ...[...checks.values()].flatMap(checkLines)];
  return [...lines, "", summary(report)].join("\n");
}

/** What many checks could not see for one reason, such as a server that does not answer. */
function sameUnknowns(results: readonly CheckResult[]): CheckResult[][] {
  const unknowns = results.filter(({ outcome }) => outcome === "unknown");
  const groups = Map.groupBy(unknowns, ({ object, seen }) => JSON.stringify([object, seen]));
  return [...groups.values()].filter((group) => group.length > 1);
}

function unseenLines(group: readonly CheckResult[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const checks = group.map(({ check }) => check);
  const heading = `${outcomeWord("unknown")}  ${strong(harmless(first.object))}: ${harmless(first.seen)}`;
  return [heading, faint(`         Not checked: ${checks.length} checks (${some(checks)})`)];
}

function checkLines(results: readonly CheckResult[]): string[] {
  const [first] = results;
  if (first === undefined) return [];
  const passes = results.filter(({ outcome }) => outcome === "pass");
  const others = results.filter(({ outcome }) => outcome !== "pass");
  const lines: string[] = [];
  if (passes.length > 0) lines.push(`${outcomeWord("pass")}  ${first.name}: ${objects(passes)}`);
  // With the same remedy, what was seen differs in times and numbers at most.
  const alike = Map.groupBy(others, (result) =>
    JSON.stringify([result.outcome, anonymous(result.remedy ?? result.seen, result)]),
  );
  for (const group of alike.values()) lines.push(...trouble(group));
  return lines;
}

function trouble(group: readonly CheckResult[]): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { outcome, check, object, heading } = first;
  const places = [...new Set(group.flatMap(({ where }) => where ?? []))];
  const at = group.length > 1 || places.length === 0 || places[0] === object ? "" : ` (${some(places)})`;
  // Of one object what is said names it; what is said of several stands for each of them.
  const say = (text: string) => harmless(objectsOf(group).length > 1 ? anonymous(text, first) : text);
  return [
    `${outcomeWord(outcome)}  ${strong(objects(group))}${at}: ${say(first.seen)} ${faint(`[${check}]`)}`,
    ...(first.remedy === undefined ? [] : [`         ${say(first.remedy)}`]),
    ...(outcome === "fail" ? [faint(`         Article: “${heading}”`)] : []),
  ];
}

/** Of a name of DNS (RFC 1035 2.3.4); what is longer is none. */
const longestLabel = 63;

/** A text with a word for the object that it is about: its full name, or the first part of it. */
function anonymous(text: string, { check, object }: CheckResult): string {
  const [label = ""] = object.split(".");
  const word = /^(server-|proof-accepted)/.test(check) ? "SERVER" : "NAME";
  const whole = text.replaceAll(object, word);
  return label.length < 3 || label.length > longestLabel
    ? whole
    : whole.replaceAll(new RegExp(`(?<![\\w.-])${literal(label)}(?![\\w-])`, "gi"), word);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function objectsOf(results: readonly CheckResult[]): string[] {
  return [...new Set(results.map(({ object }) => object))];
}

function objects(results: readonly CheckResult[]): string {
  return some(objectsOf(results));
}

function some(words: readonly string[]): string {
  return someOf(words.map(harmless), named);
}

function summary({ results, account, names, servers }: CheckReport): string {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  const counts = (["pass", "warn", "fail", "unknown"] as const).map((outcome) => `${count(outcome)} ${outcome}`);
  const looked = `${names.length} names, ${servers.length} servers, account ${harmless(account?.qualifiedName ?? "none")}`;
  return `${counts.join(", ")} · ${looked}`;
}
