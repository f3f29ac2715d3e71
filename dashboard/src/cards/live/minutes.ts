import type { LiveMinute } from '../../api/live.ts';

/** A minute of the strip: `at` is its start, ms since the epoch; `net` in units of the currency. */
export interface Minute {
  at: number;
  orders: number;
  net: number;
}

/** The last `count` minutes up to the one that starts at `latest`, in order; minutes without sales are zeros. */
export function lastMinutes(
  known: ReadonlyMap<string, LiveMinute>,
  currency: string,
  latest: number,
  count: number,
): Minute[] {
  return Array.from({ length: count }, (_, index) => {
    const at = latest - (count - 1 - index) * 60_000;
    const minute = known.get(`${at}|${currency}`);
    return { at, orders: minute?.orders ?? 0, net: minute ? Number(minute.net.amount) : 0 };
  });
}
