import { throwOnErrors } from "../failure";
import type { InvokeOptions, Pipeline, PipelineResult, PowerShellSession } from "../pipeline";
import { pipelineName } from "../pipeline-run";
import { holdsSecret } from "../psrp";
import { RunspacePoolSession } from "../runspace-pool-session";
import { processChannel } from "../server-process";
import { PlainShell } from "./plain-shell";

export interface LocalOptions {
  /** `powershell` (Windows PowerShell 5.1), `pwsh`, or a path. Default: `powershell` on Windows, `pwsh` elsewhere. */
  readonly executable?: string | undefined;
  /** Run in each shell before anything else, such as a command that loads Exchange's own. */
  readonly startup?: readonly Pipeline[] | undefined;
}

/**
 * PowerShell on this machine. Pipelines run in a shell that node-powershell holds; one that carries a secret goes to a second one
 * over PSRP, where it is encrypted and no log sees it. The two share nothing but their `startup`.
 */
export class LocalSession implements PowerShellSession {
  readonly host = "localhost";
  readonly #executable: string;
  readonly #startup: readonly Pipeline[];
  #plain: Promise<PowerShellSession> | undefined;
  #forSecrets: Promise<PowerShellSession> | undefined;
  #dead = false;

  constructor(options: LocalOptions = {}) {
    this.#executable = options.executable ?? (process.platform === "win32" ? "powershell" : "pwsh");
    this.#startup = options.startup ?? [];
  }

  get usable(): boolean {
    return !this.#dead;
  }

  /** @throws ProviderError as {@link RunspacePoolSession.invoke}; `powershell-failed` where there is no such shell */
  async invoke(pipeline: Pipeline, options?: InvokeOptions): Promise<PipelineResult> {
    const session = await this.#shell(pipeline);
    try {
      return await session.invoke(pipeline, options);
    } finally {
      this.#dead ||= !session.usable;
    }
  }

  async close(): Promise<void> {
    this.#dead = true;
    const opened = await Promise.allSettled([this.#plain, this.#forSecrets]);
    await Promise.all(opened.map((it) => (it.status === "fulfilled" ? it.value?.close() : undefined)));
  }

  #shell(pipeline: Pipeline): Promise<PowerShellSession> {
    if (holdsSecret(pipeline)) {
      this.#forSecrets ??= this.#started(RunspacePoolSession.open(this.host, processChannel(this.#executable)));
      return this.#forSecrets;
    }
    this.#plain ??= this.#started(Promise.resolve(new PlainShell(this.#executable)));
    return this.#plain;
  }

  async #started(opening: Promise<PowerShellSession>): Promise<PowerShellSession> {
    try {
      const session = await opening;
      for (const pipeline of this.#startup) {
        throwOnErrors(await session.invoke(pipeline), `start with ${pipelineName(pipeline)}`, this.host);
      }
      return session;
    } catch (error) {
      this.#dead = true;
      await opening.then((session) => session.close()).catch(() => {});
      throw error;
    }
  }
}
