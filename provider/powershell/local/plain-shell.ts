import { PowerShell } from "node-powershell";
import { childEnvironment } from "../../child-environment";
import { ProviderError } from "../../error";
import { Interruption } from "../deadline";
import type { InvokeOptions, Pipeline, PipelineResult, PowerShellSession } from "../pipeline";
import { pipelineName } from "../pipeline-run";
import { Turns } from "../turns";
import { invocation, invoker, readResult } from "./invocation";

/**
 * A shell on this machine, held by node-powershell. For pipelines without secrets: what reaches it is text,
 * though never text built from values, and script-block logging would keep it.
 */
export class PlainShell implements PowerShellSession {
  readonly host = "localhost";
  readonly #shell: PowerShell;
  readonly #turns = new Turns();
  readonly #prepared: Promise<unknown>;
  #over = false;

  constructor(executable: string | undefined) {
    this.#shell = new PowerShell({
      ...(executable === undefined ? {} : { executable }),
      executableOptions: { "-NoProfile": true, "-NonInteractive": true },
      // Warnings and native programs write to the error stream too; what is an error, the records tell.
      throwOnInvocationError: false,
      spawnOptions: { env: childEnvironment(), windowsHide: true },
    });
    this.#shell.streams.stdout.once("close", () => {
      this.#over = true;
    });
    // At once, not with the first command: node-powershell's own promise of the shell's end has no other listener,
    // and a shell that cannot be started would end this process.
    this.#prepared = this.#shell.invoke(invoker);
    this.#prepared.catch(() => {});
  }

  get usable(): boolean {
    return !this.#over;
  }

  invoke(pipeline: Pipeline, options: InvokeOptions = {}): Promise<PipelineResult> {
    return this.#turns.take(() => this.#invoke(pipeline, options));
  }

  async close(): Promise<void> {
    this.#over = true;
    // It rejects where the shell died by itself: gone is gone.
    await this.#shell.dispose().catch(() => {});
  }

  async #invoke(pipeline: Pipeline, options: InvokeOptions): Promise<PipelineResult> {
    const name = `${pipelineName(pipeline)} on this machine`;
    if (!this.usable) throw this.#gone(name, "protocol", "could not run: its shell has ended");
    using interruption = new Interruption(name, options);
    const sooner: ProviderError | undefined = interruption.error;
    if (sooner !== undefined) throw sooner;
    try {
      await Promise.race([this.#prepared, interruption.happened]);
    } catch (error) {
      await this.close();
      throw error === interruption.error
        ? error
        : this.#gone(name, "powershell-failed", "could not run: no shell could be started", error);
    }
    const { mark, text } = invocation(pipeline);
    let said: string;
    try {
      const { stdout } = await Promise.race([this.#shell.invoke(text), interruption.happened]);
      said = stdout?.toString("utf8") ?? "";
    } catch (error) {
      await this.close();
      const why = interruption.error;
      if (why === undefined)
        throw this.#gone(name, "unclear-outcome", "lost its shell: nobody knows whether it took effect", error);
      // node-powershell can stop a command only together with its shell.
      throw new ProviderError(why.code, why.message, {
        hint: "Its shell was ended: it may have taken effect in part.",
      });
    } finally {
      // It keeps every command with its output, for ever.
      this.#shell.history.length = 0;
    }
    const result = this.#read(name, mark, said);
    if (result !== undefined) return result;
    await this.close();
    throw this.#gone(name, "unclear-outcome", "lost its shell: nobody knows whether it took effect");
  }

  #read(name: string, mark: string, said: string): PipelineResult | undefined {
    try {
      return readResult(mark, said);
    } catch (thrown) {
      const { message } = ProviderError.from(thrown, "protocol");
      throw this.#gone(name, "unclear-outcome", `came to its end, and what it gave cannot be read: ${message}`, thrown);
    }
  }

  #gone(
    name: string,
    code: "protocol" | "powershell-failed" | "unclear-outcome",
    what: string,
    cause?: unknown,
  ): ProviderError {
    return new ProviderError(code, `${name} ${what}.`, { cause });
  }
}
