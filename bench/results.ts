import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Figure, isMet, ratioOf } from "./figure";
import { machine } from "./machine";
import { type Measured, sizes } from "./scale";

/** What came of one bench: what it measured, or why there is nothing. */
export type Outcome = { readonly leftOut: string } | { readonly figures: readonly Figure[] };

const rounded = (value: number) => String(Number(value.toPrecision(4)));
const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

/** Writes `bench/RESULTS.md`. */
export function writeResults(
  benches: Readonly<Record<string, Outcome>>,
  scale: { readonly leftOut: string } | readonly Measured[],
): void {
  const lines = [
    "# Results",
    "",
    "Written by `npm run bench` at each whole run; what this machine lacks the means for has no figures here.",
    "",
    `- When: ${new Date().toISOString().slice(0, 10)}`,
    `- Machine: ${machine()}`,
    "- Directory, Kerberos and the Pulumi engine are real; Exchange servers are the lab's. All of it runs on this one machine.",
    "",
    "## Against others",
    "",
    "Both sides in the same run, in turn; the best of each counts. The ratio is ours to theirs.",
    "",
    ...comparisons(benches),
    "",
    "## Scale",
    "",
    ...("leftOut" in scale ? [`Left out: ${scale.leftOut}.`] : scaleTables(scale)),
    "",
  ];
  writeFileSync(join(__dirname, "RESULTS.md"), lines.join("\n"));
}

function comparisons(benches: Readonly<Record<string, Outcome>>): string[] {
  const head = ["what", "ours", "theirs", "unit", "ratio", "goal", ""];
  const lines = [row(head), row(head.map(() => "---"))];
  const absent: string[] = [];
  for (const [name, outcome] of Object.entries(benches)) {
    if ("leftOut" in outcome) absent.push(`- \`${name}\`: ${outcome.leftOut}`);
    else for (const figure of outcome.figures) lines.push(row(cellsOf(figure)));
  }
  const floors = Object.values(benches)
    .flatMap((one) => ("figures" in one ? one.figures : []))
    .filter(hasFloor);
  return [
    ...lines,
    ...(floors.length === 0 ? [] : ["", ...floors.map(floorLine)]),
    ...(absent.length === 0 ? [] : ["", "Left out:", "", ...absent]),
  ];
}

function cellsOf(figure: Figure): string[] {
  const { name, ours, peer, unit, goal, better } = figure;
  const bound = better === "lower" ? "≤" : "≥";
  return [
    name,
    rounded(ours),
    rounded(peer),
    unit,
    rounded(ratioOf(figure)),
    `${bound} ${rounded(goal)}`,
    isMet(figure) ? "met" : "missed",
  ];
}

const hasFloor = (figure: Figure) => figure.floor !== undefined;

function floorLine({ name, floor = 0, peer, unit }: Figure): string {
  return `- ${name}: the server alone takes ${rounded(floor)} ${unit} where Node only counts what comes, which is ${rounded(floor / peer)} of theirs.`;
}

function scaleTables(measured: readonly Measured[]): string[] {
  const operations = [...new Set(measured.map(({ operation }) => operation))];
  const at = (operation: string) =>
    sizes.map((size) => measured.find((one) => one.operation === operation && one.size.servers === size.servers));
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const heads = sizes.map(({ servers, sites, names }) =>
    [count(servers, "server"), count(sites, "site"), count(names, "name")].join(", "),
  );
  const [, middle, large] = sizes;
  const times = operations.map((operation) => {
    const all = at(operation);
    const cells = all.map((one) => (one === undefined ? "" : `${rounded(one.seconds)} s${memory(one)}`));
    const grown = (all[2]?.seconds ?? Number.NaN) / (all[1]?.seconds ?? Number.NaN);
    return row([operation, ...cells, grown.toFixed(1)]);
  });
  const calls = operations.flatMap((operation) => {
    const all = at(operation);
    const kinds = [...new Set(all.flatMap((one) => Object.keys(one?.calls ?? {})))].sort();
    if (kinds.length === 0) return [row([operation, "none", ...sizes.map(() => "0")])];
    return kinds.map((kind) => row([operation, kind, ...all.map((one) => String(one?.calls[kind] ?? 0))]));
  });
  return [
    "One account, its credential on every server by cmdlet, the names, and Outlook's settings on every server, as the component",
    "`ExchangeKerberos` makes them: commands of the real engine, over sealed WS-Management and LDAPS. The servers are one process on",
    "the same processors, and take part of the time. Memory is the provider's greatest.",
    "",
    row(["operation", ...heads, `from ${middle?.servers} to ${large?.servers}`]),
    row(["---", ...heads.map(() => "---"), "---"]),
    ...times,
    "",
    "Remote calls. Names that are asked for in the same moment are looked up together, so that searches grow less than names.",
    "",
    row(["operation", "what is sent", ...heads]),
    row(["---", "---", ...heads.map(() => "---")]),
    ...calls,
  ];
}

function memory({ mebibytes }: Measured): string {
  return mebibytes === undefined ? "" : `, ${Math.round(mebibytes)} MiB`;
}
