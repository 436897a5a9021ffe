import type { ProviderError } from "../error";
import type { Interruption } from "./deadline";
import { Deferred } from "./deferred";
import type { ErrorRecord, Pipeline, PipelineResult } from "./pipeline";
import type { ClientEvent, PsValue } from "./psrp";

/** The commands of a pipeline by name, for messages; parameters may be secret. */
export function pipelineName(pipeline: Pipeline): string {
  return pipeline.map((command) => command.name).join(" | ");
}

/** One pipeline on its way: gathers what comes of it. */
export class PipelineRun {
  readonly #finished = new Deferred<PipelineResult>();
  readonly #output: PsValue[] = [];
  readonly #errors: ErrorRecord[] = [];
  readonly #warning: string[] = [];
  readonly #verbose: string[] = [];
  readonly #debug: string[] = [];
  readonly #information: PsValue[] = [];
  readonly #progress: PsValue[] = [];
  #size = 0;

  constructor(
    readonly name: string,
    readonly interruption: Interruption,
  ) {}

  /** Resolves at the pipeline's end, whichever; rejects where the end will never be known. */
  get finished(): Promise<PipelineResult> {
    return this.#finished.promise;
  }

  /** Adds what has come, in bytes. @returns all that has come so far */
  count(bytes: number): number {
    this.#size += bytes;
    return this.#size;
  }

  fail(error: ProviderError): void {
    this.#finished.reject(error);
  }

  receive(event: ClientEvent): void {
    switch (event.type) {
      case "output":
        this.#output.push(event.value);
        break;
      case "error":
        this.#errors.push(event.record);
        break;
      case "warning":
        this.#warning.push(event.message);
        break;
      case "verbose":
        this.#verbose.push(event.message);
        break;
      case "debug":
        this.#debug.push(event.message);
        break;
      case "information":
        this.#information.push(event.value);
        break;
      case "progress":
        this.#progress.push(event.value);
        break;
      case "pipelineState":
        if (event.state === "Completed") this.#end("completed");
        // "The pipeline has been stopped." comes with every stop: no news, and not the command's error.
        else if (event.state === "Stopped") this.#end("stopped");
        else if (event.state === "Failed") {
          if (event.error !== undefined) this.#errors.push(event.error);
          this.#end("failed");
        }
    }
  }

  #end(state: PipelineResult["state"]): void {
    this.#finished.resolve({
      state,
      output: this.#output,
      errors: this.#errors,
      warnings: this.#warning,
      verbose: this.#verbose,
      debug: this.#debug,
      information: this.#information,
      progress: this.#progress,
    });
  }
}
