import { protectionFlags, tokenChecking } from "../model/virtual-directory";
import type { Parameter } from "./cmdlet";

/** Kinds of parameters that many cmdlets share. */
export const textParameter: Parameter = { type: { kind: "text" } };
export const textListParameter: Parameter = { type: { kind: "texts" } };
export const switchParameter: Parameter = { type: { kind: "switch" } };
export const booleanParameter: Parameter = { type: { kind: "boolean" } };

export const choiceParameter = (of: readonly string[]): Parameter => ({ type: { kind: "choice", of } });
export const choicesParameter = (of: readonly string[]): Parameter => ({ type: { kind: "choices", of } });

export const identityParameter: Parameter = { type: { kind: "text" }, position: 1, pipeline: true };

/** All `Get-…VirtualDirectory` cmdlets and `Get-OutlookAnywhere` read by server or by identity, never both. */
export const directoryReadParameters: Readonly<Record<string, Parameter>> = {
  Identity: { ...identityParameter, sets: ["Identity"] },
  Server: { ...textParameter, mandatory: true, sets: ["Server"] },
  ADPropertiesOnly: switchParameter,
  DomainController: textParameter,
  ShowMailboxVirtualDirectories: switchParameter,
};

export const extendedProtectionParameters: Readonly<Record<string, Parameter>> = {
  ExtendedProtectionTokenChecking: choiceParameter(tokenChecking),
  ExtendedProtectionFlags: choicesParameter(protectionFlags),
  ExtendedProtectionSPNList: textListParameter,
};
