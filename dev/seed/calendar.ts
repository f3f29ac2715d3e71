/** When people buy: more in the evening than at night, more on Saturday than on Tuesday, a little more every week. */
import { DateTime } from 'luxon';
import { type Random, weighted } from './random.ts';

/** Share of a day's sales by hour of the store's day, 0 to 23, in no particular unit. */
const hours = [10, 6, 4, 3, 3, 5, 11, 22, 36, 48, 56, 61, 66, 63, 58, 57, 60, 66, 75, 84, 86, 72, 46, 22];
/** Monday to Sunday. */
const weekdays = [92, 88, 90, 96, 112, 130, 108];
/** How much busier the store is at the end of the time than at its start. */
const GROWTH = 0.25;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Draws `count` moments of the `days` days before `end` (ms since 1970 UTC), in order of time, in the rhythm of
 * `timeZone`.
 */
export function drawMoments(
  random: Random,
  { count, days, end, timeZone }: { count: number; days: number; end: number; timeZone: string },
): number[] {
  const start = end - days * DAY_MS;
  const slots = Array.from({ length: days * 24 }, (_, index) => {
    const slot = start + index * HOUR_MS;
    const { weekday, hour } = DateTime.fromMillis(slot, { zone: timeZone });
    const growth = 1 + (GROWTH * index) / (days * 24);
    return [slot, (hours[hour] ?? 0) * (weekdays[weekday - 1] ?? 0) * growth] as const;
  });
  const drawSlot = weighted(slots);
  const moments = Array.from({ length: count }, () => drawSlot(random) + random.below(HOUR_MS));
  return moments.sort((a, b) => a - b);
}
