/** The methods of a client's host in the order of their numbers, from 1 (MS-PSRP 2.2.3.17). */
const methods = (
  "GetName GetVersion GetInstanceId GetCurrentCulture GetCurrentUICulture SetShouldExit EnterNestedPrompt ExitNestedPrompt " +
  "NotifyBeginApplication NotifyEndApplication ReadLine ReadLineAsSecureString Write1 Write2 WriteLine1 WriteLine2 WriteLine3 " +
  "WriteErrorLine WriteDebugLine WriteProgress WriteVerboseLine WriteWarningLine Prompt PromptForCredential1 PromptForCredential2 " +
  "PromptForChoice GetForegroundColor SetForegroundColor GetBackgroundColor SetBackgroundColor GetCursorPosition SetCursorPosition " +
  "GetWindowPosition SetWindowPosition GetCursorSize SetCursorSize GetBufferSize SetBufferSize GetWindowSize SetWindowSize " +
  "GetWindowTitle SetWindowTitle GetMaxWindowSize GetMaxPhysicalWindowSize GetKeyAvailable ReadKey FlushInputBuffer " +
  "SetBufferContents1 SetBufferContents2 GetBufferContents ScrollBufferContents PushRunspace PopRunspace GetIsRunspacePushed " +
  "GetRunspace PromptForChoiceMultipleSelection"
).split(" ");

/** The call id of methods that expect no answer. */
export const voidCallId = -100n;

/** The method's name, or `undefined` where MS-PSRP has no such number. */
export function hostMethodName(methodId: number): string | undefined {
  return methods[methodId - 1];
}

/** Whether the method expects no answer. */
export function isVoidHostMethod(methodId: number): boolean {
  return /^(Set|Write|EnterN|ExitN|Notify|Flush|Scroll|Push|Pop)/.test(hostMethodName(methodId) ?? "");
}
