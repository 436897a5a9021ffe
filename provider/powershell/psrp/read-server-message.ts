import { readErrorRecord } from "./error-record";
import type { ServerEvent } from "./events";
import type { Received } from "./inbox";
import { readPipelineMessage } from "./pipeline-message";
import { readSessionCapability } from "./pool-message";
import { PropertyBag } from "./property-bag";
import { peerError } from "./state-error";

/** What a client's message means. @throws ProviderError `protocol` for a message that only servers send, or one without what it must have */
export function readServerMessage(received: Received): ServerEvent {
  const { type, value } = received;
  switch (type) {
    case "sessionCapability":
      return readSessionCapability(value);
    case "initRunspacePool": {
      const bag = new PropertyBag(value, type);
      return {
        type,
        minRunspaces: bag.number("MinRunspaces"),
        maxRunspaces: bag.number("MaxRunspaces"),
        applicationArguments: bag.get("ApplicationArguments") ?? null,
      };
    }
    case "connectRunspacePool":
      return { type };
    case "createPipeline":
      return { type, pipelineId: pipelineOf(received), ...readPipelineMessage(value) };
    case "getCommandMetadata":
      return { type, pipelineId: pipelineOf(received), value };
    case "pipelineInput":
      return { type, pipelineId: pipelineOf(received), value };
    case "endOfPipelineInput":
      return { type, pipelineId: pipelineOf(received) };
    case "setMaxRunspaces":
      return { type, ...counted(received, "MaxRunspaces") };
    case "setMinRunspaces":
      return { type, ...counted(received, "MinRunspaces") };
    case "getAvailableRunspaces":
    case "resetRunspaceState":
      return { type, callId: new PropertyBag(value, type).bigint("ci") };
    case "runspacePoolHostResponse":
      return hostResponse(received, null);
    case "pipelineHostResponse":
      return hostResponse(received, pipelineOf(received));
    default:
      throw peerError(`a client sent ${type}, which is a server's message`);
  }
}

function pipelineOf(received: Received): string {
  if (received.pipelineId === null) throw peerError(`a ${received.type} names no pipeline`);
  return received.pipelineId;
}

function counted({ type, value }: Received, name: string): { callId: bigint; count: number } {
  const bag = new PropertyBag(value, type);
  return { callId: bag.bigint("ci"), count: bag.number(name) };
}

function hostResponse({ type, value }: Received, pipelineId: string | null): ServerEvent {
  const bag = new PropertyBag(value, type);
  const error = bag.get("me") ?? null;
  return {
    type: "hostResponse",
    pipelineId,
    callId: bag.bigint("ci"),
    methodId: bag.number("mi"),
    value: bag.get("mr"),
    error: error === null ? undefined : readErrorRecord(error),
  };
}
