import { styleText } from "node:util";

/** A short story on the terminal: each step says what it does, what was seen, and how long it took. */
export class Story {
  private readonly started = Date.now();
  private number = 0;

  /** Runs one step. What it gives back is shown as what was seen; what it throws ends the story. */
  async step(what: string, work: () => Promise<string>): Promise<void> {
    this.number += 1;
    const started = Date.now();
    console.log(`\n${styleText("bold", `${this.number}. ${what}`)}`);
    const seen = await work();
    for (const line of seen.trimEnd().split("\n")) console.log(`   ${line}`);
    console.log(styleText("dim", `   ${seconds(started)}`));
  }

  end(line: string): void {
    console.log(`\n${styleText("green", line)} ${styleText("dim", `${this.number} steps, ${seconds(this.started)}`)}`);
  }
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/** What a step must have seen; the whole text is the error where it did not. */
export function mustShow(text: string, pattern: RegExp): string {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`Expected to see ${pattern}, but saw:\n${text}`);
  return found[0];
}
