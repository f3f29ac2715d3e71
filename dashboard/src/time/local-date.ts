/** A calendar day in some time zone, `YYYY-MM-DD`. Days have no zone of their own: the zone is named beside them. */
export type LocalDate = string;

const DAY_MS = 86_400_000;
const PATTERN = /^\d{4}-\d{2}-\d{2}$/;

/** The day that a clock in `timeZone` (IANA) shows at `instant` (ms since the epoch). */
export function localDate(instant: number, timeZone: string): LocalDate {
  const { year, month, day } = clockParts(instant, timeZone);
  return `${year}-${month}-${day}`;
}

/** Minutes since local midnight that a clock in `timeZone` shows at `instant`. */
export function minuteOfDay(instant: number, timeZone: string): number {
  const { hour, minute } = clockParts(instant, timeZone);
  return Number(hour) * 60 + Number(minute);
}

/** `date` moved by whole days; negative goes back. */
export function addDays(date: LocalDate, days: number): LocalDate {
  return isoDay(utcDay(date) + days * DAY_MS);
}

/** `date` moved by whole years; 29 February becomes 28 February where there is none. */
export function addYears(date: LocalDate, years: number): LocalDate {
  const moved = `${String(Number(date.slice(0, 4)) + years).padStart(4, '0')}${date.slice(4)}`;
  return isLocalDate(moved) ? moved : addDays(`${moved.slice(0, 8)}28`, 0);
}

/** How many days from `from` to `to`, both counted. */
export function daysInclusive(from: LocalDate, to: LocalDate): number {
  return Math.round((utcDay(to) - utcDay(from)) / DAY_MS) + 1;
}

/** True for a day that exists in the calendar. */
export function isLocalDate(text: string): boolean {
  return PATTERN.test(text) && !Number.isNaN(utcDay(text)) && isoDay(utcDay(text)) === text;
}

/** The day as ms since the epoch at 00:00 UTC: for formatting with `timeZone: 'UTC'` only. */
export function utcDay(date: LocalDate): number {
  return Date.parse(`${date}T00:00:00Z`);
}

/** True for a zone name that this browser knows. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function isoDay(utcMs: number): LocalDate {
  return new Date(utcMs).toISOString().slice(0, 10);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function clockParts(instant: number, timeZone: string): Record<string, string> {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-CA-u-ca-iso8601-nu-latn', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  return Object.fromEntries(formatter.formatToParts(instant).map(({ type, value }) => [type, value]));
}
