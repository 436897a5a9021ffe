import type { Call, Parameter } from "../cmdlets/cmdlet";
import { CmdletError } from "../cmdlets/cmdlet-error";

const scopes = ["Forest", "Array", "Servers"] as const;
type Scope = (typeof scopes)[number];

/** Parameters of `RollAlternateServiceAccountPassword.ps1`; `-ToSpecificServer srv` binds by prefix and position. */
export const rollParameters: Readonly<Record<string, Parameter>> = {
  Identity: { type: { kind: "texts" }, position: 0, mandatory: true, sets: ["Array", "Servers"] },
  ToEntireForest: { type: { kind: "switch" }, mandatory: true, sets: ["Forest"] },
  ToArrayMembers: { type: { kind: "switch" }, mandatory: true, sets: ["Array"] },
  ToSpecificServers: { type: { kind: "switch" }, mandatory: true, sets: ["Servers"] },
  GenerateNewPasswordFor: { type: { kind: "text" } },
  CopyFrom: { type: { kind: "text" } },
  Unattended: { type: { kind: "switch" } },
  CreateScheduledTask: { type: { kind: "text" } },
};

export interface RollRequest {
  readonly scope: Scope;
  readonly identity: readonly string[];
  readonly source: { readonly generateFor: string } | { readonly copyFrom: string };
  readonly unattended: boolean;
  readonly scheduledTask: string | undefined;
}

/** What the script throws: the pipeline ends, and no exit code is set. */
export function scriptError(message: string): CmdletError {
  return new CmdletError(message, {
    category: "OperationStopped",
    errorId: message,
    reason: "RuntimeException",
    terminating: true,
  });
}

export function rollRequest({ parameters }: Call): RollRequest {
  const generateFor = parameters.text("GenerateNewPasswordFor");
  const copyFrom = parameters.text("CopyFrom");
  if ((generateFor === undefined) === (copyFrom === undefined)) {
    throw scriptError("Parameter set cannot be resolved using the specified named parameters.");
  }
  if (generateFor !== undefined && !/^[^\s\\]+\\[^\s\\]+$/.test(generateFor)) {
    throw new CmdletError(
      `Cannot validate argument on parameter 'GenerateNewPasswordFor'. The argument "${generateFor}" does not match the "^[^\\s\\\\]+\\\\[^\\s\\\\]+$" pattern. Supply an argument that matches and try the command again.`,
      {
        category: "InvalidData",
        errorId: "ParameterArgumentValidationError,RollAlternateServiceAccountPassword.ps1",
        reason: "ParameterBindingValidationException",
        terminating: true,
      },
    );
  }
  const unattended = parameters.flag("Unattended");
  const scheduledTask = parameters.text("CreateScheduledTask");
  if (unattended && scheduledTask !== undefined) {
    throw scriptError("-Unattended can't be used together with -CreateScheduledTask.");
  }
  return {
    scope: scopes.find((scope) => scope === parameters.set) ?? "Servers",
    identity: parameters.texts("Identity") ?? [],
    source: generateFor === undefined ? { copyFrom: copyFrom ?? "" } : { generateFor },
    unattended,
    scheduledTask,
  };
}
