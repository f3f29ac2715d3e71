import type { Context } from '../context.ts';
import { badInput } from '../errors.ts';
import { type NetParts, netFields } from '../money.ts';
import { formatDate } from '../time/zone.ts';
import { checkFirst, hasFigures, type ScopeArgs } from './scope.ts';

interface Row extends NetParts {
  productId: string;
  productName: string;
  category: string;
  orders: number;
  units: number;
  returnedUnits: number;
  refundedUnits: number;
}

/** A product may change its name: the one of its latest day is shown. */
const sql = (schema: string) => `
  select product_id as "productId",
    (array_agg(product_name order by day desc))[1] as "productName",
    (array_agg(category order by day desc))[1] as category,
    sum(gross)::int8 as gross, sum(discounts)::int8 as discounts, sum("returns")::int8 as returns,
    sum(refunds)::int8 as refunds, sum(orders)::int8 as orders, sum(units)::int8 as units,
    sum(returned_units)::int8 as "returnedUnits", sum(refunded_units)::int8 as "refundedUnits"
  from ${schema}.products
  where day between $1::date and $2::date and currency = $3
    and ($4::text is null or channel = $4) and ($5::text is null or country = $5)
  group by product_id
  having ${hasFigures}
  order by sum(gross - discounts - "returns" - refunds) desc, product_id
  limit $6`;

/** Query.products. The days are the store's, whatever zone is asked for: that is how products are summed. */
export async function products(_: unknown, args: ScopeArgs & { first: number }, context: Context) {
  checkFirst(args.first);
  const [from, to] = [formatDate(args.from), formatDate(args.to)];
  if (from > to) throw badInput(`from (${from}) is later than to (${to}). Swap them.`);
  const filters = [args.currency, args.channel ?? null, args.country ?? null];
  const rows = await context.snapshot.rows<Row>(sql(context.schema), [from, to, ...filters, args.first]);
  const timeZone = context.config.storeTimeZone;
  return rows.map((row) => ({ ...row, ...netFields(row, args.currency), timeZone }));
}
