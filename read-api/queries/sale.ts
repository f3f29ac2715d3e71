import type { Context } from '../context.ts';
import { badInput } from '../errors.ts';
import { type LedgerRow, ledgerColumns, salesOf } from './ledger-row.ts';

interface Args {
  id: string;
  kind: LedgerRow['kind'];
  refundId?: string | null;
}

const sql = (schema: string) =>
  `select ${ledgerColumns} from ${schema}.sales where id = $1 and kind = $2 and refund_id = $3`;

/** Query.sale. Throws BAD_USER_INPUT unless `refundId` is given for a refund, and for nothing else. */
export async function sale(_: unknown, { id, kind, refundId }: Args, context: Context) {
  if ((kind === 'REFUND') !== Boolean(refundId)) {
    throw badInput('A sale can have several refunds: kind REFUND needs a refundId, and no other kind has one.');
  }
  const rows = await context.snapshot.rows<LedgerRow>(sql(context.schema), [id, kind, refundId ?? '']);
  return salesOf(rows, context)[0] ?? null;
}
