import { z } from "zod";

/** A fault in words that a command line or a test can send. `server` left out means every server. */
export const faultSchema = z.discriminatedUnion("fault", [
  z.object({ fault: z.literal("delay"), server: z.string().optional(), milliseconds: z.number().int().min(0) }),
  z.object({
    fault: z.literal("fail"),
    server: z.string().optional(),
    /** Name of the cmdlet, or `*`. */
    cmdlet: z.string(),
    times: z.number().int().positive(),
    message: z.string().default("The operation failed because the lab was told to fail it."),
  }),
  z.object({ fault: z.literal("hang"), server: z.string().optional(), cmdlet: z.string() }),
  z.object({ fault: z.literal("refuse-password-change"), refuse: z.boolean() }),
  z.object({ fault: z.literal("misreport-script"), server: z.string().optional(), exitCode: z.number().int() }),
]);
export type Fault = z.input<typeof faultSchema>;
type ParsedFault = z.output<typeof faultSchema>;

/** What was asked to go wrong, and how often it still will. */
export class Faults {
  private readonly active: ParsedFault[] = [];

  add(fault: Fault): void {
    const parsed = faultSchema.parse(fault);
    if (parsed.fault === "delay" || parsed.fault === "refuse-password-change") this.drop(parsed);
    this.active.push(parsed);
  }

  clear(): void {
    this.active.length = 0;
  }

  list(): readonly ParsedFault[] {
    return this.active;
  }

  delay(server: string): number {
    return this.find("delay", server)?.milliseconds ?? 0;
  }

  hangs(server: string, cmdlet: string): boolean {
    return this.active.some(
      (fault) => fault.fault === "hang" && meets(fault.server, server) && sameName(fault.cmdlet, cmdlet),
    );
  }

  /** The message to fail this call with, counted down; undefined when it may go on. */
  takeFailure(server: string, cmdlet: string): string | undefined {
    for (const fault of this.active) {
      if (fault.fault !== "fail" || !meets(fault.server, server) || !sameName(fault.cmdlet, cmdlet)) continue;
      fault.times -= 1;
      if (fault.times === 0) this.active.splice(this.active.indexOf(fault), 1);
      return fault.message;
    }
    return undefined;
  }

  get refusesPasswordChange(): boolean {
    return this.active.some((fault) => fault.fault === "refuse-password-change" && fault.refuse);
  }

  /** The exit code that the script on this server gives whatever it did. */
  misreportedExitCode(server: string): number | undefined {
    return this.find("misreport-script", server)?.exitCode;
  }

  private find<Kind extends ParsedFault["fault"]>(kind: Kind, server: string) {
    // A fault named for this server goes before one for all of them.
    const matching = this.active.filter(
      (fault): fault is Extract<ParsedFault, { fault: Kind }> =>
        fault.fault === kind && (!("server" in fault) || meets(fault.server, server)),
    );
    return matching.find((fault) => "server" in fault && fault.server !== undefined) ?? matching[0];
  }

  private drop(fault: ParsedFault): void {
    const at = this.active.findIndex(
      (other) =>
        other.fault === fault.fault &&
        ("server" in other ? other.server : undefined) === ("server" in fault ? fault.server : undefined),
    );
    if (at >= 0) this.active.splice(at, 1);
  }
}

function meets(wanted: string | undefined, server: string): boolean {
  return wanted === undefined || wanted.toLowerCase() === server.toLowerCase();
}

function sameName(wanted: string, cmdlet: string): boolean {
  return wanted === "*" || wanted.toLowerCase() === cmdlet.toLowerCase();
}
