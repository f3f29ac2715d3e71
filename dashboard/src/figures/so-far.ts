import type { Bucket, Figures } from '../api/queries.ts';
import type { Money } from '../format/money.ts';

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
    net: less((figures) => figures.net),
    orders,
    units: totals.units - sum(later.map((bucket) => bucket.units)),
    averageOrderValue: orders === 0 ? null : divide(subtract(gross, [discounts]), orders),
  };
}

/** `amount` less `others`, exact: counted in minor units. */
function subtract(amount: Money, others: Money[]): Money {
  const minor = others.reduce((rest, other) => rest - toMinor(other), toMinor(amount));
  return fromMinor(minor, amount);
}

function divide(amount: Money, by: number): Money {
  return fromMinor(BigInt(Math.round(Number(toMinor(amount)) / by)), amount);
}

function decimals({ amount }: Money): number {
  return amount.split('.')[1]?.length ?? 0;
}

function toMinor({ amount }: Money): bigint {
  return BigInt(amount.replace('.', ''));
}

function fromMinor(minor: bigint, like: Money): Money {
  const places = decimals(like);
  const digits = String(minor < 0n ? -minor : minor).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = places === 0 ? '' : `.${digits.slice(-places)}`;
  return { amount: `${minor < 0n ? '-' : ''}${whole}${fraction}`, currencyCode: like.currencyCode };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
