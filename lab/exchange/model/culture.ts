/** How one culture writes a date with a time (.NET's general long pattern, "G"). Only cultures the lab was taught. */
const patterns = {
  "en-US": "M/d/yyyy h:mm:ss tt",
  "en-GB": "dd/MM/yyyy HH:mm:ss",
  "de-DE": "dd.MM.yyyy HH:mm:ss",
  "fr-FR": "dd/MM/yyyy HH:mm:ss",
  "sv-SE": "yyyy-MM-dd HH:mm:ss",
  "hu-HU": "yyyy. MM. dd. H:mm:ss",
  "ja-JP": "yyyy/MM/dd H:mm:ss",
  // An administrator may type any pattern into the control panel; this one has the comma that a careless reader splits at.
  "x-comma": "d MMMM, yyyy HH:mm:ss",
} as const;

export type Culture = keyof typeof patterns;
export const cultures = Object.keys(patterns) as [Culture, ...Culture[]];

/** A moment in the given culture and time zone, without any mark of the zone. */
export function dateText(moment: Date, culture: Culture, timeZone: string): string {
  const parts = new Map(
    new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "2-digit",
      second: "2-digit",
    })
      .formatToParts(moment)
      .map((part) => [part.type, part.value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  const two = (value: number) => String(value).padStart(2, "0");
  const hour = number("hour");
  const month = new Intl.DateTimeFormat("en-US", { timeZone, month: "long" }).format(moment);
  const fields: Record<string, string> = {
    yyyy: String(number("year")),
    MMMM: month,
    MM: two(number("month")),
    M: String(number("month")),
    dd: two(number("day")),
    d: String(number("day")),
    HH: two(hour),
    H: String(hour),
    h: String(hour % 12 === 0 ? 12 : hour % 12),
    mm: two(number("minute")),
    ss: two(number("second")),
    tt: hour < 12 ? "AM" : "PM",
  };
  return patterns[culture].replace(/yyyy|MMMM|MM|M|dd|d|HH|H|h|mm|ss|tt/g, (field) => fields[field] ?? field);
}

/** The words around the accounts in the text of the configuration; a server in another language may have others. */
export interface ConfigurationWords {
  readonly latest: string;
  readonly previous: string;
  readonly notSet: string;
}

export const englishWords: ConfigurationWords = { latest: "Latest", previous: "Previous", notSet: "<Not set>" };
