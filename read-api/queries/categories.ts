import type { Context } from '../context.ts';
import { type NetParts, netFields } from '../money.ts';
import { hasFigures, inScope, type ScopeArgs, scopeParameters } from './scope.ts';

interface Row extends NetParts {
  category: string;
  orders: number;
  units: number;
  returnedUnits: number;
  refundedUnits: number;
}

const sql = (schema: string) => `
  select category, sum(gross)::int8 as gross, sum(discounts)::int8 as discounts, sum("returns")::int8 as returns,
    sum(refunds)::int8 as refunds, sum(orders)::int8 as orders, sum(units)::int8 as units,
    sum(returned_units)::int8 as "returnedUnits", sum(refunded_units)::int8 as "refundedUnits"
  from ${schema}.categories
  where ${inScope}
  group by category
  having ${hasFigures}
  order by sum(gross - discounts - "returns" - refunds) desc, category`;

/** Query.categories */
export async function categories(_: unknown, args: ScopeArgs, context: Context) {
  const rows = await context.snapshot.rows<Row>(sql(context.schema), scopeParameters(args));
  return rows.map((row) => ({ ...row, ...netFields(row, args.currency) }));
}
