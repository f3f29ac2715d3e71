import type { Bucket } from '../../api/queries.ts';
import type { Metric } from '../../figures/metrics.ts';

/** One place on the trend's axis: a bucket and the one that it is compared with, by their order. */
export interface TrendPoint {
  start: string;
  /** Null for a bucket that has not begun, or without a value. */
  value: number | null;
  written: string;
  detail: string | undefined;
  /** The bucket is still going on: its value is "so far". */
  open: boolean;
  previousStart: string | undefined;
  previousValue: number | null;
  previousWritten: string;
}

/**
 * Pairs the buckets of both periods. `now` is ms since the epoch; later buckets have no value yet. `rangeIsOpen` says
 * whether the range goes up to now, so that its last begun bucket is not over.
 */
export function trendPoints(
  current: Bucket[],
  previous: Bucket[] | undefined,
  metric: Metric,
  now: number,
  rangeIsOpen: boolean,
): TrendPoint[] {
  const begun = (bucket: Bucket | undefined) => bucket !== undefined && Date.parse(bucket.start) <= now;
  return current.map((bucket, index) => {
    const before = previous?.[index];
    return {
      start: bucket.start,
      value: begun(bucket) ? metric.value(bucket) : null,
      written: begun(bucket) ? metric.full(bucket) : '–',
      detail: begun(bucket) ? metric.detail?.(bucket) : undefined,
      open: rangeIsOpen && begun(bucket) && !begun(current[index + 1]),
      previousStart: before?.start,
      previousValue: before ? metric.value(before) : null,
      previousWritten: before ? metric.full(before) : '–',
    };
  });
}

/** Places whose neighbours have no value: a line does not show them, so they need a dot. */
export function lonePoints(values: (number | null)[]): number[] {
  const missing = (index: number) => (values[index] ?? null) === null;
  return [...values.keys()].filter((index) => !missing(index) && missing(index - 1) && missing(index + 1));
}
