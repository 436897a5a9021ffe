import { type ErrorCode, ProviderError } from "../../error";
import { diagnose } from "../failure";
import type { SoapElement } from "./soap";

/** Numbers of faults that we act on (MS-WSMV 2.2.4.43, ERROR_WSMAN_… of Windows). */
export const faultCodes = {
  /** Nothing came within OperationTimeout: ask again. */
  timedOut: 2150858793,
  /** No such shell, or no such command in it. */
  notFound: 2150858843,
  /** The operation was aborted by a close (ERROR_OPERATION_ABORTED, and as HRESULT). */
  aborted: 995,
  abortedResult: 2147943395,
} as const;

export interface Fault {
  /** `WSManFault/@Code`; 0 where the server gives none. */
  readonly number: number;
  readonly text: string;
}

/** The fault in an answer, if it is one (SOAP 1.2, part 1, section 5.4). */
export function readFault(root: SoapElement): Fault | undefined {
  const fault = root.find("s", "Fault");
  if (fault === undefined) return undefined;
  const detail = fault.find("fault", "WSManFault");
  const number = Number(detail?.attributes.get("Code") ?? 0);
  const message = detail?.find("fault", "Message")?.content ?? "";
  const reason = fault.find("s", "Text")?.content ?? "";
  const text =
    [message, reason].map((one) => one.replace(/\p{Cc}+/gu, " ").trim()).find((one) => one !== "") ?? "no reason given";
  return {
    number: Number.isSafeInteger(number) ? number : 0,
    text: text.length > 1500 ? `${text.slice(0, 1500)}…` : text,
  };
}

const needsRights =
  "The account needs a management role of Exchange, and remote PowerShell (Set-User <account> -RemotePowerShellEnabled $true).";

const badLogon = "Check the name (user@domain) and the password, and that the account is neither locked nor disabled.";

const meanings: ReadonlyMap<number, readonly [code: ErrorCode, hint: string | undefined]> = new Map([
  [5, ["access-denied", needsRights]],
  [2147942405, ["access-denied", needsRights]],
  // ERROR_LOGON_FAILURE, and as HRESULT: one that nobody tries again in the run.
  [1326, ["password-refused", badLogon]],
  [2147943726, ["password-refused", badLogon]],
  [2150858811, ["not-exchange", "Is this the PowerShell endpoint of an Exchange server?"]],
  [faultCodes.notFound, ["protocol", "The server has ended the session; run again."]],
  [faultCodes.timedOut, ["timeout", undefined]],
]);

/** @param what what was to be done, as in "could not …" */
export function faultError(fault: Fault, what: string, host: string): ProviderError {
  const known = meanings.get(fault.number);
  const diagnosis = diagnose({ message: fault.text });
  const text = /[.!?…]$/.test(fault.text) ? fault.text : `${fault.text}.`;
  const number = fault.number === 0 ? "" : ` (WSManFault ${fault.number})`;
  return new ProviderError(
    diagnosis?.code ?? known?.[0] ?? "protocol",
    `${host}: could not ${what}${number}: ${text}`,
    {
      hint: diagnosis?.hint ?? known?.[1],
    },
  );
}
