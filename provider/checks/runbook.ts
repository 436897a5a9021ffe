import type { Check } from "./check";

/** Every check, in the order of the article. */
export const runbook: readonly Check[] = [];
