import type { ErrorRecord } from "../pipeline";
import { type PsInput, PsObject, type PsValue } from "./clixml";

/** What an error record is made of. */
export interface ErrorRecordParts {
  readonly message: string;
  readonly fullyQualifiedErrorId: string;
  /** MS-PSRP 2.2.3.9, such as 13 ObjectNotFound. Default 0 NotSpecified. */
  readonly category?: number | undefined;
  /** The exception's class. Default System.Management.Automation.RuntimeException. */
  readonly exceptionType?: string | undefined;
  readonly target?: PsInput | undefined;
  /** The command that failed. */
  readonly activity?: string | undefined;
  /** The exception's short name. */
  readonly reason?: string | undefined;
}

/** The record of an ERROR_RECORD, or of a state's ExceptionAsErrorRecord (MS-PSRP 2.2.3.15). Tolerant: what is missing is empty. */
export function readErrorRecord(value: PsValue): ErrorRecord {
  const object = value instanceof PsObject ? value : new PsObject();
  const text = (name: string) => {
    const property = object.property(name);
    return property === undefined || property === null ? "" : String(property);
  };
  const exception = object.property("Exception");
  const ofException = exception instanceof PsObject ? exception.property("Message") : undefined;
  const category = object.property("ErrorCategory_Category");
  return {
    message: text("ErrorDetails_Message") || object.text || (typeof ofException === "string" ? ofException : ""),
    category: typeof category === "number" ? category : 0,
    fullyQualifiedErrorId: text("FullyQualifiedErrorId"),
    target: object.property("TargetObject") ?? null,
    value,
  };
}

/** A record's wire form. */
export function errorRecordValue(record: ErrorRecordParts): PsValue {
  const { message, fullyQualifiedErrorId, category = 0, target = null, activity = "", reason = "" } = record;
  const exceptionType = record.exceptionType ?? "System.Management.Automation.RuntimeException";
  const targetName = target === null ? "" : String(target);
  const targetType = target === null ? "" : typeof target === "string" ? "String" : "Object";
  return new PsObject({
    typeNames: ["System.Management.Automation.ErrorRecord", "System.Object"],
    text: message,
    extended: {
      Exception: new PsObject({
        typeNames: [exceptionType, "System.Exception", "System.Object"],
        text: `${exceptionType}: ${message}`,
        adapted: { Message: message, Data: null, InnerException: null, StackTrace: null, HelpLink: null, Source: null },
      }),
      TargetObject: target,
      FullyQualifiedErrorId: fullyQualifiedErrorId,
      InvocationInfo: null,
      ErrorCategory_Category: category,
      ErrorCategory_Activity: activity,
      ErrorCategory_Reason: reason,
      ErrorCategory_TargetName: targetName,
      ErrorCategory_TargetType: targetType,
      ErrorCategory_Message: `${categoryNames[category] ?? "NotSpecified"}: (${targetName}:${targetType}) [${activity}], ${reason}`,
      SerializeExtendedInfo: false,
    },
  });
}

/** The error that goes with the state Stopped. */
export const stoppedRecord: ErrorRecordParts = {
  message: "The pipeline has been stopped.",
  fullyQualifiedErrorId: "PipelineStopped",
  category: 14,
  exceptionType: "System.Management.Automation.PipelineStoppedException",
  reason: "PipelineStoppedException",
};

/** ErrorCategory by number (MS-PSRP 2.2.3.9). */
const categoryNames = (
  "NotSpecified OpenError CloseError DeviceError DeadlockDetected InvalidArgument InvalidData InvalidOperation InvalidResult InvalidType " +
  "MetadataError NotImplemented NotInstalled ObjectNotFound OperationStopped OperationTimeout SyntaxError ParserError PermissionDenied " +
  "ResourceBusy ResourceExists ResourceUnavailable ReadError WriteError FromStdErr SecurityError ProtocolError ConnectionError " +
  "AuthenticationError LimitsExceeded QuotaExceeded NotEnabled"
).split(" ");
