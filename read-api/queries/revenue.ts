import type { Context } from '../context.ts';
import { averageOrderValue, money, netFields, netOf } from '../money.ts';
import { bucketStarts, type Granularity } from '../time/buckets.ts';
import { formatInZone } from '../time/zone.ts';
import { inScope, type ScopeArgs, scopeParameters } from './scope.ts';

/** Amounts in minor units. */
interface Figures {
  gross: number;
  discounts: number;
  returns: number;
  refunds: number;
  shipping: number;
  tax: number;
  orders: number;
  units: number;
  returnCount: number;
  returnedUnits: number;
  refundCount: number;
  refundedUnits: number;
  refundedShipping: number;
  refundedTax: number;
}

/** $6: the start of every bucket, ascending. A bucket's number counts from 1. */
const sql = (schema: string) => `
  select width_bucket(bucket, $6::timestamptz[]) as "number",
    sum(gross)::int8 as gross, sum(discounts)::int8 as discounts, sum("returns")::int8 as returns,
    sum(refunds)::int8 as refunds, sum(shipping)::int8 as shipping, sum(tax)::int8 as tax,
    sum(orders)::int8 as orders, sum(units)::int8 as units,
    sum(return_count)::int8 as "returnCount", sum(returned_units)::int8 as "returnedUnits",
    sum(refund_count)::int8 as "refundCount", sum(refunded_units)::int8 as "refundedUnits",
    sum(refunded_shipping)::int8 as "refundedShipping", sum(refunded_tax)::int8 as "refundedTax"
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
      ...fields(byNumber.get(index + 1) ?? nothing, args.currency),
    })),
    totals: fields(rows.reduce<Figures>(add, nothing), args.currency),
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

function fields(figures: Figures, currency: string) {
  const { shipping, refundedShipping, tax, refundedTax } = figures;
  const { orders, units, returnCount, returnedUnits, refundCount, refundedUnits } = figures;
  const average = averageOrderValue(figures);
  return {
    ...netFields(figures, currency),
    shipping: money(shipping, currency),
    refundedShipping: money(refundedShipping, currency),
    tax: money(tax, currency),
    refundedTax: money(refundedTax, currency),
    total: money(netOf(figures) + shipping - refundedShipping + tax - refundedTax, currency),
    ...{ orders, units, returnCount, returnedUnits, refundCount, refundedUnits },
    averageOrderValue: average === undefined ? null : money(average, currency),
  };
}
