import { decimalsOf } from '../../domain/money.ts';
import type { Context } from '../context.ts';

interface Row {
  code: string;
  orders: number;
  firstAt: Date;
  lastAt: Date;
}

/** A quarter of an hour of which all was voided has no figures. */
const sql = (schema: string) => `
  select currency as code, sum(orders)::int8 as orders, min(bucket) as "firstAt", max(bucket) as "lastAt"
  from ${schema}.revenue
  where (orders, return_count, refund_count) <> (0, 0, 0)
  group by currency
  order by sum(orders) desc, currency`;

/** Query.currencies */
export async function currencies(_: unknown, __: unknown, context: Context) {
  const rows = await context.snapshot.rows<Row>(sql(context.schema), []);
  return rows.map((row) => ({ ...row, decimals: decimalsOf(row.code) }));
}
