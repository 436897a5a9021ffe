import { z } from "zod";

/** As `Date.getUTCDay` counts them. */
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

const minute = 60_000;
const day = 24 * 60 * minute;

const time = "([01]\\d|2[0-3]):[0-5]\\d";
const opening = z.string().regex(new RegExp(`^${time}$`), { error: 'Give a time of day, as "22:00"' });
const closing = z
  .string()
  .regex(new RegExp(`^(${time}|24:00)$`), { error: 'Give a time of day, as "04:00", or "24:00"' });

/** When a password that is due may roll. All of it is local time in `timeZone`. */
export const rotationWindow = z
  .strictObject({
    days: z
      .array(z.enum(weekdays, { error: 'Name days in English, as "saturday"' }), { error: "Give a list of days" })
      .min(1, "Name at least one day")
      .optional(),
    from: opening.default("00:00"),
    to: closing.default("24:00"),
    timeZone: z
      .string({ error: "Give the IANA name of a time zone, as Europe/Berlin" })
      .refine(isTimeZone, { error: "There is no such time zone: give its IANA name, as Europe/Berlin" })
      .default("UTC"),
  })
  .refine(({ from, to }) => from !== to, { error: 'It is never open: for whole days leave "from" and "to" out' });

export type RotationWindow = z.output<typeof rotationWindow>;

/** Whether a window is open at a moment, and when it opens next where it is not. */
export type WindowState = { readonly open: true } | { readonly open: false; readonly opens: number };

/**
 * A window belongs to the day on which it opens, also where it closes on the next. Of an hour that the
 * clocks skip in spring nothing is left; of one that they go through twice in autumn, the first counts.
 */
export function windowAt(window: RotationWindow, now: number): WindowState {
  const today = Math.floor((now + offsetAt(now, window.timeZone)) / day);
  // Yesterday's may be open still; where the clocks skip a weekly window, the one after it is two weeks away.
  for (let date = today - 1; date <= today + 15; date++) {
    if (window.days?.includes(weekdays[new Date(date * day).getUTCDay()] ?? "sunday") === false) continue;
    const opens = instantOf(date * day + timeOf(window.from), window.timeZone);
    const overnight = window.to < window.from ? day : 0;
    const closes = instantOf(date * day + overnight + timeOf(window.to), window.timeZone);
    if (closes <= Math.max(opens, now)) continue;
    return opens <= now ? { open: true } : { open: false, opens };
  }
  throw new Error("A rotation window that never opens.");
}

/** `saturday 2026-11-28 22:00 Europe/Berlin` */
export function momentIn({ timeZone }: RotationWindow, instant: number): string {
  const local = new Date(instant + offsetAt(instant, timeZone));
  const text = local.toISOString();
  return `${weekdays[local.getUTCDay()]} ${text.slice(0, 10)} ${text.slice(11, 16)} ${timeZone}`;
}

function timeOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return (hours * 60 + minutes) * minute;
}

/** The first moment at which clocks show a local time, given as if it were UTC, or have skipped it. */
function instantOf(local: number, timeZone: string): number {
  const most = Math.max(offsetAt(local - day, timeZone), offsetAt(local + day, timeZone));
  let instant = local - most;
  while (instant + offsetAt(instant, timeZone) < local) instant += minute;
  return instant;
}

/** One clock for all that is asked of a time zone: to make it takes longer than to read it. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23" },
    ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
  });
  clocks.set(timeZone, clock);
  return clock;
}

/** How far local time is ahead of UTC, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const whole = Math.floor(instant / 1000) * 1000;
  const parts = clockOf(timeZone).formatToParts(whole);
  const part = (wanted: Intl.DateTimeFormatPartTypes) => Number(parts.find(({ type }) => type === wanted)?.value);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return local - whole;
}

function isTimeZone(name: string): boolean {
  try {
    clockOf(name);
    return true;
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}
