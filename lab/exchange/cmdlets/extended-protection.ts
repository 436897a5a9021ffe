import { type OutlookAnywhere, protectionFlags, tokenChecking } from "../model/virtual-directory";
import type { BoundParameters } from "./bound-parameters";

type ExtendedProtection = OutlookAnywhere["extendedProtection"];

/** Extended protection as it will be after this call. */
export function changedProtection(parameters: BoundParameters, current: ExtendedProtection): ExtendedProtection {
  return {
    tokenChecking: parameters.choice("ExtendedProtectionTokenChecking", tokenChecking) ?? current.tokenChecking,
    flags: parameters.choices("ExtendedProtectionFlags", protectionFlags) ?? current.flags,
    spnList: parameters.texts("ExtendedProtectionSPNList") ?? current.spnList,
  };
}
