import type { Bucket, Figures } from '../api/queries.ts';
import type { Money } from '../format/money.ts';
import { divide, subtract } from './amounts.ts';

/** Length of the finest bucket, minutes: no comparison can be cut finer. */
export const CUT_MINUTES = 15;

/** The last full quarter of an hour before `minuteOfDay`, as a wall clock writes it: `14:15`. */
export function cutTime(minuteOfDay: number): string {
  const cut = Math.floor(minuteOfDay / CUT_MINUTES) * CUT_MINUTES;
  return `${String(Math.floor(cut / 60)).padStart(2, '0')}:${String(cut % 60).padStart(2, '0')}`;
}

/**
 * A finished period as it stood at `cut` (`HH:MM`) on its last day: its totals less the last day's buckets from
 * that time on. Nothing else is fair to a period that is still going on.
 */
export function asItStood(totals: Figures, lastDay: Bucket[], cut: string): Figures {
  const later = lastDay.filter(({ start }) => start.slice(11, 16) >= cut);
  const less = (read: (figures: Figures) => Money) => subtract(read(totals), later.map(read));
  const gross = less((figures) => figures.gross);
  const discounts = less((figures) => figures.discounts);
  const orders = totals.orders - sum(later.map((bucket) => bucket.orders));
  return {
    gross,
    discounts,
    returns: less((figures) => figures.returns),
    refunds: less((figures) => figures.refunds),
    net: less((figures) => figures.net),
    orders,
    units: totals.units - sum(later.map((bucket) => bucket.units)),
    averageOrderValue: orders === 0 ? null : divide(subtract(gross, [discounts]), orders),
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
