import type { Bucket } from '../../api/queries.ts';
import type { Metric } from '../../figures/metrics.ts';

/** One place on the trend's axis: a bucket and the one that it is compared with, by their order. */
export interface TrendPoint {
  start: string;
  /** Null for a bucket that has not begun. */
  value: number | null;
  written: string;
  previousStart: string | undefined;
  previousValue: number | null;
  previousWritten: string;
}

/** Pairs the buckets of both periods. `now` is ms since the epoch; later buckets have no value yet. */
export function trendPoints(
  current: Bucket[],
  previous: Bucket[] | undefined,
  metric: Metric,
  now: number,
): TrendPoint[] {
  return current.map((bucket, index) => {
    const before = previous?.[index];
    const begun = Date.parse(bucket.start) <= now;
    return {
      start: bucket.start,
      value: begun ? metric.value(bucket) : null,
      written: begun ? metric.full(bucket) : '–',
      previousStart: before?.start,
      previousValue: before ? metric.value(before) : null,
      previousWritten: before ? metric.full(before) : '–',
    };
  });
}
