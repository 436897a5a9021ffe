/** PowerShell remoting: pipelines as data, and who runs them. */
export type { Channel, ChannelEvents } from "./channel";
export { diagnose, throwOnErrors } from "./failure";
export { type LocalOptions, LocalSession } from "./local";
export { OutOfProcessChannel, type ServerStreams } from "./out-of-process-channel";
export type { Command, ErrorRecord, InvokeOptions, Pipeline, PipelineResult, PowerShellSession } from "./pipeline";
export * from "./psrp";
export { RunspacePoolSession, type SessionOptions } from "./runspace-pool-session";
export { processChannel, serverArguments } from "./server-process";
export { type PowerShellTurn, SessionPool, type SessionPoolOptions, type SessionTarget } from "./session-pool";
export { openSshSession, type SshOptions } from "./ssh";
export { openWsmanSession, type WsmanIdentity, type WsmanOptions } from "./wsman";
