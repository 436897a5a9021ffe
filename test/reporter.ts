import { relative } from "node:path";
import { type MochaOptions, Runner, reporters, type Suite, type Test } from "mocha";

/** Files whose time is told at the end: where a run that became long has its time. */
const slowest = 12;

// It would end Node, and whatever was under way in it; Mocha by itself takes no notice.
process.on("unhandledRejection", (reason) => {
  throw reason;
});

/** Mocha's own tree, then where the time went, and as the last line what came of it. */
class Reporter extends reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    const seconds = new Map<string, number>();
    let since = Date.now();
    // Hooks take most of the time of some files, so a file's time is what passes until the next one's.
    const spend = ({ file }: Suite | Test) => {
      const now = Date.now();
      if (file !== undefined) {
        const name = relative(process.cwd(), file);
        seconds.set(name, (seconds.get(name) ?? 0) + (now - since) / 1000);
      }
      since = now;
    };
    runner.on(Runner.constants.EVENT_TEST_END, spend);
    runner.on(Runner.constants.EVENT_SUITE_END, spend);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const first = [...seconds].sort(([, one], [, other]) => other - one).slice(0, slowest);
      console.log("  the longest files, in seconds:");
      for (const [name, time] of first) console.log(`  ${time.toFixed(0).padStart(5)}  ${name}`);
      console.log();
      const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 0, pending: 0 };
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ""}`);
    });
  }
}

export = Reporter;
