import type { Context } from '../context.ts';
import { bucketStarts, type Granularity } from '../time/buckets.ts';
import { formatInZone } from '../time/zone.ts';
import { notIncluded } from './not-included.ts';
import { type DayArgs, dayParameters } from './scope.ts';

interface Row {
  number: number;
  newCustomers: number;
  returningCustomers: number;
}

/**
 * $1 to $3: {@link dayParameters}. $4: the start of every bucket, ascending. When somebody bought first does not add up
 * from bucket to bucket, so this is asked of the ledger: who bought in it, and was it the first time?
 */
const sql = (schema: string) => `
  select "number", count(*) filter (where is_new) as "newCustomers", count(*) filter (where not is_new) as "returningCustomers"
  from (
    select "number", first_purchase >= greatest($1, ($4::timestamptz[])["number"]) as is_new
    from (
      select distinct customer_id, width_bucket(occurred_at, $4::timestamptz[]) as "number"
      from ${schema}.sales
      where occurred_at >= $1 and occurred_at < $2 and currency = $3 and kind = 'SALE' and customer_id is not null
    ) as bought join ${schema}.customers using (customer_id)
    where currency = $3 and orders > 0
  ) as counted
  group by 1`;

/** Query.customerCounts */
export function customerCounts(_: unknown, args: DayArgs & { granularity: Granularity }, context: Context) {
  const parameters = dayParameters(args);
  const starts = bucketStarts(args.from, args.to, args.timeZone, args.granularity);
  const count = async (of: readonly unknown[]) => {
    const rows = await context.snapshot.rows<Row>(sql(context.schema), [...parameters, of]);
    return new Map(rows.map((row) => [row.number, row]));
  };
  return {
    async buckets() {
      const byNumber = await count(starts.map((start) => new Date(start)));
      return starts.map((start, index) => ({
        start: formatInZone(start, args.timeZone),
        ...(byNumber.get(index + 1) ?? nobody),
      }));
    },
    // Whoever bought on two days is one customer: the buckets do not add up to this.
    totals: async () => (await count([parameters[0]])).get(1) ?? nobody,
    notIncluded: () => notIncluded(context, ['sales', 'customers']),
  };
}

const nobody = { newCustomers: 0, returningCustomers: 0 };
