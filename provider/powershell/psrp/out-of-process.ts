/**
 * The line framing of PSRP over a pair of byte streams: `pwsh -s`, and the SSH subsystem `powershell` (MS-PSRP does not describe it;
 * it is PowerShell's OutOfProcessUtils). One XML element per line, LF.
 *
 * Rules that the peer keeps: send nothing for a pipeline before `commandAck`; close every pipeline before the pool.
 */
export type OutOfProcessPacket =
  | {
      readonly type: "data";
      readonly stream: "default" | "promptResponse";
      readonly id: string;
      readonly data: Uint8Array;
    }
  | {
      readonly type: "dataAck" | "command" | "commandAck" | "signal" | "signalAck" | "close" | "closeAck";
      /** A pipeline's GUID, or {@link poolGuid}. */
      readonly id: string;
    };

/** The id that stands for the pool. */
export const poolGuid = "00000000-0000-0000-0000-000000000000";

/** One packet as its line, LF included. */
export function encodePacket(_packet: OutOfProcessPacket): string {
  throw new Error("under way");
}

/** Lines out of bytes cut anywhere. */
export class OutOfProcessReader {
  /** @throws ProviderError `protocol`, quoting 200 characters, for a line that is no packet */
  receive(_bytes: Uint8Array): OutOfProcessPacket[] {
    throw new Error("under way");
  }
}
