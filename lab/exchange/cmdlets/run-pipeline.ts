import { createHash, randomUUID } from "node:crypto";
import type { ManagementRole } from "../model/organization";
import { type Argument, bind } from "./bind";
import type { BoundParameters } from "./bound-parameters";
import type { Cmdlet, ExchangeSession, Streams } from "./cmdlet";
import { CmdletError, commandNotFound } from "./cmdlet-error";
import { ObjectValue, textOf, type Value } from "./value";

/** One command of a pipeline as it arrived. */
export interface PipelineCommand {
  readonly name: string;
  readonly arguments: readonly Argument[];
}

export interface PipelineRun {
  readonly session: ExchangeSession;
  readonly roles: ReadonlySet<ManagementRole>;
  readonly resolve: (name: string) => Cmdlet | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs commands joined as by `|`; each later one runs once for every object that reaches it.
 * @throws CmdletError when the pipeline ends in a terminating error; errors of cmdlets go to the stream.
 */
export async function runPipeline(
  commands: readonly PipelineCommand[],
  streams: Streams,
  run: PipelineRun,
): Promise<void> {
  let input: readonly Value[] | undefined;
  for (const [index, command] of commands.entries()) {
    const last = index === commands.length - 1;
    const collected: Value[] = [];
    const output = last ? streams.output.bind(streams) : (value: Value) => collected.push(value);
    await runCommand(command, input, { ...streams, output }, run);
    input = collected;
  }
}

async function runCommand(
  command: PipelineCommand,
  input: readonly Value[] | undefined,
  streams: Streams,
  run: PipelineRun,
): Promise<void> {
  const cmdlet = run.resolve(command.name);
  if (cmdlet === undefined) throw commandNotFound(command.name);
  const bound = bind(cmdlet, run.roles, command.arguments, input !== undefined);
  await meetFaults(cmdlet, run);
  const calls = input === undefined ? [bound] : input.map((item) => bindPiped(cmdlet, bound, item));
  for (const parameters of calls) {
    run.signal?.throwIfAborted();
    const fail = (error: CmdletError) => report(withExchangeId(error, cmdlet, run.session), parameters, streams);
    const shouldProcess = !parameters.flag("WhatIf");
    // Test- cmdlets ask before they do something, and change nothing.
    if (cmdlet.changes && shouldProcess && !cmdlet.name.startsWith("Test-")) run.session.organization.writes += 1;
    try {
      await cmdlet.run({
        ...quietened(streams, parameters),
        session: run.session,
        parameters,
        shouldProcess,
        signal: run.signal,
        error: fail,
      });
    } catch (thrown) {
      // What a cmdlet throws about one object is written; the pipeline goes on with the next.
      if (!(thrown instanceof CmdletError)) throw thrown;
      fail(thrown);
    }
  }
}

function bindPiped(cmdlet: Cmdlet, bound: BoundParameters, item: Value): BoundParameters {
  const target = Object.entries(cmdlet.parameters).find(([, { pipeline }]) => pipeline === true);
  if (target === undefined || bound.has(target[0])) return bound;
  const identity = item instanceof ObjectValue ? (item.properties.Identity ?? item) : item;
  return bound.with(target[0], textOf(identity));
}

/** What the lab was told to let go wrong, before the cmdlet does anything. */
async function meetFaults(cmdlet: Cmdlet, { session, signal }: PipelineRun): Promise<void> {
  const { faults } = session.organization;
  const server = session.server.state.name;
  if (faults.hangs(server, cmdlet.name)) await pause(undefined, signal);
  const delay = faults.delay(server);
  if (delay > 0) await pause(delay, signal);
  const failure = faults.takeFailure(server, cmdlet.name);
  if (failure !== undefined) {
    const details = { category: "NotSpecified", errorId: "LabFault", terminating: true } as const;
    throw new CmdletError(failure, details);
  }
}

/** Waits for so many milliseconds, or for ever; an abort ends either. */
function pause(milliseconds: number | undefined, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(
        new CmdletError("The pipeline has been stopped.", { category: "OperationStopped", errorId: "PipelineStopped" }),
      );
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      },
      milliseconds ?? 2 ** 31 - 1,
    );
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

function quietened(streams: Streams, parameters: BoundParameters): Streams {
  const quiet = ["SilentlyContinue", "Ignore"].includes(parameters.text("WarningAction") ?? "");
  return {
    output: streams.output.bind(streams),
    error: streams.error.bind(streams),
    host: streams.host.bind(streams),
    ...(streams.confirm === undefined ? {} : { confirm: streams.confirm.bind(streams) }),
    warning: quiet ? () => {} : streams.warning.bind(streams),
    verbose: parameters.flag("Verbose") ? streams.verbose.bind(streams) : () => {},
  };
}

function report(error: CmdletError, parameters: BoundParameters, streams: Streams): void {
  const action = parameters.text("ErrorAction");
  if (action === "Stop" || error.terminating) throw error;
  if (action !== "SilentlyContinue" && action !== "Ignore") streams.error(error);
}

/** Exchange puts the server, the request and the failure's category in front of its error ids. */
function withExchangeId(error: CmdletError, cmdlet: Cmdlet, session: ExchangeSession): CmdletError {
  if (
    error.errorId.includes(",") ||
    error.errorId.startsWith("[") ||
    !cmdlet.className.startsWith("Microsoft.Exchange")
  )
    return error;
  const stamp = new Date().toLocaleString("en-US", { timeZone: "UTC" }).replace(",", "");
  const hash = createHash("sha1").update(error.message).digest("hex").slice(0, 8).toUpperCase();
  const head = `[Server=${session.server.state.name},RequestId=${randomUUID()},TimeStamp=${stamp}]`;
  const errorId = `${head} [FailureCategory=Cmdlet-${error.reason}] ${hash},${cmdlet.className}`;
  const { category, reason, target, terminating } = error;
  return new CmdletError(error.message, {
    category,
    errorId,
    reason,
    terminating,
    ...(target === undefined ? {} : { target }),
  });
}
