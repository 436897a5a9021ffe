import { hostname } from "node:os";
import { type PsInput, PsList, PsObject, PsScalar, psEnum } from "./clixml";

/** DEBUG_RECORD, VERBOSE_RECORD and WARNING_RECORD (MS-PSRP 2.2.3.16). */
export function informationalRecord(kind: "warning" | "verbose" | "debug", message: string): PsObject {
  const own = `System.Management.Automation.${kind.charAt(0).toUpperCase()}${kind.slice(1)}Record`;
  return new PsObject({
    typeNames: [own, "System.Management.Automation.InformationalRecord", "System.Object"],
    text: message,
    extended: {
      InformationalRecord_Message: message,
      InformationalRecord_SerializeInvocationInfo: false,
    },
  });
}

/** INFORMATION_RECORD (MS-PSRP 2.2.2.26). */
export function informationRecord(messageData: PsInput, source: string, tags: readonly string[]): PsObject {
  return new PsObject({
    extended: {
      MessageData: messageData,
      Source: source,
      TimeGenerated: PsScalar.date(new Date()),
      Tags: new PsList(tags, "list", {
        typeNames: ["System.Collections.Generic.List`1[[System.String]]", "System.Object"],
      }),
      User: "",
      Computer: hostname(),
      ProcessId: new PsScalar("UInt32", String(process.pid)),
      NativeThreadId: new PsScalar("UInt32", "0"),
      ManagedThreadId: new PsScalar("UInt32", "0"),
      WriteInformation_Source: source,
    },
  });
}

/** How far a command is. */
export interface Progress {
  readonly activity: string;
  readonly status: string;
  /** Default 0: tells several bars apart. */
  readonly activityId?: number | undefined;
  /** 0 to 100; unknown unless given. */
  readonly percent?: number | undefined;
  /** The activity is over. Default false. */
  readonly completed?: boolean | undefined;
}

/** PROGRESS_RECORD (MS-PSRP 2.2.2.25). */
export function progressRecord(progress: Progress): PsObject {
  const completed = progress.completed ?? false;
  const typeName = "System.Management.Automation.ProgressRecordType";
  return new PsObject({
    extended: {
      Activity: progress.activity,
      ActivityId: progress.activityId ?? 0,
      StatusDescription: progress.status,
      CurrentOperation: null,
      ParentActivityId: -1,
      PercentComplete: progress.percent ?? -1,
      Type: psEnum(typeName, completed ? 1 : 0, completed ? "Completed" : "Processing"),
      SecondsRemaining: -1,
    },
  });
}
