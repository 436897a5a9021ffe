/** PowerShell's error categories, by the numbers that go over the wire. */
export const errorCategories = {
  NotSpecified: 0,
  InvalidArgument: 5,
  InvalidData: 6,
  InvalidOperation: 7,
  NotImplemented: 11,
  ObjectNotFound: 13,
  OperationStopped: 14,
  SyntaxError: 16,
  ParserError: 17,
  PermissionDenied: 18,
  ResourceUnavailable: 21,
} as const;
export type ErrorCategory = keyof typeof errorCategories;

export interface CmdletErrorDetails {
  readonly category: ErrorCategory;
  /** First part of the fully qualified error id, or the whole of it where it holds a comma already. */
  readonly errorId: string;
  /** Name of the .NET exception class. */
  readonly reason?: string;
  readonly target?: string;
  /** Ends the pipeline. A cmdlet's ordinary errors are written, and the pipeline completes. */
  readonly terminating?: boolean;
}

/** An error record before it travels. */
export class CmdletError extends Error {
  override readonly name = "CmdletError";
  readonly category: ErrorCategory;
  readonly errorId: string;
  readonly reason: string;
  readonly target: string | undefined;
  readonly terminating: boolean;

  constructor(message: string, details: CmdletErrorDetails) {
    super(message);
    this.category = details.category;
    this.errorId = details.errorId;
    this.reason = details.reason ?? "LocalizedException";
    this.target = details.target;
    this.terminating = details.terminating ?? false;
  }
}

export function commandNotFound(name: string): CmdletError {
  return new CmdletError(
    `The term '${name}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.`,
    {
      category: "ObjectNotFound",
      errorId: "CommandNotFoundException",
      reason: "CommandNotFoundException",
      target: name,
      terminating: true,
    },
  );
}

/** A call that cannot be bound to the command's parameters: PowerShell ends the pipeline. */
export function bindingError(errorId: string, command: string, message: string, category: ErrorCategory): CmdletError {
  return new CmdletError(message, {
    category,
    errorId: `${errorId},${command}`,
    reason: "ParameterBindingException",
    terminating: true,
  });
}
