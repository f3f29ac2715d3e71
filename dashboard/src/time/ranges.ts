import { addDays, daysInclusive, isLocalDate, type LocalDate } from './local-date.ts';

/** The ranges a reader can choose, in the order of the menu. */
export const RANGE_NAMES = ['today', 'yesterday', '7d', '30d', '90d', 'month', 'year', 'all', 'custom'] as const;
export type RangeName = (typeof RANGE_NAMES)[number];

/** Width of the trend's buckets. */
export type Granularity = 'HOUR' | 'DAY' | 'WEEK' | 'MONTH';

/** Days `from` to `to`, both included. */
export interface Period {
  from: LocalDate;
  to: LocalDate;
}

/** What was chosen, made definite: which days, in which steps, compared with which days. */
export interface Range extends Period {
  name: RangeName;
  granularity: Granularity;
  /** True when the range's last day is still going on, so its figures are "so far". */
  open: boolean;
  /** The period of equal length directly before; none for "all". */
  previous?: Period;
}

/** More points than this in a trend are neither readable nor cheap to draw. */
const MAX_POINTS = 120;

const LENGTHS: Partial<Record<RangeName, number>> = { today: 1, '7d': 7, '30d': 30, '90d': 90 };

/**
 * The days that a choice means on the day `today`. A custom range that is not two existing days is "30d";
 * one that is the wrong way round is turned. `firstDay` is the first day with a sale, for "all".
 */
export function resolveRange(
  name: RangeName,
  today: LocalDate,
  custom: Partial<Period> = {},
  firstDay: LocalDate = today,
): Range {
  const period = periodOf(name, today, custom, firstDay);
  const days = daysInclusive(period.from, period.to);
  return {
    ...period,
    name,
    granularity: granularityFor(days),
    open: period.from <= today && today <= period.to,
    ...(name === 'all' ? {} : { previous: { from: addDays(period.from, -days), to: addDays(period.from, -1) } }),
  };
}

function periodOf(name: RangeName, today: LocalDate, custom: Partial<Period>, firstDay: LocalDate): Period {
  const length = LENGTHS[name];
  if (length) return { from: addDays(today, 1 - length), to: today };
  if (name === 'yesterday') return { from: addDays(today, -1), to: addDays(today, -1) };
  if (name === 'month') return { from: `${today.slice(0, 8)}01`, to: today };
  if (name === 'year') return { from: `${today.slice(0, 5)}01-01`, to: today };
  if (name === 'all') return { from: firstDay <= today ? firstDay : today, to: today };
  const { from, to } = custom;
  if (!from || !to || !isLocalDate(from) || !isLocalDate(to)) return { from: addDays(today, -29), to: today };
  return from <= to ? { from, to } : { from: to, to: from };
}

function granularityFor(days: number): Granularity {
  if (days <= 2) return 'HOUR';
  if (days <= MAX_POINTS) return 'DAY';
  if (days <= MAX_POINTS * 7) return 'WEEK';
  return 'MONTH';
}
