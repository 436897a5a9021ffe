import type { PsValue } from "./clixml";
import { PsObject } from "./clixml";
import { readErrorRecord } from "./error-record";
import type { ClientEvent } from "./events";
import { hostMethodName } from "./host-method";
import type { Received } from "./inbox";
import { readSessionCapability } from "./pool-message";
import { pipelineStateOf, poolStateOf } from "./pool-state";
import { PropertyBag } from "./property-bag";
import { peerError } from "./state-error";

/** What a server's message means. @throws ProviderError `protocol` for a message that only clients send, or one without what it must have */
export function readClientMessage(received: Received): ClientEvent {
  const { type, value } = received;
  switch (type) {
    case "sessionCapability":
      return readSessionCapability(value);
    case "applicationPrivateData":
      return { type, data: new PropertyBag(value, type).get("ApplicationPrivateData") ?? null };
    case "runspacePoolState": {
      const bag = new PropertyBag(value, type);
      const state = poolStateOf(bag.number("RunspaceState"));
      if (state === undefined) throw peerError("a runspace pool's state has an unknown number");
      return { type: "poolState", state, error: errorOf(bag) };
    }
    case "runspacePoolInitData": {
      const bag = new PropertyBag(value, type);
      return { type: "initData", minRunspaces: bag.number("MinRunspaces"), maxRunspaces: bag.number("MaxRunspaces") };
    }
    case "runspaceAvailability": {
      const bag = new PropertyBag(value, type);
      const answer = bag.get("SetMinMaxRunspacesResponse");
      const isBoolean = typeof answer === "boolean";
      return { type, callId: bag.bigint("ci"), value: isBoolean ? answer : bag.bigint("SetMinMaxRunspacesResponse") };
    }
    case "userEvent":
      return { type, value };
    case "publicKeyRequest":
      return { type };
    case "runspacePoolHostCall":
      return hostCall(value, null);
    case "pipelineHostCall":
      return hostCall(value, pipelineOf(received));
    case "pipelineOutput":
      return { type: "output", pipelineId: pipelineOf(received), value };
    case "errorRecord":
      return { type: "error", pipelineId: pipelineOf(received), record: readErrorRecord(value) };
    case "warningRecord":
      return informational("warning", received);
    case "verboseRecord":
      return informational("verbose", received);
    case "debugRecord":
      return informational("debug", received);
    case "progressRecord":
      return { type: "progress", pipelineId: pipelineOf(received), value };
    case "informationRecord":
      return { type: "information", pipelineId: pipelineOf(received), value };
    case "pipelineState": {
      const bag = new PropertyBag(value, type);
      const state = pipelineStateOf(bag.number("PipelineState"));
      if (state === undefined) throw peerError("a pipeline's state has an unknown number");
      return { type, pipelineId: pipelineOf(received), state, error: errorOf(bag) };
    }
    default:
      throw peerError(`a server sent ${type}, which is a client's message`);
  }
}

function pipelineOf(received: Received): string {
  if (received.pipelineId === null) throw peerError(`a ${received.type} names no pipeline`);
  return received.pipelineId;
}

function errorOf(bag: PropertyBag) {
  const record = bag.get("ExceptionAsErrorRecord") ?? null;
  return record === null ? undefined : readErrorRecord(record);
}

function informational(type: "warning" | "verbose" | "debug", received: Received): ClientEvent {
  const { value } = received;
  const message = value instanceof PsObject ? (value.property("InformationalRecord_Message") ?? value.text) : value;
  return { type, pipelineId: pipelineOf(received), message: String(message ?? ""), value };
}

function hostCall(value: PsValue, pipelineId: string | null): ClientEvent {
  const call = new PropertyBag(value, "host call");
  const methodId = call.number("mi");
  const method = hostMethodName(methodId);
  if (method === undefined) throw peerError("a host call names an unknown method");
  return { type: "hostCall", pipelineId, callId: call.bigint("ci"), methodId, method, parameters: call.list("mp") };
}
