/** MS-PSRP as a library without IO: both ends of a runspace pool. Nothing here knows of a network, a process or Exchange. */
export * from "./clixml";
export type { ClientEvent, HostCall, OutgoingData, PipelineState, PoolState, ServerEvent } from "./events";
export { encodePacket, type OutOfProcessPacket, OutOfProcessReader, poolGuid } from "./out-of-process";
export { type CreatePipelineOptions, type PoolClientOptions, RunspacePoolClient } from "./runspace-pool-client";
export { type ErrorRecordParts, type PoolServerOptions, RunspacePoolServer } from "./runspace-pool-server";
