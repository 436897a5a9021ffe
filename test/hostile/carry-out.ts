import { ProviderError } from "../../provider/error";
import type { Outcome } from "./measured-client";

/** The process that a MeasuredClient measures: it does what it is told, says what came of it, and what it has needed at most so far. */
export function carryOut<Order>(
  work: (order: Order) => Promise<{ readonly code: string; readonly message: string }>,
): void {
  process.on("message", async (order: Order) => {
    const started = performance.now();
    const outcome = await work(order).catch((thrown: unknown) => {
      const { code, message } = ProviderError.from(thrown);
      return { code, message };
    });
    const milliseconds = performance.now() - started;
    process.send?.({ ...outcome, milliseconds, peak: process.resourceUsage().maxRSS / 1024 } satisfies Outcome);
  });
  process.send?.("ready");
}
