const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const percentWhole = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });

/** `12,345` */
export const formatCount = (value: number): string => whole.format(value);

/** For axes: `12.3K` */
export const formatCountShort = (value: number): string => short.format(value);

/** A share of a whole, `0.123` as `12.3%`; 10 and more as whole percents would hide small ones, so one decimal stays. */
export const formatShare = (share: number): string => percent.format(share);

/** How a figure moved from one period to the next. */
export type Change = { kind: 'none' } | { kind: 'new' } | { kind: 'same' } | { kind: 'up' | 'down'; text: string };

/**
 * The honest change: nothing to compare says nothing, growth from zero is "new" (no percentage exists),
 * and from a negative value too.
 */
export function changeBetween(previous: number | undefined, current: number): Change {
  if (previous === undefined || (previous === 0 && current === 0)) return { kind: 'none' };
  if (previous <= 0) return { kind: 'new' };
  const ratio = (current - previous) / previous;
  if (ratio === 0) return { kind: 'same' };
  const format = Math.abs(ratio) >= 10 ? percentWhole : percent;
  const text = Math.abs(ratio) < 0.0005 ? `<${percent.format(0.001)}` : format.format(Math.abs(ratio));
  return { kind: ratio > 0 ? 'up' : 'down', text };
}
