import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** One line of the fault table. */
export interface Fault {
  /** What goes wrong. */
  readonly name: string;
  /** When, and how the test brings it about. */
  readonly how: string;
  /** What an administrator sees, and what the next run does. */
  readonly expected: string;
}

/** A line that holds because its test ran to its end. @returns how many cases there were, where more than one */
export type FaultTest = (context: Mocha.Context) => Promise<unknown>;

/** A line that another test holds already: its file and a part of its title. */
export interface HeldElsewhere {
  readonly file: string;
  readonly title: string;
}

let faults = 0;
let held = 0;
let cases = 0;

/** A line of the table with its test. */
export function fault({ name, how, expected }: Fault, test: FaultTest): void {
  it(`${name} (${how}): ${expected}`, async function () {
    faults += 1;
    const result = await test(this);
    const count = typeof result === "number" ? result : 1;
    held += 1;
    cases += count;
    if (count > 1) console.log(`        ${count} cases`);
  });
}

/** A line of the table that names the test which holds it. Renamed or removed, it is missed here. */
export function faultElsewhere({ name, how, expected }: Fault, tests: readonly HeldElsewhere[]): void {
  fault({ name, how, expected }, async () => {
    for (const { file, title } of tests) {
      const source = readFileSync(resolve(__dirname, "..", file), "utf8");
      assert.ok(source.includes(title), `test/${file} has no test "${title}" any more`);
    }
  });
}

after("the table of faults", () => {
  if (faults > 0) console.log(`\n  ${faults} faults, ${held} held, in ${cases} cases`);
});
