import type { Call } from "../cmdlets/cmdlet";
import { CmdletError } from "../cmdlets/cmdlet-error";

/** What the script has said and asked so far, and how bad it is. */
export class Progress {
  readonly criticalErrors: string[] = [];
  warnings = 0;

  constructor(
    private readonly call: Call,
    private readonly unattended: boolean,
  ) {}

  say(text: string): void {
    this.call.host(text);
  }

  critical(message: string): void {
    this.criticalErrors.push(message);
    this.say(`ERROR: ${message}`);
  }

  nonCritical(message: string): void {
    this.warnings += 1;
    this.say(`NON-CRITICAL ERROR: ${message}`);
  }

  /**
   * A question that `-Confirm:$false` does not answer. Unattended, the answer is the safe one given here.
   * @throws CmdletError where nobody is there to be asked.
   */
  async confirm(title: string, question: string, unattendedAnswer: boolean): Promise<boolean> {
    if (this.unattended) return unattendedAnswer;
    if (this.call.confirm === undefined) {
      throw new CmdletError(
        `A command that prompts the user failed because the host program or the command type does not support user interaction. The host was attempting to request confirmation with the following message: ${question}`,
        {
          category: "NotImplemented",
          errorId: "HostFunctionNotImplemented",
          reason: "HostException",
          terminating: true,
        },
      );
    }
    return this.call.confirm(title, question);
  }
}
