import assert from "node:assert/strict";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandOutput, runCommand } from "../../lab/command";
import { checkoutFolder } from "../../lab/folders";
import { programsFolder } from "./programs";

export interface StackOptions {
  /** Stack configuration, e.g. `{ "exchange-kerberos:domain": "…" }`; what is missing comes from the lab's environment. */
  readonly config?: Readonly<Record<string, string>>;
  /** On top of the lab's; `undefined` takes one away. */
  readonly environment?: Readonly<NodeJS.ProcessEnv>;
}

/** One resource of a stack's state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly initErrors?: readonly string[];
}

/** A user's Pulumi program under the real engine, with a stack of its own in the lab's file backend. */
export class Stack {
  readonly folder: string;
  private readonly environment: NodeJS.ProcessEnv;

  private constructor(
    readonly name: string,
    options: StackOptions,
  ) {
    this.folder = join(programsFolder, name);
    this.environment = { ...process.env, ...options.environment };
  }

  /**
   * Makes the program's folder and its stack.
   * @param source JavaScript of the program; `ek` is our package and `pulumi` the SDK.
   */
  static async create(name: string, source: string, options: StackOptions = {}): Promise<Stack> {
    const stack = new Stack(name, options);
    rmSync(stack.folder, { recursive: true, force: true });
    mkdirSync(stack.folder, { recursive: true });
    writeFileSync(
      join(stack.folder, "Pulumi.yaml"),
      `name: ${name}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n`,
    );
    writeFileSync(join(stack.folder, "package.json"), JSON.stringify({ name, main: "index.js" }));
    stack.write(source);
    await stack.pulumi(["stack", "rm", "--yes", "--force", "--preserve-config", "test"]);
    await stack.mustPulumi(["stack", "init", "test"]);
    for (const [key, value] of Object.entries(options.config ?? {})) {
      await stack.mustPulumi(["config", "set", key, value]);
    }
    return stack;
  }

  /** One of our examples, copied to a folder of its own as a user copies it. */
  static async fromExample(example: string, options: StackOptions = {}): Promise<Stack> {
    const stack = new Stack(`example-${example}`, options);
    rmSync(stack.folder, { recursive: true, force: true });
    cpSync(join(checkoutFolder, "examples", example), stack.folder, { recursive: true });
    await stack.pulumi(["stack", "rm", "--yes", "--force", "--preserve-config", "test"]);
    await stack.mustPulumi(["stack", "init", "test"]);
    return stack;
  }

  /** The same stack for a run in another environment. */
  as(environment: Readonly<NodeJS.ProcessEnv>): Stack {
    return new Stack(this.name, { environment });
  }

  /** The next version of the program. */
  write(source: string): void {
    const head = `const pulumi = require("@pulumi/pulumi");\nconst ek = require("pulumi-exchange-kerberos");\n`;
    writeFileSync(join(this.folder, "index.js"), `${head}${source}\n`);
  }

  up(...more: string[]): Promise<CommandOutput> {
    return this.pulumi(["up", "--yes", "--skip-preview", ...more]);
  }

  preview(...more: string[]): Promise<CommandOutput> {
    return this.pulumi(["preview", ...more]);
  }

  refresh(...more: string[]): Promise<CommandOutput> {
    return this.pulumi(["refresh", "--yes", "--skip-preview", ...more]);
  }

  destroy(...more: string[]): Promise<CommandOutput> {
    return this.pulumi(["destroy", "--yes", "--skip-preview", ...more]);
  }

  /** The text of the whole state, as `pulumi stack export` writes it. */
  stateText(): Promise<string> {
    return this.mustPulumi(["stack", "export"]);
  }

  async resources(): Promise<StateResource[]> {
    return JSON.parse(await this.stateText()).deployment.resources ?? [];
  }

  /** Forgets stack and folder; destroy first what it made. */
  async remove(): Promise<void> {
    await this.pulumi(["stack", "rm", "--yes", "--force", "test"]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @param deadline milliseconds */
  pulumi(arguments_: readonly string[], deadline = 300_000): Promise<CommandOutput> {
    return runCommand("pulumi", [...arguments_, "--non-interactive", "--color=never"], {
      folder: this.folder,
      environment: this.environment,
      deadline,
    });
  }

  private async mustPulumi(arguments_: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.pulumi(arguments_);
    if (status !== 0) throw new Error(`pulumi ${arguments_.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }
}

/** What a command that must succeed printed. */
export function succeeded({ status, stdout, stderr }: CommandOutput): string {
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}
