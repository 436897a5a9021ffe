/** PowerShell remoting: pipelines as data, and who runs them. */
export type { Channel, ChannelEvents } from "./channel";
export { OutOfProcessChannel, type ServerStreams } from "./out-of-process-channel";
export type { Command, ErrorRecord, InvokeOptions, Pipeline, PipelineResult, PowerShellSession } from "./pipeline";
export { RunspacePoolSession, type SessionOptions } from "./runspace-pool-session";
export { processChannel, serverArguments } from "./server-process";
