import type { Context } from '../context.ts';
import { money } from '../money.ts';
import { inScope, type ScopeArgs, scopeParameters } from './scope.ts';

interface Row {
  method: string;
  payments: number;
  amount: number;
  returns: number;
  returnCount: number;
  refunds: number;
  refundCount: number;
}

const sql = (schema: string) => `
  select method, sum(payments)::int8 as payments, sum(amount)::int8 as amount, sum("returns")::int8 as returns,
    sum(return_count)::int8 as "returnCount", sum(refunds)::int8 as refunds,
    sum(refund_count)::int8 as "refundCount"
  from ${schema}.payment_methods
  where ${inScope}
  group by method
  having (sum(payments), sum(return_count), sum(refund_count)) <> (0, 0, 0)
  order by sum(amount - "returns" - refunds) desc, method`;

/** Query.paymentMethods */
export async function paymentMethods(_: unknown, args: ScopeArgs, context: Context) {
  const rows = await context.snapshot.rows<Row>(sql(context.schema), scopeParameters(args));
  return rows.map((row) => ({
    ...row,
    amount: money(row.amount, args.currency),
    returns: money(row.returns, args.currency),
    refunds: money(row.refunds, args.currency),
    net: money(row.amount - row.returns - row.refunds, args.currency),
  }));
}
