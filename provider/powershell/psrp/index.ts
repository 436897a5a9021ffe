/** MS-PSRP as a library without IO: both ends of a runspace pool. Nothing here knows of a network, a process or Exchange. */
export * from "./clixml";
export type { ErrorRecordParts } from "./error-record";
export type { ClientEvent, HostAnswer, HostCall, OutgoingData, PipelineState, PoolState, ServerEvent } from "./events";
export { holdsSecret } from "./holds-secret";
export { hostMethodName, isVoidHostMethod } from "./host-method";
export type { Limits } from "./inbox";
export { encodePacket, type OutOfProcessPacket, OutOfProcessReader, poolGuid } from "./out-of-process";
export { type CreatePipelineOptions, type PoolClientOptions, RunspacePoolClient } from "./runspace-pool-client";
export { type PoolServerOptions, RunspacePoolServer } from "./runspace-pool-server";
export type { Progress } from "./stream-record";
