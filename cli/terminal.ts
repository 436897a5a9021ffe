import { styleText } from "node:util";
import type { Outcome } from "../provider/checks/check";
import { harmless } from "./table";

/** Exit code, apart from the outcomes of `check` and `roll`: the command could not do its work. */
export const commandFailed = 3;

/** Colours are for people: only on a terminal, and not where NO_COLOR or the terminal's kind forbid them. */
const colours: Record<Outcome, Parameters<typeof styleText>[0]> = {
  pass: "green",
  warn: "yellow",
  fail: "red",
  unknown: "magenta",
};

/** The outcome as a word, coloured where standard output is a terminal. */
export function outcomeWord(outcome: Outcome): string {
  return styleText(colours[outcome], outcome.padEnd("unknown".length), { stream: process.stdout });
}

export function strong(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}

export function faint(text: string): string {
  return styleText("dim", text, { stream: process.stdout });
}

/** Progress on standard error, one line that replaces itself; none where nobody watches. */
export function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${harmless(line)}…`);
}

export function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}
