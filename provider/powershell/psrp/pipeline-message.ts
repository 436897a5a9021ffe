import type { Command, Pipeline } from "../pipeline";
import { type PsInput, PsList, PsObject, type PsValue, psEnum } from "./clixml";
import { PropertyBag } from "./property-bag";
import { peerError } from "./state-error";

/** What CREATE_PIPELINE says (MS-PSRP 2.2.2.10). */
export interface PipelineRequest {
  readonly pipeline: Pipeline;
  readonly isScript: boolean;
  readonly noInput: boolean;
}

const arrayList = ["System.Collections.ArrayList", "System.Object"];
const streams = ["Error", "Warning", "Verbose", "Debug", "Information"];

/** No host: what asks for one fails instead of waiting for an answer that never comes (MS-PSRP 2.2.3.14). */
export function hostInfo(hasHost: boolean, useRunspaceHost: boolean): PsObject {
  return new PsObject({
    extended: {
      _isHostNull: !hasHost,
      _isHostUINull: !hasHost,
      _isHostRawUINull: true,
      _useRunspaceHost: useRunspaceHost,
    },
  });
}

export const apartmentState = (): PsObject => psEnum("System.Threading.ApartmentState", 2, "Unknown");

/** The value of CREATE_PIPELINE. */
export function pipelineMessage({ pipeline, isScript, noInput }: PipelineRequest): PsObject {
  return new PsObject({
    extended: {
      NoInput: noInput,
      ApartmentState: apartmentState(),
      RemoteStreamOptions: psEnum("System.Management.Automation.RemoteStreamOptions", 0, "0"),
      AddToHistory: false,
      HostInfo: hostInfo(false, true),
      PowerShell: new PsObject({
        extended: {
          IsNested: false,
          History: null,
          RedirectShellErrorOutputPipe: false,
          Cmds: new PsList(
            pipeline.map((command) => commandValue(command, isScript)),
            "list",
            { typeNames: arrayList },
          ),
        },
      }),
      IsNested: false,
    },
  });
}

function commandValue(command: Command, isScript: boolean): PsObject {
  const named = Object.entries(command.parameters ?? {}).map(([name, value]) => argument(name, value));
  const positional = (command.arguments ?? []).map((value) => argument(null, value));
  const unmerged = psEnum("System.Management.Automation.Runspaces.PipelineResultTypes", 0, "None");
  return new PsObject({
    extended: {
      Cmd: command.name,
      Args: new PsList([...named, ...positional], "list", { typeNames: arrayList }),
      IsScript: isScript,
      UseLocalScope: null,
      MergeMyResult: unmerged,
      MergeToResult: unmerged,
      MergePreviousResults: unmerged,
      ...Object.fromEntries(streams.map((stream) => [`Merge${stream}`, unmerged])),
    },
  });
}

function argument(name: string | null, value: PsInput): PsObject {
  return new PsObject({ extended: { N: name, V: value } });
}

/** What a client asked for. @throws ProviderError `protocol` where it is no pipeline, or several statements */
export function readPipelineMessage(value: PsValue): PipelineRequest {
  const message = new PropertyBag(value, "pipeline");
  const shell = new PropertyBag(message.get("PowerShell"), "pipeline");
  if (shell.list("ExtraCmds").length > 1) throw peerError("a pipeline has several statements, which is not supported");
  const commands = shell.list("Cmds").map((item) => new PropertyBag(item, "command"));
  const [first, ...others] = commands.map(readCommand);
  if (first === undefined) throw peerError("a pipeline has no command");
  return {
    pipeline: [first, ...others],
    isScript: commands.some((command) => command.boolean("IsScript")),
    noInput: message.boolean("NoInput"),
  };
}

function readCommand(command: PropertyBag): Command {
  const parameters = new Map<string, PsValue>();
  const positional: PsValue[] = [];
  for (const item of command.list("Args")) {
    const argument = new PropertyBag(item, "argument");
    // PowerShell's own client keeps what stood in the source: "-Name:".
    const name = argument.text("N").replace(/^-/, "").replace(/:$/, "");
    const value = argument.get("V") ?? null;
    if (name === "") positional.push(value);
    else parameters.set(name, value);
  }
  return { name: command.text("Cmd"), parameters: Object.fromEntries(parameters), arguments: positional };
}
