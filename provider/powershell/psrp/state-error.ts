import { ProviderError } from "../../error";

/** An illegal step. @param action such as "create a pipeline" @param subject "runspace pool" or "pipeline" */
export function stateError(
  action: string,
  subject: string,
  current: string,
  expected: readonly string[],
): ProviderError {
  return new ProviderError(
    "protocol",
    `Cannot ${action}: the ${subject} is ${current}, it would have to be ${expected.join(" or ")}.`,
  );
}

/** What a peer must not send. @param why a clause, such as "a state has no number" */
export function peerError(why: string): ProviderError {
  return new ProviderError("protocol", `The PowerShell peer broke the remoting protocol: ${why}.`);
}
