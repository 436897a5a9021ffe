import type { PipelineResult } from "../../provider/powershell";

/** What a command gives that has nothing to say. */
export const completed: PipelineResult = {
  state: "completed",
  output: [],
  errors: [],
  warnings: [],
  verbose: [],
  debug: [],
  information: [],
  progress: [],
};
