import type { Context } from '../context.ts';
import { type LedgerRow, ledgerColumns, saleOf } from './ledger-row.ts';

const sql = (schema: string) => `select ${ledgerColumns} from ${schema}.sales where id = $1 and kind = $2`;

/** Query.sale */
export async function sale(_: unknown, args: { id: string; kind: string }, context: Context) {
  const [row] = await context.snapshot.rows<LedgerRow>(sql(context.schema), [args.id, args.kind]);
  return row ? saleOf(row) : null;
}
