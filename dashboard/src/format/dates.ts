import { addDays, type LocalDate, utcDay } from '../time/local-date.ts';
import type { Granularity, Period, Range } from '../time/ranges.ts';

const day = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat(undefined, {
  timeZone: 'UTC',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});
const weekday = new Intl.DateTimeFormat(undefined, {
  timeZone: 'UTC',
  weekday: 'short',
  day: 'numeric',
  month: 'short',
});
const month = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', month: 'short', year: 'numeric' });

/** `22 Nov` of this year, `22 Nov 2011` of others. */
export function formatDay(date: LocalDate, today: LocalDate): string {
  return (date.slice(0, 4) === today.slice(0, 4) ? day : dayAndYear).format(utcDay(date));
}

/** `1–22 Nov`, `22 Nov`: the shortest writing that leaves no doubt. */
export function formatPeriod({ from, to }: Period, today: LocalDate): string {
  if (from === to) return formatDay(from, today);
  const thisYear = from.slice(0, 4) === today.slice(0, 4) && to.slice(0, 4) === today.slice(0, 4);
  return (thisYear ? day : dayAndYear).formatRange(utcDay(from), utcDay(to));
}

/** The period compared with, in words: `yesterday until 14:15`, `8–14 Nov`. */
export function describePrevious(range: Range, today: LocalDate, cut: string): string {
  if (!range.previous) return '';
  const { previous } = range;
  const named = previous.from === previous.to && previous.to === addDays(today, -1);
  const text = named ? 'yesterday' : formatPeriod(previous, today);
  return range.open ? `${text} until ${cut}` : text;
}

/** A bucket's name on the axis, from its start with offset: its own wall clock, whatever zone the browser is in. */
export function formatBucketTick(start: string, granularity: Granularity): string {
  if (granularity === 'HOUR') return start.slice(11, 16);
  return (granularity === 'MONTH' ? month : day).format(utcDay(start.slice(0, 10)));
}

/** A bucket's name in full, for tooltips and tables. */
export function formatBucket(start: string, granularity: Granularity): string {
  const date = start.slice(0, 10);
  if (granularity === 'HOUR') return `${weekday.format(utcDay(date))}, ${start.slice(11, 16)}`;
  if (granularity === 'DAY') return weekday.format(utcDay(date));
  if (granularity === 'WEEK') return `Week of ${dayAndYear.format(utcDay(date))}`;
  return month.format(utcDay(date));
}

/** `14:02:31` on the clock of a zone. */
export function formatClock(instant: number, timeZone: string): string {
  return new Intl.DateTimeFormat(undefined, { timeZone, timeStyle: 'medium' }).format(instant);
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'narrow' });

/** `now`, `12s ago`, `3 min ago`, `2 h ago`, `yesterday`, from milliseconds. */
export function formatAgo(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return relative.format(-seconds, 'second');
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3600), 'hour');
  return relative.format(-Math.floor(seconds / 86_400), 'day');
}
