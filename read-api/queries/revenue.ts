import type { Context } from '../context.ts';
import { bucketStarts, type Granularity } from '../time/buckets.ts';
import { formatInZone } from '../time/zone.ts';
import { type Figures, figureFields, figuresOfRows } from './figures.ts';
import { notIncluded } from './not-included.ts';
import { inScope, type ScopeArgs, scopeParameters } from './scope.ts';

/** $6: the start of every bucket, ascending. A bucket's number counts from 1. */
const sql = (schema: string) => `
  select width_bucket(bucket, $6::timestamptz[]) as "number", ${figuresOfRows}
  from ${schema}.revenue
  where ${inScope}
  group by 1`;

/** Query.revenue */
export async function revenue(_: unknown, args: ScopeArgs & { granularity: Granularity }, context: Context) {
  const parameters = scopeParameters(args);
  const starts = bucketStarts(args.from, args.to, args.timeZone, args.granularity);
  const rows = await context.snapshot.rows<Figures & { number: number }>(sql(context.schema), [
    ...parameters,
    starts.map((start) => new Date(start)),
  ]);
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  return {
    buckets: starts.map((start, index) => ({
      start: formatInZone(start, args.timeZone),
      ...figureFields(byNumber.get(index + 1) ?? nothing, args.currency),
    })),
    totals: figureFields(rows.reduce<Figures>(add, nothing), args.currency),
    notIncluded: () => notIncluded(context, ['revenue']),
  };
}

const nothing: Figures = {
  gross: 0,
  discounts: 0,
  returns: 0,
  refunds: 0,
  shipping: 0,
  tax: 0,
  orders: 0,
  units: 0,
  returnCount: 0,
  returnedUnits: 0,
  refundCount: 0,
  refundedUnits: 0,
  refundedShipping: 0,
  refundedTax: 0,
};

function add(left: Figures, right: Figures): Figures {
  const sum = { ...left };
  for (const measure of Object.keys(nothing) as (keyof Figures)[]) sum[measure] += right[measure];
  return sum;
}
