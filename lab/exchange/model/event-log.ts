import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { z } from "zod";

const eventSchema = z.object({
  time: z.coerce.date(),
  source: z.string(),
  id: z.number().int(),
  category: z.number().int(),
  level: z.enum(["Information", "Warning", "Error"]),
  message: z.string(),
});
export type LoggedEvent = z.infer<typeof eventSchema>;

/** The Application log of one server: a line of JSON for each event. */
export class EventLog {
  private readonly events: LoggedEvent[];

  /** @param path Left out, the log lives in memory only. */
  constructor(private readonly path?: string) {
    const text = path !== undefined && existsSync(path) ? readFileSync(path, "utf8") : "";
    this.events = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => eventSchema.parse(JSON.parse(line)));
  }

  write(event: Omit<LoggedEvent, "time">): void {
    const logged = { ...event, time: new Date() };
    this.events.push(logged);
    if (this.path !== undefined) appendFileSync(this.path, `${JSON.stringify(logged)}\n`, { mode: 0o600 });
  }

  /** Newest first. */
  read(source?: string): LoggedEvent[] {
    return this.events.filter((event) => source === undefined || event.source === source).reverse();
  }
}
