/** Calendar days, wall clocks and instants of IANA time zones. Instants are milliseconds since 1970 UTC. */
import { IANAZone } from 'luxon';

export const MINUTE = 60_000;
export const QUARTER = 15 * MINUTE;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A calendar day: the instant at which it begins in UTC. */
export type LocalDate = number;

/** What is needed of a time zone. */
export interface Zone {
  name: string;
  /** Milliseconds to add to UTC to get the wall clock at an instant. */
  offsetAt(instant: number): number;
}

/** Undefined when there is no such zone. */
export function zoneOf(name: string): Zone | undefined {
  if (!IANAZone.isValidZone(name)) return undefined;
  const zone = IANAZone.create(name);
  return { name, offsetAt: remembering((instant) => Math.round(zone.offset(instant) * MINUTE)) };
}

/**
 * Asking Intl costs 15 microseconds, a series of 5,000 days asks 25,000 times. Where the offset is the same at both
 * ends of four days it is the same between them: no zone has ever changed its clocks and back so soon.
 */
function remembering(offsetAt: (instant: number) => number): (instant: number) => number {
  const BLOCK = 4 * DAY;
  const atEdges = new Map<number, number>();
  const atEdge = (block: number): number => {
    const known = atEdges.get(block) ?? offsetAt(block * BLOCK);
    atEdges.set(block, known);
    return known;
  };
  return (instant) => {
    const block = Math.floor(instant / BLOCK);
    const offset = atEdge(block);
    return offset === atEdge(block + 1) ? offset : offsetAt(instant);
  };
}

/** `YYYY-MM-DD` of years 0001 to 9999; undefined when it is no day of the calendar. */
export function parseDate(text: string): LocalDate | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return undefined;
  const date = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(date) && formatDate(date) === text ? date : undefined;
}

export function formatDate(date: LocalDate): string {
  return new Date(date).toISOString().slice(0, 10);
}

/** The first instant of a calendar day. Midnight, or when clocks skip it, the moment at which they do. */
export function startOfDay(date: LocalDate, zone: Zone): number {
  const offsets = [zone.offsetAt(date - DAY), zone.offsetAt(date + DAY)];
  const earliest = date - Math.max(...offsets);
  const latest = date - Math.min(...offsets);
  if (earliest + zone.offsetAt(earliest) === date) return earliest;
  if (latest + zone.offsetAt(latest) === date) return latest;
  return firstInstant(earliest, latest, (instant) => instant + zone.offsetAt(instant) >= date);
}

/** RFC 3339 in the zone's wall clock, with its offset: `2011-04-01T00:00:00+01:00`. */
export function formatInZone(instant: number, zone: Zone): string {
  const offset = zone.offsetAt(instant);
  const minutes = Math.abs(Math.trunc(offset / MINUTE));
  const clock = new Date(instant + offset).toISOString().slice(0, 19);
  return `${clock}${offset < 0 ? '-' : '+'}${twoDigits(minutes / 60)}:${twoDigits(minutes % 60)}`;
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}

/** By bisection: the first whole second in (low, high] at which `holds`, given that it does not at `low` and does at `high`. */
function firstInstant(low: number, high: number, holds: (instant: number) => boolean): number {
  let [before, after] = [low, high];
  while (after - before > 1000) {
    const middle = before + Math.floor((after - before) / 2000) * 1000;
    if (holds(middle)) after = middle;
    else before = middle;
  }
  return after;
}
