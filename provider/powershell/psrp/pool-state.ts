import type { PipelineState, PoolState } from "./events";

const poolNumbers: Readonly<Record<PoolState, number>> = {
  BeforeOpen: 0,
  Opening: 1,
  Opened: 2,
  Closed: 3,
  Closing: 4,
  Broken: 5,
  NegotiationSent: 6,
  NegotiationSucceeded: 7,
  Connecting: 8,
  Disconnected: 9,
};

const pipelineNumbers: Readonly<Record<PipelineState, number>> = {
  NotStarted: 0,
  Running: 1,
  Stopping: 2,
  Stopped: 3,
  Completed: 4,
  Failed: 5,
  Disconnected: 6,
};

/** The number of a RunspacePoolState (MS-PSRP 2.2.3.4). */
export function poolStateNumber(state: PoolState): number {
  return poolNumbers[state];
}

/** The number of a PSInvocationState (MS-PSRP 2.2.3.5). */
export function pipelineStateNumber(state: PipelineState): number {
  return pipelineNumbers[state];
}

export function poolStateOf(number: number): PoolState | undefined {
  return keyOf(poolNumbers, number);
}

export function pipelineStateOf(number: number): PipelineState | undefined {
  return keyOf(pipelineNumbers, number);
}

/** Whether nothing more comes of a pipeline. */
export function isOver(state: PipelineState): boolean {
  return state === "Stopped" || state === "Completed" || state === "Failed";
}

function keyOf<K extends string>(numbers: Readonly<Record<K, number>>, number: number): K | undefined {
  return (Object.keys(numbers) as K[]).find((key) => numbers[key] === number);
}
