/** Cuts a range of calendar days of a zone into the buckets of a series. Pure. */
import { apiError, badInput } from '../errors.ts';
import { DAY, formatDate, HOUR, type LocalDate, QUARTER, startOfDay, type Zone } from './zone.ts';

export type Granularity = 'FIFTEEN_MINUTES' | 'HOUR' | 'DAY' | 'WEEK' | 'MONTH';

export const MAX_BUCKETS = 5000;

/** Instants (milliseconds): `from` inclusive, `to` exclusive. */
export interface Interval {
  from: number;
  to: number;
}

/** The instants of the days `from` to `to`, both inclusive. Throws BAD_USER_INPUT when `from` is later than `to`. */
export function intervalOf(from: LocalDate, to: LocalDate, zone: Zone): Interval {
  if (from > to) throw badInput(`from (${formatDate(from)}) is later than to (${formatDate(to)}). Swap them.`);
  const interval = { from: startOfDay(from, zone), to: startOfDay(to + DAY, zone) };
  for (const edge of [interval.from, interval.to]) checkQuarter(edge, zone);
  return interval;
}

/**
 * Start of every bucket, ascending. The first may lie before `from`: weeks begin on Monday, months on their first day.
 * A bucket ends where the next begins. Throws RANGE_TOO_LARGE above {@link MAX_BUCKETS}.
 */
export function bucketStarts(from: LocalDate, to: LocalDate, zone: Zone, granularity: Granularity): number[] {
  const starts: number[] = [];
  for (const start of eachStart(from, to, zone, granularity)) {
    if (start === starts.at(-1)) continue; // a day that the zone's calendar leaves out
    checkQuarter(start, zone);
    starts.push(start);
    if (starts.length > MAX_BUCKETS) throw tooLarge(granularity);
  }
  return starts;
}

function* eachStart(from: LocalDate, to: LocalDate, zone: Zone, granularity: Granularity): Generator<number> {
  for (const date of eachPeriod(from, to, granularity)) {
    if (granularity === 'FIFTEEN_MINUTES') yield* quartersOf(date, zone);
    else if (granularity === 'HOUR') yield* hoursOf(date, zone);
    else yield startOfDay(date, zone);
  }
}

/** First days of the weeks or months that the range touches; else its days. */
function* eachPeriod(from: LocalDate, to: LocalDate, granularity: Granularity): Generator<LocalDate> {
  const step = granularity === 'WEEK' ? 7 * DAY : DAY;
  if (granularity !== 'MONTH') {
    for (let date = granularity === 'WEEK' ? mondayOf(from) : from; date <= to; date += step) yield date;
    return;
  }
  const first = new Date(from);
  first.setUTCDate(1);
  for (; first.getTime() <= to; first.setUTCMonth(first.getUTCMonth() + 1)) yield first.getTime();
}

function mondayOf(date: LocalDate): LocalDate {
  const daysSinceMonday = (new Date(date).getUTCDay() + 6) % 7;
  return date - daysSinceMonday * DAY;
}

function* quartersOf(date: LocalDate, zone: Zone): Generator<number> {
  const end = startOfDay(date + DAY, zone);
  for (let instant = startOfDay(date, zone); instant < end; instant += QUARTER) yield instant;
}

/** An hour begins where the hour of the wall clock, or the zone's offset, changes. */
function* hoursOf(date: LocalDate, zone: Zone): Generator<number> {
  const [start, end] = [startOfDay(date, zone), startOfDay(date + DAY, zone)];
  const clocksChange = zone.offsetAt(start) !== zone.offsetAt(end);
  let last: string | undefined;
  for (let instant = start; instant < end; instant += clocksChange ? QUARTER : HOUR) {
    const offset = zone.offsetAt(instant);
    const hour = `${Math.floor((instant + offset) / HOUR)}${offset}`;
    if (hour !== last) yield instant;
    last = hour;
  }
}

function checkQuarter(instant: number, zone: Zone): void {
  if (instant % QUARTER === 0) return;
  throw badInput(
    `${zone.name} was not a multiple of 15 minutes from UTC at ${new Date(instant).toISOString()}, and figures are kept ` +
      'by quarters of an hour of UTC. Choose a later range, or the time zone UTC.',
  );
}

function tooLarge(granularity: Granularity) {
  const coarser = granularity === 'MONTH' ? '' : ', or a coarser granularity such as MONTH';
  return apiError(
    'RANGE_TOO_LARGE',
    `This range has more than ${MAX_BUCKETS} buckets of granularity ${granularity}. Ask for a shorter range${coarser}.`,
  );
}
